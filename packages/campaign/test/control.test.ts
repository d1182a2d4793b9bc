import { sameOctets, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobChange, JobPlan } from '../src/index.ts';
import { MemoryJobStore } from '../src/testing/index.ts';
import type { FakeDevice } from './support/fake-device.ts';
import { World } from './support/world.ts';

const SUCCESS = 'success crc64';

/** Lets time pass until it is so. */
async function until(world: World, isSo: () => boolean | Promise<boolean>, limitS = 5_000): Promise<void> {
  for (let s = 0; s < limitS; s++) {
    if (await isSo()) return;
    await world.pass(1_000);
  }
  throw new Error(`it never came: ${isSo.toString()}`);
}

const phaseOf = async (world: World, plan: JobPlan): Promise<string> => (await world.report(plan)).phase;
const sentIn = async (world: World, plan: JobPlan): Promise<number> =>
  (await world.record(plan)).sessions.at(-1)?.sent ?? 0;

function euis(devices: readonly FakeDevice[]) {
  return devices.map(({ devEui }) => devEui);
}

describe('two jobs', () => {
  it('of different devices are on the air together', async () => {
    const world = new World();
    const ones = [world.device({ loss: 0.1 }), world.device({ loss: 0.1 })];
    const others = [world.device({ loss: 0.1 }), world.device({ loss: 0.1 })];
    await world.engine.start();
    const images = [world.imageOf(2_000), world.imageOf(2_100)] as const;
    const plan = await world.fotaPlan({ devEuis: euis(ones) }, images[0]);
    const other = await world.fotaPlan({ devEuis: euis(others) }, images[1]);
    await world.engine.accept(plan);
    await world.engine.accept(other);
    let together = 0;
    await until(world, async () => {
      const phases = [await phaseOf(world, plan), await phaseOf(world, other)];
      if (phases.every((phase) => phase === 'BROADCASTING')) together += 1;
      return phases.every((phase) => phase === 'COMPLETE');
    });
    expect(together).toBeGreaterThan(10);
    const groups = world.link.frames.map(({ groupId }) => groupId);
    expect(groups.lastIndexOf(plan.jobId)).toBeGreaterThan(groups.indexOf(other.jobId));
    expect(groups.lastIndexOf(other.jobId)).toBeGreaterThan(groups.indexOf(plan.jobId));
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
    expect(await world.outcomes(other)).toEqual([SUCCESS, SUCCESS]);
    world.devices.forEach((device, n) => {
      expect(device.image !== undefined && sameOctets(device.image, images[n < 2 ? 0 : 1])).toBe(true);
    });
    expect(world.errors()).toEqual([]);
  });

  it('of the same devices follow each other: the second says for which it waits', async () => {
    const world = new World();
    world.device();
    world.device();
    await world.engine.start();
    const first = await world.fotaPlan({ filename: 'first' });
    const second = await world.fotaPlan({ filename: 'second' }, world.imageOf(700));
    await world.engine.accept(first);
    await world.engine.accept(second);
    await world.pass(10_000);
    expect((await world.record(second)).state).toMatchObject({ kind: 'waiting', devicesHeld: 2 });
    expect((await world.report(second)).waitsFor).toBe('2 devices are in use by first');
    expect(await phaseOf(world, second)).toBe('SCHEDULED');
    await until(world, async () => (await world.record(first)).state.kind === 'complete');
    const done = (await world.record(first)).state;
    if (done.kind !== 'complete') throw new Error('the first job is over');
    // The devices are still listening to its session.
    expect(done.freeAt).toBeGreaterThan(world.clock.now() + 60_000);
    expect((await world.report(second)).waitsFor).toBe('2 devices are in use by first');
    await until(world, async () => (await world.record(second)).state.kind === 'running');
    expect(world.clock.now()).toBeGreaterThanOrEqual(done.freeAt);
    expect(world.clock.now()).toBeLessThan(done.freeAt + 5_000);
    await world.untilComplete(second);
    expect(await world.outcomes(second)).toEqual([SUCCESS, SUCCESS]);
  });

  it('that share few devices do not wait: those are taken in when they are free', async () => {
    const world = new World();
    const devices = Array.from({ length: 12 }, () => world.device());
    await world.engine.start();
    const first = await world.fotaPlan({ devEuis: euis(devices.slice(0, 1)) });
    const image = world.imageOf(700);
    const second = await world.fotaPlan({ devEuis: euis(devices) }, image);
    await world.engine.accept(first);
    await world.engine.accept(second);
    await world.pass(5_000);
    expect((await world.record(second)).state.kind).toBe('running');
    expect((await world.record(second)).devices[0]?.state).toMatchObject({ kind: 'held', by: first.filename });
    await world.untilComplete(second);
    expect(await world.outcomes(first)).toEqual([SUCCESS]);
    expect(await world.outcomes(second)).toEqual(devices.map(() => SUCCESS));
    for (const device of devices) expect(device.image !== undefined && sameOctets(device.image, image)).toBe(true);
  });
});

describe('an order', () => {
  it('to nobody, or that means nothing now, is told apart', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan();
    expect(await world.engine.order(plan.filename, 'pause')).toBe('unknown');
    await world.engine.accept(plan);
    await world.pass(1_000);
    expect(await world.engine.order(plan.filename, 'resume')).toBe('not-running');
    expect(await world.engine.order(plan.filename, 'approve')).toBe('not-running');
    await world.untilComplete(plan);
    for (const order of ['pause', 'resume', 'approve', 'abort'] as const) {
      expect(await world.engine.order(plan.filename, order)).toBe('not-running');
    }
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
  });

  it('to pause keeps the air silent until the job is told to go on', async () => {
    const world = new World();
    world.device({ loss: 0.1 });
    world.device({ loss: 0.1 });
    await world.engine.start();
    const image = world.imageOf(2_000);
    const plan = await world.fotaPlan({}, image);
    await world.engine.accept(plan);
    await until(world, async () => (await sentIn(world, plan)) >= 5);
    expect(await world.engine.order(plan.filename, 'pause')).toBe('done');
    expect(await world.engine.order(plan.filename, 'pause')).toBe('not-running');
    await world.pass(5_000);
    const before = world.link.frames.length;
    await world.pass(60_000);
    expect(world.link.frames).toHaveLength(before);
    expect((await world.report(plan)).waitsFor).toBe('the job is paused');
    expect(await world.engine.order(plan.filename, 'resume')).toBe('done');
    await world.pass(10_000);
    expect(world.link.frames.length).toBeGreaterThan(before);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
    for (const device of world.devices)
      expect(device.image !== undefined && sameOctets(device.image, image)).toBe(true);
  });

  it('to pause outlives the process', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({}, world.imageOf(2_000));
    await world.engine.accept(plan);
    await until(world, async () => (await sentIn(world, plan)) >= 3);
    await world.engine.order(plan.filename, 'pause');
    await world.engine.stop();
    await world.restart();
    await world.pass(5_000);
    const before = world.link.frames.length;
    await world.pass(60_000);
    expect(world.link.frames).toHaveLength(before);
    await world.engine.order(plan.filename, 'resume');
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
  });

  it('to pause longer than the session lasts costs a further session', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({}, world.imageOf(2_000));
    await world.engine.accept(plan);
    await until(world, async () => (await sentIn(world, plan)) >= 3);
    await world.engine.order(plan.filename, 'pause');
    await world.pass(3_000_000);
    expect((await world.record(plan)).state.kind).toBe('running');
    await world.engine.order(plan.filename, 'resume');
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
    expect((await world.record(plan)).sessions.length).toBeGreaterThan(1);
  });

  it.each([0, 15, 30, 60, 115, 123, 130, 140, 150, 160, 170])(
    'to pause and one to go on %i s after the beginning change nothing about the result',
    async (afterS) => {
      const world = new World();
      world.device({ loss: 0.2 });
      world.device({ loss: 0.2, deviceClass: 'C' });
      await world.engine.start();
      const plan = await world.fotaPlan();
      await world.engine.accept(plan);
      await world.pass(afterS * 1000 + 10);
      const isUnderWay = (await world.record(plan)).state.kind === 'running';
      expect(await world.engine.order(plan.filename, 'pause')).toBe(isUnderWay ? 'done' : 'not-running');
      await world.pass(45_000);
      expect(await world.engine.order(plan.filename, 'resume')).toBe(isUnderWay ? 'done' : 'not-running');
      await world.untilComplete(plan);
      expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
      expect(world.errors()).toEqual([]);
    },
  );

  it.each([1, 15, 60, 119, 122, 130, 145])(
    'to abort, %i s after the beginning, ends the job and lets its devices go',
    async (afterS) => {
      const world = new World();
      const device = world.device({ crc: 'none', status: 'silent' });
      const always = world.device({ crc: 'none', status: 'silent', deviceClass: 'C' });
      const absent = world.device({ joins: false });
      await world.engine.start();
      const plan = await world.fotaPlan({}, world.imageOf(2_000));
      await world.engine.accept(plan);
      await world.pass(afterS * 1000);
      expect(await world.engine.order(plan.filename, 'abort')).toBe('done');
      expect((await world.record(plan)).state).toMatchObject({ kind: 'complete', outcome: 'aborted' });
      expect(await world.outcomes(plan)).toEqual(['failed aborted', 'failed aborted', 'failed aborted']);
      const frames = world.link.frames.length;
      await world.pass(120_000);
      expect(world.link.frames).toHaveLength(frames);
      expect([...world.link.groups.keys()]).toEqual([]);
      expect(world.engine.unfinished()).toEqual([]);
      // McGroupDeleteReq of the job's group, after the next uplink of a device of class A: such a one keeps silent in a session.
      await world.pass(1_200_000);
      expect(always.groupsDeleted).toEqual([0]);
      expect(device.groupsDeleted).toEqual([0]);
      expect(absent.groupsDeleted).toEqual([]);
      expect((world.link.sentTo.get(device.devEui) ?? []).map(({ payload }) => toHex(payload)).at(-1)).toBe('0300');
      expect(world.errors()).toEqual([]);
    },
  );

  it('to abort a paused job, and one that waits for devices, ends it as well', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan();
    const waiting = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.engine.accept(waiting);
    await world.pass(30_000);
    expect(await world.engine.order(waiting.filename, 'abort')).toBe('done');
    expect(await world.outcomes(waiting)).toEqual(['failed aborted']);
    await world.engine.order(plan.filename, 'pause');
    expect(await world.engine.order(plan.filename, 'abort')).toBe('done');
    expect(await world.outcomes(plan)).toEqual(['failed aborted']);
    expect(world.engine.unfinished()).toEqual([]);
  });

  it('to abort frees the devices for the next job', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan();
    const image = world.imageOf(700);
    const next = await world.fotaPlan({}, image);
    await world.engine.accept(plan);
    await world.engine.accept(next);
    await world.pass(30_000);
    await world.engine.order(plan.filename, 'abort');
    await world.untilComplete(next);
    expect(await world.outcomes(next)).toEqual([SUCCESS]);
    expect(world.devices[0]?.image !== undefined && sameOctets(world.devices[0].image, image)).toBe(true);
  });
});

describe('waves', () => {
  const waves = { sizes: [2, 2], leastSuccess: 0.5, needsApproval: false };

  it('are served one after the other', async () => {
    const world = new World();
    for (let n = 0; n < 5; n++) world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({ waves });
    await world.engine.accept(plan);
    const order: string[] = [];
    await until(world, async () => {
      const { state, devices } = await world.record(plan);
      const begun = devices.map((device) => (device.state.kind === 'pending' ? '-' : 'x')).join('');
      if (order.at(-1) !== begun) order.push(begun);
      return state.kind === 'complete';
    });
    expect(order).toEqual(['-----', 'xx---', 'xxxx-', 'xxxxx']);
    expect(await world.outcomes(plan)).toEqual(world.devices.map(() => SUCCESS));
    expect((await world.record(plan)).state).toMatchObject({ outcome: 'served' });
  });

  it('halt the job when too few devices of one succeed', async () => {
    const world = new World();
    world.device({ acceptsGroup: false });
    world.device({ acceptsGroup: false });
    for (let n = 0; n < 3; n++) world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({ waves });
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect((await world.record(plan)).state).toMatchObject({ outcome: 'halted' });
    const refused = 'failed group-refused';
    expect(await world.outcomes(plan)).toEqual([refused, refused, 'failed halted', 'failed halted', 'failed halted']);
    expect(world.devices.slice(2).every(({ devEui }) => !world.link.sentTo.has(devEui))).toBe(true);
  });

  it('go on when just enough succeed', async () => {
    const world = new World();
    world.device({ acceptsGroup: false });
    for (let n = 0; n < 4; n++) world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({ waves });
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['failed group-refused', SUCCESS, SUCCESS, SUCCESS, SUCCESS]);
  });

  it('wait for approval where a caller wants that, across a restart', async () => {
    const world = new World();
    for (let n = 0; n < 5; n++) world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({ waves: { ...waves, needsApproval: true } });
    await world.engine.accept(plan);
    const isWaiting = async (): Promise<boolean> =>
      (await world.report(plan)).waitsFor === 'the next wave waits for approval';
    await until(world, isWaiting);
    const frames = world.link.frames.length;
    await world.pass(600_000);
    await world.engine.stop();
    await world.restart();
    await world.pass(600_000);
    expect(world.link.frames).toHaveLength(frames);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS, 'pending', 'pending', 'pending']);
    expect(await world.engine.order(plan.filename, 'resume')).toBe('not-running');
    expect(await world.engine.order(plan.filename, 'approve')).toBe('done');
    await until(world, isWaiting);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS, SUCCESS, SUCCESS, 'pending']);
    expect(await world.engine.order(plan.filename, 'approve')).toBe('done');
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(world.devices.map(() => SUCCESS));
  });
});

describe('a message', () => {
  it('goes on the air as often as a caller wants', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.messagePlan({ transmissions: 4, sessionTimeoutExponent: undefined });
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(await world.jobs.ledger(plan.jobId)).toMatchObject({ message: 4 });
    expect(world.link.frames).toHaveLength(4);
    expect(new Set(world.link.frames.map(({ fCnt }) => fCnt)).size).toBe(4);
    expect(await world.outcomes(plan)).toEqual(['success session-agreed']);
  });

  it('that is to be confirmed is, by an uplink on the port and no other', async () => {
    const world = new World();
    const yes = world.device();
    const other = world.device();
    await world.engine.start();
    const plan = await world.messagePlan({ confirmPort: 42, sessionTimeoutExponent: 6 });
    await world.engine.accept(plan);
    await world.link.uplink(yes.devEui, 42, Uint8Array.of(1));
    await until(world, async () => (await world.jobs.ledger(plan.jobId)).message === 1);
    expect(await world.outcomes(plan)).not.toContain('success uplink');
    await world.pass(2_000);
    await world.link.uplink(other.devEui, 43, Uint8Array.of(1));
    await world.link.uplink(yes.devEui, 42, Uint8Array.of(1));
    expect((await world.outcomes(plan))[0]).toBe('success uplink');
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['success uplink', 'unverified silent']);
  });
});

describe('a message that is to be confirmed', () => {
  it('waits for that across a restart, and asks nobody', async () => {
    const world = new World();
    const device = world.device({ deviceClass: 'C' });
    await world.engine.start();
    const plan = await world.messagePlan({ confirmPort: 42, sessionTimeoutExponent: 6 });
    await world.engine.accept(plan);
    await until(world, async () => (await world.record(plan)).sessions[0]?.kind === 'closing');
    await world.engine.stop();
    await world.restart();
    await world.pass(20_000);
    expect((await world.record(plan)).state.kind).toBe('running');
    expect((world.link.sentTo.get(device.devEui) ?? []).filter(({ fPort }) => fPort === 201)).toEqual([]);
    await world.link.uplink(device.devEui, 42, Uint8Array.of(1));
    expect(await world.outcomes(plan)).toEqual(['success uplink']);
    expect((await world.record(plan)).state.kind).toBe('complete');
  });
});

describe('a store that is owned by somebody else', () => {
  class LostStore extends MemoryJobStore {
    isLost = false;
    refused = 0;

    override save(jobId: string, version: number, change: JobChange): Promise<boolean> {
      if (!this.isLost) return super.save(jobId, version, change);
      this.refused += 1;
      return Promise.resolve(false);
    }
  }

  it('stops every step before it has an effect', async () => {
    const jobs = new LostStore();
    const world = new World({ jobs });
    const device = world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({ launchDelayS: undefined });
    await world.engine.accept(plan);
    await world.pass(1_000);
    jobs.isLost = true;
    const sent = () => world.link.sentTo.get(device.devEui)?.length ?? 0;
    const before = sent();
    // The device answers, the time of the launch comes, and an order is given.
    await world.pass(200_000);
    await expect(world.engine.order(plan.filename, 'abort')).rejects.toThrow('was changed by somebody else');
    expect(jobs.refused).toBeGreaterThan(2);
    expect(sent() - before).toBeLessThanOrEqual(1);
    expect(world.link.frames).toEqual([]);
    expect((await jobs.job(plan.filename))?.state.kind).toBe('running');
    expect(world.errors().length).toBeGreaterThan(0);
    jobs.isLost = false;
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
  });
});
