import { later, type UtcMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { type DeviceTraits, type JobPlan, type JobPreview, warningText } from '../src/index.ts';
import { sampleEui } from '../src/testing/index.ts';
import { DOT_TRAITS, World, withRule } from './support/world.ts';

async function worldOf(count: number): Promise<World> {
  const world = new World();
  for (let n = 0; n < count; n++) world.device();
  await world.engine.start();
  // Everybody has joined and was heard.
  await world.pass(60_000);
  return world;
}

const preview = (world: World, plan: JobPlan, wantedAt?: UtcMs): Promise<JobPreview> =>
  world.engine.preview(plan, wantedAt);

const codes = ({ warnings }: JobPreview) => warnings.map(({ code }) => code);

describe('the preview of an image job', () => {
  it('tells the session as the job then opens it', async () => {
    const world = await worldOf(3);
    const plan = await world.fotaPlan({ launchDelayS: undefined });
    const { sessions, refused, assumedLoss } = await preview(world, plan);
    expect(refused).toEqual([]);
    expect(assumedLoss).toBe(0.1);
    expect(sessions).toHaveLength(1);
    const [planned] = sessions;
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    const { state, sessions: opened } = await world.record(plan);
    if (state.kind !== 'complete' || planned === undefined) throw new Error('nothing to compare');
    expect(planned.format).toEqual(state.formats[0]);
    expect(planned).toMatchObject({ wave: 1, devices: 3, plainFrames: 10, statusFrames: 1 });
    const [session] = opened;
    expect(session?.sent).toBeGreaterThanOrEqual(planned.plainFrames);
    // Nothing is lost here, so that the job ends between the best case and the planned maximum.
    const tookS = (state.completedAt - state.startedAt) / 1000;
    expect(tookS).toBeGreaterThanOrEqual(planned.end.earliestS - 1);
    expect(tookS).toBeLessThanOrEqual(planned.end.latestS);
  });

  it('has the time-out that the session then has', async () => {
    const world = await worldOf(2);
    const plan = await world.fotaPlan();
    const [planned] = (await preview(world, plan)).sessions;
    await world.engine.accept(plan);
    let exponent: number | undefined;
    for (let s = 0; s < 60 && exponent === undefined; s++) {
      await world.pass(1_000);
      const [session] = (await world.record(plan)).sessions;
      if (session !== undefined && 'plan' in session) exponent = session.plan.timeOutExponent;
    }
    expect(planned?.timeOutS).toBe(2 ** (exponent ?? 0));
  });

  it('orders its times, and counts parity of the wanted number', async () => {
    const world = await worldOf(1);
    const [free] = (await preview(world, await world.fotaPlan({ launchDelayS: undefined }))).sessions;
    for (const span of [free?.start, free?.end]) {
      expect(span?.earliestS).toBeLessThanOrEqual(span?.expectedS ?? 0);
      expect(span?.expectedS).toBeLessThanOrEqual(span?.latestS ?? 0);
    }
    expect(free?.start.earliestS).toBeLessThan(free?.start.latestS ?? 0);
    // (10 fragments x 0.1 + 5) / 0.9
    expect(free?.parityFrames).toBe(7);
    const [fixed] = (await preview(world, await world.fotaPlan({ parityFragments: 3 }))).sessions;
    expect(fixed?.parityFrames).toBe(3);
    // The caller fixed the launch, and devices are given their time to switch.
    const { startSlackS } = DOT_TRAITS.profile.multicast;
    expect(fixed?.start).toEqual({
      earliestS: 120 + startSlackS,
      expectedS: 120 + startSlackS,
      latestS: 120 + startSlackS,
    });
  });

  it('begins when the job is due', async () => {
    const world = await worldOf(1);
    const now = world.calendar.dateOf(world.clock.now());
    const plan = await world.fotaPlan({ scheduledAt: later(now, 600_000), setupDelayS: 60, launchDelayS: 0 });
    const [session] = (await preview(world, plan)).sessions;
    expect(session?.start.earliestS).toBe(660 + DOT_TRAITS.profile.multicast.startSlackS);
  });

  it('has a session for each kind of frames', async () => {
    const world = await worldOf(2);
    world.traits.set(sampleEui(2), withRule('v2r'));
    const { sessions } = await preview(world, await world.fotaPlan());
    expect(sessions.map(({ devices }) => devices)).toEqual([1, 1]);
    expect(new Set(sessions.map(({ format }) => format.key)).size).toBe(2);
  });

  it('lets waves follow each other', async () => {
    const world = await worldOf(4);
    const waves = { sizes: [1, 2], leastSuccess: 0, needsApproval: true };
    const { sessions } = await preview(world, await world.fotaPlan({ waves }));
    expect(sessions.map(({ wave, devices }) => [wave, devices])).toEqual([
      [1, 1],
      [2, 2],
      [3, 1],
    ]);
    for (const [index, { start }] of sessions.entries()) {
      const before = sessions[index - 1];
      if (before === undefined) continue;
      expect(start.earliestS).toBeGreaterThan(before.end.earliestS);
      expect(start.latestS).toBeGreaterThan(before.end.latestS);
    }
  });

  it('tells the airtime of a gateway in its busiest hour, which the duty cycle bounds', async () => {
    const world = await worldOf(1);
    const image = world.imageOf(96 * 3_000);
    const [long] = (await preview(world, await world.fotaPlan({}, image))).sessions;
    const frames = (long?.plainFrames ?? 0) + (long?.parityFrames ?? 0) + 1;
    const airtimeMs = long?.format.carrier.airtimeMs ?? 0;
    expect(long?.airtimeMs).toBe(frames * airtimeMs);
    // One frame every 1.5 s.
    expect(long?.busiestHourMs).toBe(2_400 * airtimeMs);
    world.link.dutyCycle = 0.01;
    const [bound] = (await preview(world, await world.fotaPlan({}, image))).sessions;
    expect(bound?.busiestHourMs).toBe(36_000);
    expect(bound?.end.expectedS).toBeGreaterThan(long?.end.expectedS ?? 0);
  });
});

describe('a preview', () => {
  it('stores nothing, sends nothing and reserves nothing', async () => {
    const world = await worldOf(1);
    const plan = await world.fotaPlan();
    await preview(world, plan);
    await world.pass(600_000);
    expect(world.engine.unfinished()).toEqual([]);
    expect(await world.jobs.job(plan.filename)).toBeUndefined();
    expect(await world.provisioning.reserveSessionCnt(sampleEui(1), 1)).toBe(0);
  });

  it('needs no stored content', async () => {
    const world = await worldOf(1);
    const plan = await world.messagePlan({ image: { sha256: 'ab'.repeat(32), sizeBytes: 3, name: 'N/A' } });
    const { refused, sessions } = await preview(world, { ...plan, transmissions: 4 } as JobPlan);
    expect(refused).toEqual([]);
    expect(sessions[0]).toMatchObject({ plainFrames: 4, parityFrames: 0, statusFrames: 0, timeOutS: 32 });
  });

  it('is not given by a server that stops', async () => {
    const world = await worldOf(1);
    const plan = await world.fotaPlan();
    await world.engine.stop();
    await expect(preview(world, plan)).rejects.toMatchObject({ code: 'stopping' });
  });

  it('names devices that would not take part, and warns of them no more', async () => {
    const world = await worldOf(1);
    const plan = await world.fotaPlan({ devEuis: [sampleEui(1), sampleEui(99)] });
    const { refused, sessions, warnings } = await preview(world, plan);
    expect(refused).toEqual([{ devEui: sampleEui(99), reason: 'unknown-device' }]);
    expect(sessions.map(({ devices }) => devices)).toEqual([1]);
    expect(warnings.filter(({ devEui }) => devEui === sampleEui(99))).toEqual([]);
  });
});

describe('warnings', () => {
  const KEY = new Uint8Array(16).fill(7);

  it('are none for a device of which all is well', async () => {
    const world = new World();
    world.device({ genAppKey: KEY });
    await world.pass(60_000);
    expect(codes(await preview(world, await world.fotaPlan()))).toEqual([]);
  });

  it('name keys that everybody knows, and groups that are another', async () => {
    const world = new World();
    world.device();
    world.device({ genAppKey: KEY }, withGroups([1]));
    await world.pass(60_000);
    const { warnings } = await preview(world, await world.fotaPlan({ multicastGroupId: 2 }));
    expect(warnings).toEqual([
      { code: 'zero-key', devEui: sampleEui(1), detail: undefined, until: undefined },
      { code: 'group-mapped', devEui: sampleEui(2), detail: '1', until: undefined },
    ]);
  });

  it('name devices that never joined, and those that have fallen silent', async () => {
    const world = new World();
    world.device({ genAppKey: KEY, joins: false });
    world.device({ genAppKey: KEY, uplinkEveryS: 0 });
    world.device({ genAppKey: KEY });
    await world.pass(60_000);
    const { warnings } = await preview(world, await world.fotaPlan());
    expect(warnings.map(({ devEui, code }) => [devEui, code])).toEqual([
      [sampleEui(1), 'never-joined'],
      [sampleEui(2), 'not-heard-lately'],
    ]);
  });

  it('name the job that has a device, and until when it has', async () => {
    const world = new World();
    world.device({ genAppKey: KEY });
    await world.engine.start();
    // The device listens for a quarter of an hour, though the message is there at once.
    const first = await world.messagePlan({ sessionTimeoutExponent: 10 });
    await world.engine.accept(first);
    await world.pass(60_000);
    const second = await world.fotaPlan();
    const running = await preview(world, second);
    expect(running.warnings).toMatchObject([{ code: 'device-in-use', detail: first.filename, until: undefined }]);
    expect(running.warnings.map(warningText)[0]).toContain(first.filename);
    await world.untilComplete(first);
    const { state } = await world.record(first);
    if (state.kind !== 'complete') throw new Error('the message is not over');
    const ended = await preview(world, second);
    expect(ended.warnings).toMatchObject([{ code: 'device-in-use', detail: first.filename, until: state.freeAt }]);
    await world.until(state.freeAt);
    expect(codes(await preview(world, second))).not.toContain('device-in-use');
  });

  it('name the limits of a profile that somebody chose', async () => {
    const world = new World();
    const limits = { maxNbFrag: 9, maxFragSize: 95, maxLosses: 0 };
    world.device({ genAppKey: KEY }, withLimits(limits));
    world.device({ genAppKey: KEY }, { ...withLimits(limits), isAssigned: false });
    await world.pass(60_000);
    // 960 octets in 10 fragments of 96, of which one in ten is lost.
    const { warnings } = await preview(world, await world.fotaPlan());
    expect(warnings.map(({ devEui, code, detail }) => [devEui, code, detail])).toEqual([
      [sampleEui(1), 'fragments-beyond-profile', '9'],
      [sampleEui(1), 'fragment-size-beyond-profile', '95'],
      [sampleEui(1), 'losses-beyond-profile', '0'],
    ]);
    world.traits.set(sampleEui(1), withLimits({ maxNbFrag: 10, maxFragSize: 96, maxLosses: 1 }));
    expect(codes(await preview(world, await world.fotaPlan()))).toEqual([]);
  });

  it('name a start that is past, but not one of this moment', async () => {
    const world = new World();
    world.device({ genAppKey: KEY });
    await world.pass(60_000);
    const today = world.calendar.dateOf(world.clock.now());
    const plan = await world.fotaPlan();
    expect((await preview(world, plan, later(today, -60_000))).warnings).toEqual([
      { code: 'start-in-past', devEui: undefined, detail: undefined, until: undefined },
    ]);
    for (const wanted of [undefined, later(today, -999), later(today, 60_000)]) {
      expect(codes(await preview(world, plan, wanted))).toEqual([]);
    }
  });
});

function withGroups(groups: readonly number[]): DeviceTraits {
  const { profile } = DOT_TRAITS;
  return { profile: { ...profile, multicast: { ...profile.multicast, groups } }, isAssigned: true };
}

function withLimits(limits: Readonly<Record<'maxNbFrag' | 'maxFragSize' | 'maxLosses', number>>): DeviceTraits {
  const { profile } = DOT_TRAITS;
  return { profile: { ...profile, fragmentation: { ...profile.fragmentation, ...limits } }, isAssigned: true };
}
