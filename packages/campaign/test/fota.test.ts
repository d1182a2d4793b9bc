import { sameOctets, steadyMs, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobPlan } from '../src/index.ts';
import { sessionEnd } from '../src/session/session-state.ts';
import { BOOK_TRAITS, COMMON_TRAITS, NODE_TRAITS, World, withRule } from './support/world.ts';

/** Starts the engine, runs one image job to its end and looks at what must hold for every job. */
async function run(world: World, more: Parameters<World['fotaPlan']>[0] = {}, octetCount = 480): Promise<JobPlan> {
  await world.engine.start();
  const image = world.imageOf(octetCount);
  const plan = await world.fotaPlan(more, image);
  await world.engine.accept(plan);
  await world.untilComplete(plan);
  // A device hears the answer to its check value a moment later.
  await world.pass(2_000);
  expect(world.errors()).toEqual([]);
  const seen = world.progress.get(plan.jobId) ?? [];
  expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
  expect(seen.filter((percent) => percent === 100)).toEqual([seen.at(-1)]);
  const report = await world.report(plan);
  expect(report.devices.every(({ percentComplete }) => percentComplete === 100)).toBe(true);
  expect([...world.link.groups.keys()]).toEqual([]);
  report.devices.forEach((device, n) => {
    const held = world.devices[n]?.image;
    const isRight = held !== undefined && sameOctets(held, image);
    if (device.outcome === 'success') expect(isRight, `device ${n + 1} has the image`).toBe(true);
  });
  return plan;
}

const SUCCESS = 'success crc64';

describe('an image', () => {
  it('arrives at three devices, is verified and ends the job at exactly 100', async () => {
    const world = new World();
    for (let n = 0; n < 3; n++) world.device({ loss: 0.1 });
    const plan = await run(world, {}, 960);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS, SUCCESS]);
    expect(world.devices.map((device) => device.checkAnswers)).toEqual([[true], [true], [true]]);
    const { plain, parity, status, message } = await world.jobs.ledger(plan.jobId);
    expect({ plain, message }).toEqual({ plain: 10, message: 0 });
    expect(plain + parity + status).toBe(world.link.frames.length);
    // The counter of an undisturbed broadcast is the number of the fragment.
    expect(world.link.frames.slice(0, 10).map(({ fCnt }) => fCnt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('costs no parity at all where nothing is lost, but for what is on its way', async () => {
    const world = new World();
    for (let n = 0; n < 3; n++) world.device();
    const plan = await run(world, { paritySleepMs: 5_000 }, 960);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS, SUCCESS]);
    expect((await world.jobs.ledger(plan.jobId)).parity).toBeLessThanOrEqual(1);
  });

  it('is asked for again when questions or answers get lost', async () => {
    const world = new World();
    world.device({ losesAnswers: 1 });
    world.device({ losesAnswers: 2, uplinkEveryS: 15 });
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
    const asked = world.devices.map(({ devEui }) =>
      world.link.sentTo.get(devEui)?.filter(({ fPort }) => fPort === 201),
    );
    // Two questions and one check answer; three and one.
    expect(asked.map((sent) => sent?.length)).toEqual([3, 4]);
  });

  it('reaches a device of class C that never speaks by itself, asked by the clock', async () => {
    const world = new World();
    world.device({ deviceClass: 'C', uplinkEveryS: 0 });
    world.device({ deviceClass: 'C', uplinkEveryS: 0, losesAnswers: 3 });
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
  });

  it('is not asked for in the last seconds before launch', async () => {
    const world = new World();
    world.device({ deviceClass: 'C', uplinkEveryS: 0, losesAnswers: 100 });
    const late = world.device({ uplinkEveryS: 0 });
    await world.engine.start();
    const plan = await world.fotaPlan({ launchDelayS: 60 });
    await world.engine.accept(plan);
    const launch = plan.setupAt + 60_000;
    await world.until(steadyMs(launch - 5_500));
    await late.beatOnce();
    await world.untilComplete(plan);
    const asked = [...world.link.sentTo.values()].flat().map(({ at }) => at);
    const before = asked.filter((at) => at < launch);
    expect(before.length).toBeGreaterThan(3);
    expect(Math.max(...before)).toBeLessThan(launch - 5_000);
    expect(world.link.sentTo.get(late.devEui)?.filter(({ at }) => at < launch) ?? []).toEqual([]);
  });

  it('reaches a device all the same that listens too early and proves what it heard', async () => {
    const world = new World();
    world.device({ clockOffsetS: 100, honoursResync: false });
    world.device();
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
    expect(world.link.closedGroups.size).toBe(1);
  });

  it('sets a wrong clock first', async () => {
    const world = new World();
    world.device({ clockOffsetS: 100 });
    world.device({ clockOffsetS: -40 });
    const device = world.device({ clockOffsetS: 2 });
    const plan = await run(world, { launchDelayS: 200 });
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS, SUCCESS]);
    expect(world.devices.map(({ resyncsAsked }) => resyncsAsked)).toEqual([1, 1, 0]);
    const sent = world.link.sentTo.get(world.devices[0]?.devEui ?? device.devEui) ?? [];
    expect(sent.slice(0, 5).map(({ fPort, payload }) => `${fPort} ${toHex(payload.subarray(0, 2))}`)).toEqual([
      '201 0201',
      '200 0200',
      '202 0303',
      `202 01${toHex(sent[3]?.payload.subarray(1, 2) ?? new Uint8Array())}`,
      '200 0400',
    ]);
  });

  it('does not reach a device whose clock cannot be set', async () => {
    const world = new World();
    world.device({ clockOffsetS: -900, honoursResync: false });
    world.device();
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual(['failed clock-not-set', SUCCESS]);
  });

  it('reaches a device that refuses at first', async () => {
    const world = new World();
    world.device({ acceptsGroup: 'second-time' });
    world.device({ sessionErrors: [['McGroupUndefined', 'FreqError', 'DRError']] });
    world.device({ sessionErrors: [['StartMissed']] });
    const plan = await run(world, { launchDelayS: 300 });
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS, SUCCESS]);
  });

  it('fails for those that refuse, never join or are not known, and for no other', async () => {
    const world = new World();
    world.device({ acceptsGroup: false });
    world.device({ acceptsFragmentation: false });
    world.device({ sessionErrors: [['FreqError']] });
    world.device({ joins: false });
    const unknown = world.device();
    world.traits.delete(unknown.devEui);
    world.device();
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual([
      'failed group-refused',
      'failed fragmentation-refused',
      'failed session-refused',
      'failed never-joined',
      'skipped unknown-device',
      SUCCESS,
    ]);
  });

  it('goes straight from set-up to teardown when nobody answers, and ends at 100 with all failed', async () => {
    const world = new World();
    world.device({ losesAnswers: 1_000, uplinkEveryS: 0 });
    world.device({ joins: false });
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual(['failed no-answer', 'failed never-joined']);
    expect(world.link.frames).toEqual([]);
    expect(await world.report(plan)).toMatchObject({ phase: 'COMPLETE', percentComplete: 100 });
    expect(world.log.map(({ message }) => message).filter((message) => message.startsWith('session is'))).toEqual([
      'session is opening',
      'session is setup',
      'session is ended',
    ]);
  });

  it('that is gone fails all, and the next job runs', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({ image: { sha256: 'ee'.repeat(32), sizeBytes: 480, name: 'gone.bin' } });
    const next = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.engine.accept(next);
    await world.untilComplete(next);
    expect(await world.outcomes(plan)).toEqual(['failed image-missing']);
    expect(await world.outcomes(next)).toEqual([SUCCESS]);
    expect(world.errors()).toHaveLength(1);
  });

  it('is sent in a session of its own to devices that need other fragments', async () => {
    const world = new World();
    world.device();
    world.device({ codeRule: 'v2r' }, withRule('v2r'));
    world.device();
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS, SUCCESS]);
    expect(world.link.closedGroups.size).toBe(2);
  });

  it('of which a device got a wrong copy fails for that device alone', async () => {
    const world = new World();
    world.device({ crc: 'wrong' });
    world.device();
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual(['failed integrity-mismatch', SUCCESS]);
    expect(world.devices.map(({ checkAnswers }) => checkAnswers)).toEqual([[false], [true]]);
  });

  it('never lets a key into the log', async () => {
    const world = new World();
    world.device({ loss: 0.2, clockOffsetS: 50 });
    world.device({ acceptsGroup: false });
    const keys = new Set<string>();
    world.link.onOpenGroup = (group) => {
      keys.add(toHex(group.mcAppSKey)).add(toHex(group.mcNwkSKey));
    };
    await world.engine.start();
    const plan = await world.fotaPlan({ launchDelayS: 200 });
    await world.engine.accept(plan);
    await world.pass(1_000);
    for (const session of (await world.record(plan)).sessions) if ('plan' in session) keys.add(session.plan.mcKey);
    await world.untilComplete(plan);
    expect(keys.size).toBe(3);
    const text = JSON.stringify(world.log).toLowerCase();
    expect(world.log.length).toBeGreaterThan(5);
    for (const key of keys) expect(text).not.toContain(key);
    expect(text).not.toContain('00000000000000000000000000000000');
  });
});

describe('devices that only answer when asked', () => {
  it('are believed what they say, whether it is losses or what is missing', async () => {
    const world = new World({ seed: 'status' });
    world.device({ crc: 'none', status: 'last-number', loss: 0.1 }, NODE_TRAITS);
    world.device({ crc: 'none', status: 'counts', loss: 0.1 }, BOOK_TRAITS);
    world.device({ crc: 'none', status: 'last-number' }, NODE_TRAITS);
    const plan = await run(world, {}, 4_000);
    expect(await world.outcomes(plan)).toEqual([
      'success status-frozen',
      'success status-nothing-missing',
      'success status-lossless',
    ]);
  });

  it('are not believed when an operator said that they confirm the image', async () => {
    const world = new World();
    world.device({ crc: 'none' });
    world.device();
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual(['unverified not-verified', SUCCESS]);
  });

  it('and whose answers contradict their profile get parity all the same, and prove the image otherwise', async () => {
    let questions = 0;
    for (let n = 0; n < 10; n++) {
      const world = new World({ seed: `misnamed ${n}` });
      world.device();
      // Counts like another stack than an operator said, and so is not believed.
      world.device({ status: 'last-number', loss: 0.2, deviceClass: 'C' });
      const plan = await run(world, {}, 5_000);
      expect(await world.outcomes(plan), `seed ${n}`).toEqual([SUCCESS, SUCCESS]);
      questions += (await world.jobs.ledger(plan.jobId)).status;
    }
    expect(questions / 10).toBeLessThan(20);
  });

  it('and cannot be understood are not said to be silent', async () => {
    const world = new World();
    world.device({ status: 'last-number', loss: 0.5, deviceClass: 'C', crc: 'none' });
    world.device();
    const plan = await run(world, {}, 2_000);
    expect(await world.outcomes(plan)).toEqual(['unverified not-confirmed', SUCCESS]);
  });

  it('are not waited for when they do not even answer', async () => {
    const world = new World();
    world.device({ crc: 'none', status: 'silent' }, COMMON_TRAITS);
    world.device();
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual(['unverified silent', SUCCESS]);
    expect((await world.jobs.ledger(plan.jobId)).status).toBeLessThan(40);
  });
});

describe('a status request', () => {
  it('is not waited for longer than until all have answered', async () => {
    const world = new World();
    for (let n = 0; n < 3; n++) world.device({ crc: 'none', status: 'counts', loss: 0.45 }, BOOK_TRAITS);
    const plan = await run(world, {}, 2_000);
    expect(await world.outcomes(plan)).toEqual(Array.from({ length: 3 }, () => 'success status-nothing-missing'));
    const { frames } = world.link;
    const gaps = frames.flatMap(({ payload, at }, n) => {
      const next = frames[n + 1];
      return payload[0] === 1 && next !== undefined ? [next.at - at] : [];
    });
    expect(gaps.length).toBeGreaterThan(0);
    expect(Math.min(...gaps)).toBeLessThan(19_000);
    expect(Math.min(...gaps)).toBeGreaterThan(3_000);
  });
});

describe('fixed parity fragments', () => {
  it.each([0, 3])('are sent as wished: %i', async (parityFragments) => {
    const world = new World();
    world.device({ crc: 'none', status: 'last-number' }, NODE_TRAITS);
    world.device({ crc: 'none', status: 'silent' }, COMMON_TRAITS);
    const plan = await run(world, { parityFragments });
    expect(await world.jobs.ledger(plan.jobId)).toMatchObject({ plain: 5, parity: parityFragments, status: 1 });
    expect(await world.outcomes(plan)).toEqual(['success status-lossless', 'unverified silent']);
  });

  it('are not sent when everybody is done before', async () => {
    const world = new World();
    world.device();
    const plan = await run(world, { parityFragments: 100 });
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
    expect((await world.jobs.ledger(plan.jobId)).parity).toBeLessThan(4);
  });
});

describe('a further session', () => {
  it('is not needed for a device that joined anew while fragments were sent', async () => {
    const world = new World();
    const device = world.device({ loss: 0.1 });
    world.device({ loss: 0.1 });
    await world.engine.start();
    const plan = await world.fotaPlan({}, world.imageOf(2_000));
    await world.engine.accept(plan);
    await world.pass(120_000 + 15_000);
    expect(world.link.frames.length).toBeGreaterThan(2);
    await device.restart();
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
    expect([...world.link.closedGroups]).toEqual([plan.jobId]);
    const seen = world.progress.get(plan.jobId) ?? [];
    expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
  });

  it('does not mistake a frame of the one before, whose fate comes late, for its own', async () => {
    const world = new World();
    const device = world.device({ loss: 0.2 });
    await world.engine.start();
    const plan = await world.fotaPlan({}, world.imageOf(2_000));
    await world.engine.accept(plan);
    await world.pass(122_000);
    world.link.keepsFates = true;
    await world.pass(5_000);
    expect(world.link.frames).toHaveLength(1);
    // The session runs out while the fate of its first frame is open, and the device cannot come back into it.
    const last = async () => (await world.record(plan)).sessions.at(-1);
    const first = await last();
    if (first?.kind !== 'broadcasting') throw new Error(`the session is ${first?.kind}`);
    await world.pass(sessionEnd(first.plan) - 20_000 - world.clock.now());
    await device.restart();
    while ((await last())?.number === 1) await world.pass(10_000);
    expect(await last()).toMatchObject({ kind: 'setup', round: 2 });
    world.link.swallows = true;
    while ((await last())?.kind === 'setup') await world.pass(1_000);
    await world.pass(7_000);
    const sending = { phase: { kind: 'sending', frame: { kind: 'plain', number: 1 } }, round: 2 };
    expect(await last()).toMatchObject(sending);
    world.link.releaseFates();
    await world.pass(10);
    expect(await last()).toMatchObject(sending);
    // It is counted all the same.
    expect((await world.jobs.ledger(plan.jobId)).plain).toBe(1);
    world.link.swallows = false;
    await world.engine.stop();
    await world.restart();
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
    const { plain, parity, status } = await world.jobs.ledger(plan.jobId);
    expect(plain + parity + status).toBe(world.link.frames.length);
  });

  it('serves a device that was too slow for the first', async () => {
    const world = new World();
    world.device({ uplinkEveryS: 50, losesAnswers: 2 });
    world.device();
    const plan = await run(world, { launchDelayS: 60 });
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
  });

  it('takes up the set-up of a device that joins anew before the launch', async () => {
    const world = new World();
    const device = world.device();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.pass(60_000);
    expect((await world.record(plan)).devices.map(({ state }) => state.kind)).toEqual(['ready', 'ready']);
    await device.restart();
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
    expect(world.link.closedGroups.size).toBe(1);
  });
});

describe('a gateway that cannot send', () => {
  it('for a while delays the image', async () => {
    const world = new World();
    world.device();
    world.device({ loss: 0.1 });
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.pass(127_000);
    const before = world.link.frames.length;
    expect(before).toBeGreaterThan(0);
    world.link.canSend = false;
    await world.pass(200_000);
    expect(world.link.frames).toHaveLength(before);
    expect((await world.record(plan)).sessions.at(-1)).toMatchObject({ kind: 'broadcasting' });
    world.link.canSend = true;
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
    expect(world.errors()).toEqual([]);
  });

  it('for the whole session fails all, as not sent', async () => {
    const world = new World();
    world.device();
    world.link.canSend = false;
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual(['failed not-sent']);
    expect(world.clock.now() - plan.setupAt).toBeLessThan(121_000 + 512_000 + 60_000);
  });

  it('and never says so ends with the session as well', async () => {
    const world = new World();
    world.device();
    world.link.swallows = true;
    const plan = await run(world);
    expect(await world.outcomes(plan)).toEqual(['failed not-sent']);
  });
});

describe('a session that runs out', () => {
  it('ends with what has arrived', async () => {
    const world = new World();
    world.device({ crc: 'none', status: 'last-number' }, COMMON_TRAITS);
    await world.engine.start();
    const plan = await world.fotaPlan({ parityFragments: 2 });
    await world.engine.accept(plan);
    await world.pass(127_500);
    world.link.canSend = false;
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['unverified not-confirmed']);
  });
});

describe('a link that fails', () => {
  it('for one device leaves the others alone, and the device is asked again', async () => {
    const world = new World();
    const device = world.device({ deviceClass: 'C' });
    world.device();
    let failures = 0;
    world.link.onSend = (devEui) => {
      if (devEui !== device.devEui || failures >= 3) return;
      failures += 1;
      throw new Error('the link is down');
    };
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
    expect(world.errors()).toHaveLength(failures);
    expect(failures).toBeGreaterThan(1);
  });

  it('for groups is tried again', async () => {
    const world = new World();
    world.device();
    let failures = 0;
    world.link.onOpenGroup = () => {
      failures += 1;
      if (failures <= 2) throw new Error('no group now');
    };
    let refusals = 0;
    world.link.onSendToGroup = () => {
      refusals += 1;
      if (refusals % 3 === 0) throw new Error('the link is down');
    };
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
    expect(world.link.frames.length).toBeGreaterThan(4);
  });
});
