import { steadyMs, VirtualClock } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { Activity } from '../src/activity.ts';
import { Waits } from '../src/waits.ts';

/** A promise that a test settles, and whether it did. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Whether a promise has settled by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  await new Promise(setImmediate);
  return Promise.race([
    promise.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);
}

describe('activity', () => {
  it('is idle when all work is done, also work that failed', async () => {
    const activity = new Activity();
    await activity.idle();
    const [a, b] = [deferred<number>(), deferred<number>()];
    const done = activity.run(() => a.promise);
    const failed = activity.run(() => b.promise);
    const idle = activity.idle();
    expect(await settled(idle)).toBe(false);
    a.resolve(1);
    expect(await done).toBe(1);
    expect(await settled(idle)).toBe(false);
    b.reject(new Error('no'));
    await expect(failed).rejects.toThrow('no');
    await idle;
  });

  it('is idle while work waits for something else, and not when it goes on', async () => {
    const activity = new Activity();
    const [wait, work] = [deferred<string>(), deferred<string>()];
    const done = activity.run(async () => (await activity.aside(wait.promise)) + (await work.promise));
    await activity.idle();
    wait.resolve('a');
    await new Promise(setImmediate);
    const idle = activity.idle();
    expect(await settled(idle)).toBe(false);
    work.resolve('b');
    await idle;
    expect(await done).toBe('ab');
  });

  it('passes on a wait that failed', async () => {
    const activity = new Activity();
    const work = activity.run(() => activity.aside(Promise.reject(new Error('no'))));
    await expect(work).rejects.toThrow('no');
    await activity.idle();
  });

  it('after a stop lets work finish, but not go on after a wait', async () => {
    const activity = new Activity();
    const [wait, work] = [deferred<void>(), deferred<void>()];
    const waiting = activity.run(() => activity.aside(wait.promise));
    const working = activity.run(() => work.promise);
    const stop = activity.stop();
    expect(await settled(stop)).toBe(false);
    wait.resolve();
    work.resolve();
    await stop;
    await working;
    expect(await settled(waiting)).toBe(false);
    await activity.idle();
  });
});

describe('waits', () => {
  it('end at their instants, or when they are cut short', async () => {
    const clock = new VirtualClock(steadyMs(0));
    const waits = new Waits(clock);
    const [first, second] = [waits.until(steadyMs(10)), waits.until(steadyMs(20))];
    await clock.advance(10);
    expect([await settled(first), await settled(second)]).toEqual([true, false]);
    waits.cutShort();
    expect(await settled(second)).toBe(true);
    expect(clock.nextAt()).toBeUndefined();
    expect(await settled(waits.until(steadyMs(30)))).toBe(false);
  });
});
