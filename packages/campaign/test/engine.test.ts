import { blockChecksums } from '@airlift/applayer';
import { CallerError, gpsFromUtc, gpsSecondsU32, steadyMs, toHex, utcMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { DeviceTraits, JobPlan } from '../src/index.ts';
import { sampleEui } from '../src/testing/index.ts';
import { COMMON_TRAITS, DOT_TRAITS, NODE_TRAITS, World } from './support/world.ts';

const SUCCESS = 'success crc64';

const OTHER_RULE: DeviceTraits = {
  profile: {
    ...DOT_TRAITS.profile,
    fragmentation: { ...DOT_TRAITS.profile.fragmentation, rowRule: 'v2r' },
  },
  isAssigned: true,
};

/** What was sent to a device on a port since it was last asked, as text. */
function sentOn(world: World, n: number, fPort: number): readonly string[] {
  const devEui = world.devices[n - 1]?.devEui ?? sampleEui(n);
  return (world.link.sentTo.get(devEui) ?? [])
    .filter((one) => one.fPort === fPort)
    .map(({ payload }) => toHex(payload));
}

const checkValue = (image: Uint8Array): Uint8Array => Uint8Array.of(0x80, 0, ...blockChecksums(image, 0).unpadded);

async function complete(world: World, plan: JobPlan): Promise<void> {
  await world.engine.accept(plan);
  await world.untilComplete(plan);
}

describe('accepting and cancelling', () => {
  it('takes a schedule name once', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    await world.engine.accept(await world.fotaPlan({ filename: 'one' }));
    const again = world.engine.accept(await world.fotaPlan({ filename: 'one' }));
    await expect(again).rejects.toThrow(CallerError);
    expect(world.engine.unfinished()).toHaveLength(1);
  });

  it('cancels a job that has not begun, for good', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({ scheduledAt: utcMs(world.clock.now() + 60_000) });
    await world.engine.accept(plan);
    expect(await world.engine.cancel('other')).toBe('unknown');
    expect(await world.engine.cancel(plan.filename)).toBe('cancelled');
    expect(await world.engine.cancel(plan.filename)).toBe('unknown');
    await world.pass(600_000);
    expect(await world.jobs.job(plan.filename)).toBeUndefined();
    expect(world.link.sentTo.size).toBe(0);
    expect(world.clock.nextAt()).toBeGreaterThan(world.clock.now());
  });

  it('does not cancel a job that has begun or is over', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.pass(10);
    expect(await world.engine.cancel(plan.filename)).toBe('started');
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
    expect(await world.engine.cancel(plan.filename)).toBe('started');
  });

  it('cancels a job that waits for another to end', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const first = await world.fotaPlan();
    const second = await world.fotaPlan();
    await world.engine.accept(first);
    await world.engine.accept(second);
    await world.pass(1_000);
    expect(await world.engine.cancel(second.filename)).toBe('cancelled');
    await world.untilComplete(first);
    await world.pass(600_000);
    expect(world.engine.unfinished()).toEqual([]);
  });
});

describe('several jobs', () => {
  it('of the same second run one after the other, in the order of acceptance', async () => {
    const world = new World();
    world.device();
    world.device();
    await world.engine.start();
    const plans = [await world.fotaPlan(), await world.messagePlan(), await world.fotaPlan({}, world.imageOf(300))];
    for (const plan of plans) await world.engine.accept(plan);
    const running = new Set<string>();
    for (let s = 0; s < 4_000 && world.engine.unfinished().length > 0; s++) {
      await world.pass(1_000);
      const now = world.engine.unfinished().filter(({ state }) => state.kind === 'running');
      expect(now.length).toBeLessThanOrEqual(1);
      for (const { plan } of now) running.add(plan.filename);
    }
    expect([...running]).toEqual(plans.map(({ filename }) => filename));
    for (const [n, plan] of plans.entries()) {
      const outcome = n === 1 ? 'success session-agreed' : SUCCESS;
      expect(await world.outcomes(plan)).toEqual([outcome, outcome]);
    }
    expect(world.errors()).toEqual([]);
  });

  it('do not wait for one that cannot begin', async () => {
    const world = new World();
    const one = world.device();
    const other = world.device();
    await world.engine.start();
    let failures = 0;
    const { allocateMcAddr } = world.link;
    world.link.allocateMcAddr = async () => {
      failures += 1;
      if (failures === 1) throw new Error('no address now');
      return allocateMcAddr.call(world.link);
    };
    const first = await world.fotaPlan({ devEuis: [one.devEui] });
    const second = await world.fotaPlan({ devEuis: [other.devEui] });
    await world.engine.accept(first);
    await world.engine.accept(second);
    await world.pass(1_000);
    expect((await world.record(first)).sessions[0]?.kind).toBe('opening');
    expect((await world.record(second)).sessions[0]?.kind).toBe('setup');
    await world.untilComplete(second);
    await world.untilComplete(first);
    expect(await world.outcomes(first)).toEqual([SUCCESS]);
    expect(await world.outcomes(second)).toEqual([SUCCESS]);
    expect(world.errors()).toHaveLength(1);
  });
});

describe('a job for which there is no multicast address', () => {
  it('ends at once and says so, and the next one begins', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const { allocateMcAddr } = world.link;
    world.link.allocateMcAddr = async () => {
      throw new CallerError('mc-addresses-exhausted', 'none left');
    };
    const plan = await world.fotaPlan();
    const next = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['failed no-multicast-address']);
    expect(world.errors()).toEqual([]);
    world.link.allocateMcAddr = allocateMcAddr;
    await complete(world, next);
    expect(await world.outcomes(next)).toEqual([SUCCESS]);
  });
});

describe('a job that cannot begin', () => {
  it('is tried again by itself', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    let failures = 0;
    const { allocateMcAddr } = world.link;
    world.link.allocateMcAddr = async () => {
      failures += 1;
      if (failures <= 3) throw new Error('no address now');
      return allocateMcAddr.call(world.link);
    };
    const plan = await world.fotaPlan();
    await complete(world, plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
    expect(world.errors()).toHaveLength(3);
  });
});

describe('a restart', () => {
  it('leaves a job of the future where it was', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const scheduledAt = utcMs(world.clock.now() + 3_600_000);
    const plan = await world.fotaPlan({ scheduledAt, setupDelayS: 60 });
    await world.engine.accept(plan);
    await world.pass(1_000_000);
    await world.engine.stop();
    await world.pass(1_000_000);
    await world.restart();
    expect(world.engine.unfinished().map(({ state }) => state.kind)).toEqual(['scheduled']);
    await world.until(steadyMs(plan.setupAt - 1));
    expect((await world.record(plan)).state.kind).toBe('scheduled');
    await world.pass(1);
    expect((await world.report(plan)).phase).toBe('SETUP');
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
  });

  it('begins a job at once whose time has come meanwhile', async () => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({ scheduledAt: utcMs(world.clock.now() + 60_000) });
    await world.engine.accept(plan);
    await world.engine.stop();
    await world.pass(500_000);
    await world.restart();
    await world.pass(1);
    expect((await world.report(plan)).phase).toBe('SETUP');
  });

  it('after the session is over ends the job', async () => {
    const world = new World();
    world.device({ crc: 'none', status: 'silent' }, COMMON_TRAITS);
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.pass(127_000);
    await world.engine.stop();
    await world.pass(100_000_000);
    await world.restart();
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['unverified silent']);
  });

  it('does not fail over a device that was taken out meanwhile', async () => {
    const world = new World();
    world.device({ uplinkEveryS: 0 });
    world.device();
    world.device();
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.pass(50_000);
    await world.engine.stop();
    world.traits.delete(sampleEui(1));
    world.traits.delete(sampleEui(3));
    await world.restart();
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['skipped unknown-device', SUCCESS, 'skipped unknown-device']);
    expect(world.errors()).toEqual([]);
  });

  it('sends a frame again whose fate is not known', async () => {
    const world = new World();
    const device = world.device({ crc: 'none', status: 'last-number' }, NODE_TRAITS);
    const other = world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({}, world.imageOf(2_000));
    await world.engine.accept(plan);
    await world.pass(127_000);
    world.link.swallows = true;
    await world.pass(5_000);
    // Stored while the frame is under way.
    await other.restart();
    expect((await world.jobs.job(plan.filename))?.sessions[0]).toMatchObject({ phase: { kind: 'sending' } });
    await world.engine.stop();
    world.link.swallows = false;
    const before = world.link.frames.length;
    await world.restart();
    await world.pass(10_000);
    expect(world.link.frames.length).toBeGreaterThan(before + 2);
    await world.untilComplete(plan);
    expect(device.image).toBeDefined();
    expect(await world.outcomes(plan)).toEqual(['success status-lossless', SUCCESS]);
  });

  it('gives up devices whose profiles have changed, rather than send them what they do not understand', async () => {
    const world = new World();
    world.device({ loss: 0.3 });
    world.device({ loss: 0.3 });
    await world.engine.start();
    const plan = await world.fotaPlan({}, world.imageOf(2_000));
    await world.engine.accept(plan);
    await world.pass(130_000);
    await world.engine.stop();
    for (const { devEui } of world.devices) world.traits.set(devEui, OTHER_RULE);
    const before = world.link.frames.length;
    await world.restart();
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['failed profile-mismatch', 'failed profile-mismatch']);
    expect(world.link.frames).toHaveLength(before);
  });

  it('goes on as it began when profiles were changed meanwhile', async () => {
    const world = new World();
    world.device({ loss: 0.3 });
    world.device({ loss: 0.3 });
    await world.engine.start();
    const plan = await world.fotaPlan({}, world.imageOf(2_000));
    await world.engine.accept(plan);
    await world.pass(130_000);
    await world.engine.stop();
    world.traits.set(sampleEui(1), OTHER_RULE);
    await world.restart();
    await world.untilComplete(plan);
    // The device under another profile is given up, but hears the same frames as before and proves it.
    expect(world.log.map(({ fields }) => fields.reason)).toContain('profile-mismatch');
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
  });
});

describe('a check value', () => {
  it('asked again gets the same answer: in the job, after it, and after a restart', async () => {
    const world = new World();
    const good = world.device();
    const bad = world.device({ crc: 'wrong' });
    await world.engine.start();
    const image = world.imageOf(500);
    const plan = await world.fotaPlan({}, image);
    await complete(world, plan);
    expect([good.checkAnswers, bad.checkAnswers]).toEqual([[true], [false]]);
    const ask = async (): Promise<void> => {
      await world.link.uplink(good.devEui, 201, checkValue(image));
      await world.link.uplink(bad.devEui, 201, checkValue(image.map((octet) => octet ^ 1)));
      await world.pass(2_000);
    };
    await ask();
    await world.engine.stop();
    await world.restart();
    await ask();
    expect([good.checkAnswers, bad.checkAnswers]).toEqual([
      [true, true, true],
      [false, false, false],
    ]);
  });

  it('of an earlier job is told from that of the running one', async () => {
    const world = new World();
    const device = world.device();
    await world.engine.start();
    const earlier = world.imageOf(500);
    await complete(world, await world.fotaPlan({}, earlier));
    // The device is in the session of the earlier job until that is over.
    await world.pass(1_000_000);
    const plan = await world.fotaPlan({}, world.imageOf(700));
    await world.engine.accept(plan);
    await world.pass(60_000);
    const ask = async (): Promise<void> => {
      await world.link.uplink(device.devEui, 201, checkValue(earlier));
      await world.pass(2_000);
    };
    await ask();
    await world.pass(66_000);
    expect((await world.report(plan)).phase).toBe('BROADCASTING');
    await ask();
    expect(device.checkAnswers).toEqual([true, true, true]);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
  });

  it('of nothing known does not fail a device while its fragments are still to come', async () => {
    const world = new World();
    const device = world.device();
    await world.engine.start();
    const plan = await world.fotaPlan({}, world.imageOf(700));
    await world.engine.accept(plan);
    await world.pass(126_000);
    expect((await world.report(plan)).phase).toBe('BROADCASTING');
    await world.link.uplink(device.devEui, 201, checkValue(world.imageOf(10)));
    await world.untilComplete(plan);
    expect(device.checkAnswers).toEqual([false, true]);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
  });

  it('is answered while a message is under way', async () => {
    const world = new World();
    const device = world.device();
    await world.engine.start();
    const image = world.imageOf(500);
    await complete(world, await world.fotaPlan({}, image));
    await world.engine.accept(await world.messagePlan());
    await world.pass(60_000);
    await world.link.uplink(device.devEui, 201, checkValue(image));
    await world.pass(2_000);
    expect(device.checkAnswers).toEqual([true, true]);
  });

  it('that belongs to no job is not answered', async () => {
    const world = new World();
    const device = world.device();
    await world.engine.start();
    await world.link.uplink(device.devEui, 201, checkValue(world.imageOf(10)));
    await world.pass(2_000);
    expect(device.checkAnswers).toEqual([]);
  });

  it('in either octet order and with or without padding is right, in the older form as well', async () => {
    const world = new World();
    const device = world.device();
    await world.engine.start();
    const image = world.imageOf(500);
    const plan = await world.fotaPlan({}, image);
    await complete(world, plan);
    const { unpadded, padded } = blockChecksums(image, (96 - (image.length % 96)) % 96);
    for (const value of [unpadded, padded, unpadded.toReversed(), padded.toReversed()]) {
      await world.link.uplink(device.devEui, 201, Uint8Array.of(0x80, ...value));
      await world.pass(2_000);
    }
    expect(device.checkAnswers).toEqual([true, true, true, true, true]);
  });
});

describe('the time', () => {
  it('is told outside of jobs too', async () => {
    const world = new World();
    const device = world.device({ clockOffsetS: -5, uplinkEveryS: 0 });
    await world.engine.start();
    await device.askTime();
    await world.pass(2_000);
    expect(sentOn(world, 1, 202)).toEqual(['010500000000']);
    await device.askTime();
    await world.pass(2_000);
    expect(sentOn(world, 1, 202)).toEqual(['010500000000', '010000000001']);
  });

  it('is left to the MAC layer when the device asks there too', async () => {
    const world = new World();
    const device = world.device({ uplinkEveryS: 0 });
    await world.engine.start();
    const nowS = gpsSecondsU32(gpsFromUtc(utcMs(world.clock.now())));
    const request = (deviceTimeS: number): Uint8Array => {
      const payload = new Uint8Array(6);
      payload[0] = 1;
      new DataView(payload.buffer).setUint32(1, deviceTimeS, true);
      return payload;
    };
    await world.link.uplink(device.devEui, 202, request(nowS - 1_000), true);
    await world.pass(2_000);
    expect(sentOn(world, 1, 202)).toEqual([]);
    await world.link.uplink(device.devEui, 202, request(nowS + 2), true);
    await world.pass(2_000);
    expect(sentOn(world, 1, 202)).toHaveLength(1);
  });
});

describe('uplinks', () => {
  it('of devices that nobody knows are left alone', async () => {
    const world = new World();
    await world.engine.start();
    await world.link.uplink(sampleEui(77), 200, Uint8Array.of(2, 0));
    expect(world.log).toEqual([]);
  });

  it('that make no sense are reported, and what could be read of them counts', async () => {
    const world = new World();
    const device = world.device({ uplinkEveryS: 0 });
    await world.engine.start();
    const plan = await world.messagePlan();
    await world.engine.accept(plan);
    await world.pass(10);
    await world.link.uplink(device.devEui, 200, Uint8Array.of(2, 0, 0x55, 0x66));
    const warning = world.log.find(({ level }) => level === 'warn');
    expect(warning).toMatchObject({ fields: { devEui: device.devEui, fPort: 200 } });
    expect((await world.record(plan)).devices[0]?.state).toMatchObject({ todo: ['session'] });
  });
});

describe('a directory that fails for a device', () => {
  it('takes only that one out of the job', async () => {
    const world = new World();
    world.device();
    world.device();
    const { get } = world.traits;
    world.traits.get = (devEui) => {
      if (devEui === sampleEui(1)) throw new Error('profile unknown');
      return get.call(world.traits, devEui);
    };
    await world.engine.start();
    const plan = await world.messagePlan();
    await complete(world, plan);
    expect(await world.outcomes(plan)).toEqual(['skipped unknown-device', 'success session-agreed']);
  });
});

describe('stopping', () => {
  it('takes no further step, and neither events nor callers hang', async () => {
    const world = new World();
    const device = world.device();
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.pass(30_000);
    await world.engine.stop();
    const before = await world.jobs.job(plan.filename);
    await device.beatOnce();
    await world.pass(1_000_000);
    expect(await world.jobs.job(plan.filename)).toEqual(before);
    expect(world.link.frames).toEqual([]);
    await expect(world.engine.accept(await world.fotaPlan())).rejects.toThrow('stopping');
    await world.engine.idle();
    expect(world.errors()).toEqual([]);
  });
});
