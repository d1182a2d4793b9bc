import { profile, readStatus } from '@airlift/applayer';
import { toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { BehaviourChanges } from '../src/behaviour/device-behaviour.ts';
import { BEHAVIOURS, type BehaviourName, behaviour, PROFILE_OF_BEHAVIOUR } from '../src/behaviour/presets.ts';
import {
  broadcast,
  deliver,
  exchange,
  fragmentsOf,
  fragSetup,
  GROUP,
  gpsIn,
  groupSetup,
  openSession,
  ready,
  SETTING,
  sessionRequest,
  statusOf,
  until,
  type World,
  world,
} from './world.ts';

const BLOCK = Uint8Array.from({ length: 195 }, (_, i) => (i * 37 + 11) & 255);
const SIZE = 20;
const COUNT = 10;
const FRAGMENTS = fragmentsOf(BLOCK, SIZE, 30);
const SETUP = { fragments: COUNT, size: SIZE, padding: 5 };
const NAMES = Object.keys(BEHAVIOURS) as BehaviourName[];

async function receiving(
  name: BehaviourName,
  changes: BehaviourChanges = {},
  setup: Partial<Parameters<typeof fragSetup>[0]> = {},
): Promise<World> {
  const w = world({ behaviour: behaviour(name, changes), uplinkIntervalS: 11 });
  await openSession(w, { frag: fragSetup({ ...SETUP, ...setup }), timeOut: 13, inS: 80 });
  await until(w.clock, () => w.first.snapshot().inSession, 300);
  return w;
}

const received = (w: World): string | undefined => {
  const image = w.sink.images.at(-1);
  return image === undefined ? undefined : toHex(image.octets);
};

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('every behaviour', () => {
  it.each(NAMES)('%s survives JSON and speaks the versions of its profile', (name) => {
    const one = BEHAVIOURS[name];
    expect(JSON.parse(JSON.stringify(one))).toEqual(one);
    const { packages, fragmentation, multicast } = profile(PROFILE_OF_BEHAVIOUR[name]);
    const dialect = packages.fragmentation?.version;
    expect(one.fragmentation.version).toBe(dialect === 'multitech' ? 1 : dialect);
    expect(one.multicast.version).toBe(packages.multicast?.version);
    expect(one.clock.version).toBe(packages.clock?.version);
    expect(one.fragmentation.rowRule).toBe(fragmentation.rowRule);
    expect(one.multicast.answersGroupStatus).toBe(multicast.statusReqSafe);
    expect(one.firmware.managed).toBe(packages.firmware !== undefined);
    expect(one.firmware.listsPackages || packages.multiPackage === undefined).toBe(true);
    expect(one.clock.asksDeviceTime || !profile(PROFILE_OF_BEHAVIOUR[name]).clock.asksDeviceTimeToo).toBe(true);
  });
});

describe('LoRa Basics Modem', () => {
  it('counts the last number less the losses, and still 1 missing after a lossless reception', async () => {
    const w = await receiving('basics-modem');
    expect(await statusOf(w, 500)).toBe('0100000a00');
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4], fCntAbove: 500 });
    expect(await statusOf(w, 600)).toBe('0104000600');
    await broadcast(w, FRAGMENTS, { numbers: numbers(5, COUNT), fCntAbove: 600 });
    expect(received(w)).toBe(toHex(BLOCK));
    expect(await statusOf(w, 700, { participants: false })).toBe('010a000100');
  });

  it('ends at 0 missing when coded fragments repaired it', async () => {
    const w = await receiving('basics-modem');
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 4, 5, 7, 8, 9, 10] });
    // Two were lost on the way to number 10.
    expect(await statusOf(w, 100)).toBe('0108000200');
    await broadcast(w, FRAGMENTS, { numbers: numbers(11, 30), fCntAbove: 100 });
    expect(received(w)).toBe(toHex(BLOCK));
    const answer = await statusOf(w, 200);
    expect(answer?.slice(6)).toBe('0000');
    expect(await statusOf(w, 201, { participants: false })).toBeUndefined();
  });

  it('counts missing fragments modulo 256', async () => {
    const w = await receiving('basics-modem', {}, { fragments: 300, size: 4, padding: 0 });
    await broadcast(w, fragmentsOf(new Uint8Array(1_200), 4, 0), { numbers: numbers(1, 44) });
    expect(await statusOf(w, 500)).toBe('012c000000');
  });

  it('gives up beyond its memory, says so, and goes on saying so until a reset', async () => {
    const w = await receiving('basics-modem', { fragmentation: { maxRedundancy: 2 } });
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17] });
    expect(w.first.snapshot()).toMatchObject({ state: 'failed', images: 0, complete: false });
    expect((await statusOf(w, 100))?.slice(-2)).toBe('01');
    w.network.queue(w.eui, { fPort: 201, payload: fragSetup(SETUP) });
    w.network.multicast(GROUP, SETTING, { fCnt: 101, fPort: 201, payload: Uint8Array.of(0x01, 0x01) });
    await until(w.clock, () => w.first.snapshot().state === 'receiving', 60);
    await broadcast(w, FRAGMENTS, { numbers: numbers(1, COUNT), fCntAbove: 200 });
    expect(received(w)).toBe(toHex(BLOCK));
    expect(await statusOf(w, 300)).toBe('010a000101');
  });

  it('has one decoder behind all indices', async () => {
    const w = await receiving('basics-modem');
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3] });
    w.network.queue(w.eui, { fPort: 201, payload: fragSetup({ ...SETUP, index: 1 }) });
    w.network.multicast(GROUP, SETTING, { fCnt: 50, fPort: 201, payload: Uint8Array.of(0x01, 0x01) });
    await until(w.clock, () => w.first.snapshot().heard === 0, 60);
    expect(await statusOf(w, 51)).toBe('0100000a00');
  });

  it('says nothing at all about a set-up of version 2, though it takes it', async () => {
    const w = world({ behaviour: behaviour('basics-modem'), uplinkIntervalS: 10 });
    await ready(w);
    const octets = Uint8Array.of(...fragSetup(SETUP), 0x30, 0x00, 0x11, 0x22, 0x33, 0x44);
    await deliver(w, { fPort: 201, payload: octets });
    await w.clock.advance(30_000);
    expect(w.network.on(w.eui, 201)).toEqual([]);
    expect(w.first.snapshot().state).toBe('receiving');
  });

  it('lists two groups, and all in its list of packages', async () => {
    const w = world({ behaviour: behaviour('basics-modem'), uplinkIntervalS: 10 });
    await ready(w);
    for (const id of [0, 1, 2]) await exchange(w, 200, groupSetup(w.first, { id, mcAddr: 0x01020304 + id }));
    expect(toHex((await exchange(w, 200, Uint8Array.of(0x01, 0x0f))).payload)).toBe('0133000403020101050302' + '01');
    expect(toHex((await exchange(w, 225, Uint8Array.of(0x01, 0x02))).payload)).toBe(
      '01050001e10101ca0201c80301c90401cb02',
    );
  });
});

describe('a start that the device cannot keep', () => {
  it.each([
    ['basics-modem', '0420'],
    ['by-the-book-v2', '0420'],
    ['zephyr', '0420'],
    ['loramac-node', '0410'],
  ] as const)('in the past: %s answers %s', async (name, expected) => {
    const w = world({ behaviour: behaviour(name), uplinkIntervalS: 10 });
    await ready(w);
    await exchange(w, 200, groupSetup(w.first));
    expect(toHex((await exchange(w, 200, sessionRequest({ sessionTime: gpsIn(w, -30) }))).payload)).toBe(expected);
  });

  it.each([
    ['basics-modem', '0412'],
    ['zephyr', '0412'],
    ['loramac-node', '041e'],
  ] as const)('for an undefined group: %s answers %s', async (name, expected) => {
    const w = world({ behaviour: behaviour(name), uplinkIntervalS: 10 });
    await ready(w);
    const request = sessionRequest({ id: 2, sessionTime: gpsIn(w, 600) });
    expect(toHex((await exchange(w, 200, request)).payload)).toBe(expected);
  });

  it('zephyr says nothing when frequency and data rate are both wrong', async () => {
    const w = world({ behaviour: behaviour('zephyr'), uplinkIntervalS: 10 });
    await ready(w);
    await exchange(w, 200, groupSetup(w.first));
    const before = w.network.on(w.eui, 200).length;
    const setting = { frequencyHz: 100_000_000, dataRate: 15 };
    await deliver(w, { fPort: 200, payload: sessionRequest({ sessionTime: gpsIn(w, 600), setting }) });
    await w.clock.advance(30_000);
    expect(w.network.on(w.eui, 200)).toHaveLength(before);
    const oneWrong = sessionRequest({ sessionTime: gpsIn(w, 600), setting: { ...SETTING, dataRate: 15 } });
    expect(toHex((await exchange(w, 200, oneWrong)).payload)).toBe('0404');
  });
});

describe('a device without time', () => {
  const timeless = async (name: BehaviourName): Promise<World> => {
    const w = world({ behaviour: behaviour(name, { clock: { asks: false } }), uplinkIntervalS: 10 });
    await until(w.clock, () => w.first.snapshot().joined, 60);
    await exchange(w, 200, groupSetup(w.first));
    return w;
  };

  it('says 0xFFFFFF on Basics Modem, and starts in time once the clock is set', async () => {
    const w = await timeless('basics-modem');
    const sessionTime = gpsIn(w, 200);
    const startMs = w.clock.now() + 200_000;
    const answer = await exchange(w, 200, sessionRequest({ sessionTime, timeOut: 6 }));
    expect(toHex(answer.payload)).toBe('0400ffffff');
    await w.clock.advance(50_000);
    const correction = gpsIn(w, 0) - w.first.snapshot().clockSeconds;
    const octets = Uint8Array.of(0x01, 0, 0, 0, 0, 0);
    new DataView(octets.buffer).setInt32(1, correction | 0, true);
    await deliver(w, { fPort: 202, payload: octets });
    await w.clock.advance(startMs - w.clock.now() + 20_000);
    const started = w.fleet.events.find(({ type }) => type === 'session-started');
    expect(Math.abs((started?.at ?? 0) - startMs)).toBeLessThan(20_000);
  });

  it('says nonsense on the reference stack', async () => {
    const w = await timeless('loramac-node');
    const answer = await exchange(w, 200, sessionRequest({ sessionTime: gpsIn(w, 200), timeOut: 6 }));
    expect(toHex(answer.payload).slice(0, 4)).toBe('0400');
    expect(toHex(answer.payload)).not.toBe('0400ffffff');
  });
});

it('where the start is tried until it works, an open uplink does not cost the session', async () => {
  for (const [name, works] of [
    ['loramac-node', false],
    ['basics-modem', true],
  ] as const) {
    const w = world({ behaviour: behaviour(name, { multicast: { quietBeforeS: 0 } }), uplinkIntervalS: 10 });
    const startMs = await openSession(w);
    w.network.onUplink = () => {
      if (w.clock.now() > startMs - 15_000 && w.clock.now() < startMs + 500)
        w.network.queue(w.eui, { fPort: 7, payload: Uint8Array.of(1), fPending: true });
    };
    await w.clock.advance(startMs - w.clock.now() + 8_000);
    expect([name, w.first.snapshot().inSession]).toEqual([name, works]);
  }
});

it('each group has its own start on Basics Modem, and a deleted one ends its session', async () => {
  const w = world({ behaviour: behaviour('basics-modem'), uplinkIntervalS: 9 });
  await ready(w);
  for (const id of [0, 1]) await exchange(w, 200, groupSetup(w.first, { id, mcAddr: 0x01020304 + id }));
  await exchange(w, 200, sessionRequest({ id: 0, sessionTime: gpsIn(w, 90), timeOut: 4 }));
  await exchange(w, 200, sessionRequest({ id: 1, sessionTime: gpsIn(w, 150), timeOut: 10 }));
  const starts = (): number => w.fleet.events.filter(({ type }) => type === 'session-started').length;
  await until(w.clock, () => starts() === 2, 300);
  expect(w.first.snapshot().inSession).toBe(true);
  w.network.queue(w.eui, { fPort: 200, payload: Uint8Array.of(0x03, 0x01) });
  const session = w.network.device(w.eui).session;
  const last = w.network.uplinks.at(-1);
  if (session === undefined || last === undefined) throw new Error('not joined');
  w.network.multicast({ ...GROUP, mcAddr: 0x01020305 }, SETTING, { fCnt: 0, fPort: 201, payload: Uint8Array.of(0) });
  await until(w.clock, () => !w.first.snapshot().inSession, 1_100);
});

describe('Zephyr', () => {
  it('counts every DataFragment, repeats and those after completion too; 0 missing does not say complete', async () => {
    const w = await receiving('zephyr');
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5] });
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5], fCntAbove: 50 });
    expect(await statusOf(w, 100)).toBe('010a000000');
    expect(await statusOf(w, 101, { participants: false })).toBeUndefined();
    expect(w.first.snapshot()).toMatchObject({ state: 'receiving', complete: false, missing: 5 });
    await broadcast(w, FRAGMENTS, { numbers: numbers(6, 10), fCntAbove: 200 });
    expect(received(w)).toBe(toHex(BLOCK));
    await broadcast(w, FRAGMENTS, { numbers: [11, 12], fCntAbove: 200 });
    expect(await statusOf(w, 300)).toBe('0111000000');
  });

  it('clamps what is missing to 255, and never sets the memory bit', async () => {
    const limits = { fragmentation: { maxRedundancy: 2 } };
    const w = await receiving('zephyr', limits, { fragments: 1_000, size: 4, padding: 0 });
    await broadcast(w, fragmentsOf(new Uint8Array(4_000), 4, 3), { numbers: [1, 1_001, 1_002] });
    expect(await statusOf(w, 2_000)).toBe('010300ff00');
    expect(w.first.snapshot()).toMatchObject({ state: 'receiving', images: 0 });
  });

  it('takes a second pass over the plain fragments, as long as no coded one came', async () => {
    const w = await receiving('zephyr');
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 4, 5, 6, 7, 9, 10] });
    await broadcast(w, FRAGMENTS, { numbers: [3, 8], fCntAbove: 50 });
    expect(received(w)).toBe(toHex(BLOCK));
  });

  it('refuses a second session of another index while one is open, not after it is done or deleted', async () => {
    const w = world({ behaviour: behaviour('zephyr'), uplinkIntervalS: 5 });
    await ready(w);
    const setUp = async (index: number): Promise<string> =>
      toHex((await exchange(w, 201, fragSetup({ ...SETUP, index }))).payload);
    expect(await setUp(0)).toBe('0200');
    expect(await setUp(1)).toBe('0244');
    expect(await setUp(0)).toBe('0200');
    expect(toHex((await exchange(w, 201, Uint8Array.of(0x03, 0x00))).payload)).toBe('0300');
    expect(await setUp(1)).toBe('0240');
    expect(toHex((await exchange(w, 201, Uint8Array.of(0x03, 0x00))).payload)).toBe('0304');
  });
});

describe('the reference stack', () => {
  it('does not clear the memory bit before a reset, not even for a block that is right', async () => {
    const w = await receiving('loramac-node', { fragmentation: { maxRedundancy: 2 } });
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5, 6, 7, 11] });
    expect(w.first.snapshot()).toMatchObject({ state: 'done', complete: false });
    expect(w.first.held()).toMatchObject({ complete: false, sha256: w.first.snapshot().sha256 });
    w.network.queue(w.eui, { fPort: 201, payload: fragSetup(SETUP) });
    w.network.multicast(GROUP, SETTING, { fCnt: 100, fPort: 201, payload: Uint8Array.of(0x01, 0x01) });
    await until(w.clock, () => w.first.snapshot().state === 'receiving', 60);
    await broadcast(w, FRAGMENTS, { numbers: numbers(1, COUNT), fCntAbove: 200 });
    expect(received(w)).toBe(toHex(BLOCK));
    expect(await statusOf(w, 300)).toBe('010a000001');
  });

  it('freezes its numbers at completion', async () => {
    const w = await receiving('loramac-node');
    await broadcast(w, FRAGMENTS, { numbers: numbers(1, 30) });
    expect(await statusOf(w, 100)).toBe('010a000000');
  });

  it('has one timer for answers that wait: a second question takes the place of the first', async () => {
    for (const [name, expected] of [
      ['loramac-node', 1],
      ['zephyr', 2],
    ] as const) {
      const w = await receiving(name, { mac: { queuesWhileBusy: true } }, { blockAckDelay: 3 });
      for (const fCnt of [1, 2]) {
        w.network.multicast(GROUP, SETTING, { fCnt, fPort: 201, payload: Uint8Array.of(0x01, 0x01) });
        await w.clock.advance(400);
      }
      await w.clock.advance(135_000);
      expect([name, w.network.on(w.eui, 201).length - 1]).toEqual([name, expected]);
    }
  });

  it('STM32CubeWL heeds McGroupBitMask and sends version 2 status answers in the order of version 1', async () => {
    const w = await receiving('stm32cubewl', {}, { mask: 0b0010 });
    await broadcast(w, FRAGMENTS.slice(0, 3));
    expect(w.first.snapshot().heard).toBe(0);
  });
});

/**
 * What a profile lets a server conclude from a status answer must never contradict the octets: for every stack and any
 * losses, "complete" is said of whole blocks only, and no more is said to be missing than is.
 */
it.each(NAMES.filter((name) => BEHAVIOURS[name].fragmentation.version === 1))(
  'the counts of %s, read by its profile, never say what is not so',
  async (name) => {
    const { status } = profile(PROFILE_OF_BEHAVIOUR[name]).fragmentation;
    for (const seed of ['a', 'b', 'c', 'd']) {
      const w = world({
        seed,
        behaviour: behaviour(name, { integrity: null, multicast: { leavesWhenDone: false } }),
        uplinkIntervalS: 11,
        radio: { lossOf: ({ frame }) => (frame.octets[0] === 0x60 && frame.octets.length > 30 ? 0.3 : 0) },
      });
      await openSession(w, { frag: fragSetup(SETUP), timeOut: 13, inS: 80 });
      await until(w.clock, () => w.first.snapshot().inSession, 300);
      for (let n = 1; n <= 24; n++) {
        await broadcast(w, FRAGMENTS, { numbers: [n], fCntAbove: n * 2 });
        if (n % 4 !== 2) continue;
        const answer = await statusOf(w, n * 3 + 1);
        await w.clock.advance(4_000);
        if (answer === undefined) continue;
        const octets = Buffer.from(answer, 'hex');
        const counts = { NbFragReceived: octets.readUInt16LE(1) & 0x3fff, MissingFrag: octets[3] ?? 0 };
        const reading = readStatus(status, COUNT, counts);
        const { complete, missing } = w.first.snapshot();
        if (reading.complete === 'yes') expect([n, answer, complete]).toEqual([n, answer, true]);
        if (complete) expect([n, answer, reading.complete]).not.toEqual([n, answer, 'no']);
        else expect(reading.missingAtLeast).toBeLessThanOrEqual(missing);
      }
    }
  },
);
