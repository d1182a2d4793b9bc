import { pause, type RealMs, realMs, VirtualClock } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { FairLine, type FairLineOptions } from '../src/fair-line.ts';
import { Pace } from '../src/pace.ts';

const TASK_MS = 100;
const LONG_MS = 1_000_000;

let clock: VirtualClock<RealMs>;
let log: string[];

beforeEach(() => {
  clock = new VirtualClock<RealMs>();
  log = [];
});

const lineOf = (options: Partial<FairLineOptions> = {}) => new FairLine({ clock, mostWaiting: 100, ...options });

/** Lines up tasks that write their names into the log when they begin, or with a `-` when they are turned away. */
function joinAll(line: FairLine, names: readonly string[], patienceMs = LONG_MS) {
  return names.map((name) => {
    const place = line.join(name.slice(0, 1), patienceMs, async () => {
      log.push(name);
      await pause(clock, TASK_MS);
    });
    place.result.catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'login-busy' });
      log.push(`-${name}`);
    });
    return place;
  });
}

describe('FairLine', () => {
  it('lets clients take turns, whoever came with how many', async () => {
    joinAll(lineOf(), ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']);
    await clock.advance(10_000);
    expect(log).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  it('runs one task at a time', async () => {
    joinAll(lineOf(), ['a1', 'b1', 'c1']);
    await clock.advance(TASK_MS - 1);
    expect(log).toEqual(['a1']);
    await clock.advance(1);
    expect(log).toEqual(['a1', 'b1']);
  });

  it('goes on after a task that fails', async () => {
    const line = lineOf();
    const failing = line.join('a', LONG_MS, async () => Promise.reject(new Error('no')));
    joinAll(line, ['b1']);
    await expect(failing.result).rejects.toThrow('no');
    await clock.advance(1);
    expect(log).toEqual(['b1']);
  });

  it('turns away whose turn does not come in time, and nobody whose turn has come', async () => {
    joinAll(lineOf(), ['a1', 'a2', 'a3', 'a4'], 2 * TASK_MS + 50);
    await clock.advance(10_000);
    expect(log).toEqual(['a1', 'a2', 'a3', '-a4']);
  });

  it('turns away the oldest of the client with most waiting when it is full', async () => {
    joinAll(lineOf({ mostWaiting: 3 }), ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']);
    await clock.advance(10_000);
    // `a1` is under way. `b1` displaces `a2`; `b2` then meets two of `a` and two of `b`.
    expect(log).toEqual(['a1', '-a2', '-a3', '-b1', 'a4', 'b2', 'c1']);
  });

  it('lets preferred clients go first, and within a client the newest if told so', async () => {
    joinAll(lineOf({ goesFirst: (client) => client === 'c', newestFirst: true }), ['a1', 'a2', 'a3', 'c1', 'b1', 'c2']);
    await clock.advance(10_000);
    expect(log).toEqual(['a1', 'c2', 'c1', 'a3', 'b1', 'a2']);
  });

  it('keeps a client waiting until it may have a turn, and nobody else', async () => {
    const pace = new Pace(clock, { burst: 2, everyMs: 1000, mostKeys: 10 });
    for (let i = 0; i < 3; i++) pace.spend('a');
    const line = lineOf({ readyAt: (client) => pace.readyAt(client) });
    joinAll(line, ['a1', 'b1']);
    await clock.advance(1999);
    expect(log).toEqual(['b1']);
    await clock.advance(1);
    expect(log).toEqual(['b1', 'a1']);
  });

  it('that is closed turns everybody away and waits for the one whose turn it is', async () => {
    const line = lineOf({ readyAt: (client) => realMs(client === 'z' ? clock.now() + 60_000 : 0) });
    joinAll(line, ['a1', 'a2', 'b1', 'z1']);
    let closed = false;
    const closing = line.close().then(() => {
      closed = true;
    });
    joinAll(line, ['c1']);
    await clock.advance(TASK_MS - 1);
    expect([...log].sort()).toEqual(['-a2', '-b1', '-c1', '-z1', 'a1']);
    expect(closed).toBe(false);
    await clock.advance(1);
    await closing;
    // Nothing is left that could keep a process alive.
    expect(clock.nextAt()).toBeUndefined();
  });

  it('forgets who leaves', async () => {
    const line = lineOf();
    const [running, left] = joinAll(line, ['a1', 'a2', 'a3']);
    expect([running?.begun, left?.begun, line.waitingOf('a')]).toEqual([true, false, 2]);
    left?.leave();
    left?.leave();
    running?.leave();
    expect(line.waitingOf('a')).toBe(1);
    await clock.advance(10_000);
    expect(log).toEqual(['a1', 'a3']);
    expect(line.waitingOf('a')).toBe(0);
  });
});

describe('Pace', () => {
  it('allows a burst, then one per interval, and the burst again after a rest', async () => {
    const pace = new Pace(clock, { burst: 3, everyMs: 1000, mostKeys: 10 });
    const spendAll = (): number => {
      let count = 0;
      for (; pace.isReady('a'); count++) pace.spend('a');
      return count;
    };
    expect(spendAll()).toBe(3);
    await clock.advance(999);
    expect(spendAll()).toBe(0);
    await clock.advance(1);
    expect(spendAll()).toBe(1);
    expect(pace.isReady('b')).toBe(true);
    await clock.advance(100_000);
    expect(spendAll()).toBe(3);
  });

  it('remembers a bounded number', () => {
    const pace = new Pace(clock, { burst: 1, everyMs: 1000, mostKeys: 2 });
    for (const key of ['a', 'b', 'a', 'c']) pace.spend(key);
    expect(['a', 'b', 'c'].map((key) => pace.isReady(key))).toEqual([false, true, false]);
  });
});
