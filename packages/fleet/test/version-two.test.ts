import { toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { BehaviourChanges } from '../src/behaviour/device-behaviour.ts';
import { type BehaviourName, behaviour } from '../src/behaviour/presets.ts';
import type { FleetOptions } from '../src/fleet/fleet.ts';
import type { DecoderRowRule } from '../src/fragments/parity-row.ts';
import {
  broadcast,
  exchange,
  fragmentsOf,
  fragSetup2,
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
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const fragments = (rule: DecoderRowRule = 'v2r'): Uint8Array[] => fragmentsOf(BLOCK, SIZE, 30, rule);
const hex = (octets: Uint8Array): string => toHex(octets);

type Setup = Partial<Parameters<typeof fragSetup2>[2]>;

/** A device of version 2 at rest, that has heard of no block. */
async function atRest(
  name: BehaviourName = 'by-the-book-v2',
  changes: BehaviourChanges = {},
  options: Partial<FleetOptions> = {},
): Promise<World> {
  const w = world({ behaviour: behaviour(name, changes), uplinkIntervalS: 7, ...options });
  await ready(w);
  return w;
}

/** A device of version 2 in its session, with a block announced. */
async function receiving(
  name: BehaviourName = 'by-the-book-v2',
  changes: BehaviourChanges = {},
  setup: Setup = {},
  block = BLOCK,
): Promise<World> {
  const w = world({ behaviour: behaviour(name, changes), uplinkIntervalS: 11 });
  const frag = fragSetup2(w.first, block, { size: SIZE, ...setup });
  await openSession(w, { frag, timeOut: 13, inS: 80 });
  await until(w.clock, () => w.first.snapshot().inSession, 300);
  return w;
}

const received = (w: World): string | undefined => {
  const image = w.sink.images.at(-1);
  return image === undefined ? undefined : hex(image.octets);
};

const receivedReqs = (w: World): string[] =>
  w.network.on(w.eui, 201).flatMap(({ payload }) => (payload[0] === 0x04 ? [hex(payload)] : []));

describe('versions', () => {
  it('are told by every package', async () => {
    const w = await atRest();
    for (const [fPort, expected] of [
      [200, '000202'],
      [201, '000302'],
      [202, '000102'],
      [203, '000401'],
    ] as const) {
      expect(hex((await exchange(w, fPort, Uint8Array.of(0x00))).payload)).toBe(expected);
    }
    // Multi-package frames end with a token.
    expect(hex((await exchange(w, 225, Uint8Array.of(0x00, 0x01))).payload)).toBe('00000101');
    expect(hex((await exchange(w, 225, Uint8Array.of(0x01, 0x03))).payload)).toBe(
      '01050001e10102ca0202c80302c90401cb03',
    );
  });

  it('commands of several packages come in one frame, and so do the answers', async () => {
    const w = await atRest();
    const octets = Uint8Array.of(0x00, 0x82, 0x00, 0x83, 0x00, 0x03, 0x02, 0x84, 0x00, 0x02);
    expect(hex((await exchange(w, 225, octets)).payload)).toBe(
      '000001' + '82000202' + '83000302' + '0306' + '84000401' + '02',
    );
  });
});

describe('FragSessionSetupReq of version 2', () => {
  it('is refused with a SessionCnt that was used, from the first fragment on', async () => {
    const w = await atRest();
    const setUp = async (sessionCnt: number, index = 0): Promise<string> =>
      hex((await exchange(w, 201, fragSetup2(w.first, BLOCK, { size: SIZE, sessionCnt, index }))).payload);
    const fragment = async (index = 0): Promise<void> => {
      const octets = Uint8Array.of(0x08, 0x01, index << 6, ...(fragments()[0] ?? []));
      const before = w.first.snapshot().heard;
      w.network.queue(w.eui, { fPort: 201, payload: octets });
      await until(w.clock, () => w.first.snapshot().heard > before, 60);
    };
    expect(await setUp(5)).toBe('0200');
    expect(await setUp(5)).toBe('0200');
    expect(await setUp(3)).toBe('0200');
    await fragment();
    expect(await setUp(3)).toBe('0210');
    expect(await setUp(2)).toBe('0210');
    // Every FragIndex counts for itself, and 0 may be used once.
    expect(await setUp(0, 2)).toBe('0280');
    await fragment(2);
    expect(await setUp(0, 2)).toBe('0290');
    expect(await setUp(4)).toBe('0200');
  });

  it.each([
    ['by-the-book-v2', '0210'],
    ['basics-modem-v2', '0200'],
  ] as const)('after a reset %s answers a used SessionCnt with %s', async (name, expected) => {
    const w = await atRest(name);
    const setup = fragSetup2(w.first, BLOCK, { size: SIZE, sessionCnt: 7 });
    await exchange(w, 201, setup);
    const octets = Uint8Array.of(0x08, 0x01, 0x00, ...(fragments()[0] ?? []));
    w.network.queue(w.eui, { fPort: 201, payload: octets });
    await until(w.clock, () => w.first.snapshot().heard > 0, 60);
    w.first.reboot();
    await until(w.clock, () => !w.first.snapshot().clockSynchronised, 60);
    await ready(w);
    expect(hex((await exchange(w, 201, setup)).payload)).toBe(expected);
  });

  it('of version 1 is not understood by Basics Modem in version 2', async () => {
    const w = await atRest('basics-modem-v2');
    w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x02, 1, 10, 0, 20, 0, 5, 0, 0, 0, 0) });
    await w.clock.advance(40_000);
    expect(w.network.on(w.eui, 201)).toEqual([]);
  });
});

describe('a block of version 2', () => {
  it.each(['v2r', 'v2a'] as const)('is repaired by coded fragments of rule %s and passes its MIC', async (rowRule) => {
    const w = await receiving('by-the-book-v2', { fragmentation: { rowRule } });
    await broadcast(w, fragments(rowRule), { numbers: numbers(1, 30).filter((n) => ![2, 5, 9].includes(n)) });
    expect(received(w)).toBe(hex(BLOCK));
    expect(w.first.held()).toEqual({ sha256: w.first.snapshot().sha256, size: BLOCK.length, complete: true });
  });

  it('made by another rule than the device’s is refused by its MIC, and the status says so', async () => {
    const w = await receiving('by-the-book-v2', { multicast: { leavesWhenDone: false } });
    await broadcast(w, fragments('v1'), { numbers: numbers(1, 40).filter((n) => ![2, 5, 9].includes(n)) });
    expect(w.sink.images).toEqual([]);
    expect(w.first.snapshot()).toMatchObject({ state: 'failed', complete: true, sha256: null });
    expect((await statusOf(w, 100))?.slice(0, 4)).toBe('0102');
  });

  it('with a wrong GenAppKey is refused too', async () => {
    const w = await atRest('by-the-book-v2', { faults: { wrongGenAppKey: true } });
    await exchange(w, 201, fragSetup2(w.first, BLOCK, { size: SIZE }));
    for (const [i, fragment] of fragments().slice(0, COUNT).entries()) {
      w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x08, i + 1, 0, ...fragment) });
    }
    await until(w.clock, () => w.first.snapshot().state === 'failed', 300);
    expect(w.sink.images).toEqual([]);
  });

  it('sends the status first, and nothing after it when there is no session', async () => {
    const w = await receiving();
    await broadcast(w, fragments(), { numbers: [1, 2, 4] });
    expect(await statusOf(w, 50)).toBe('0100030007');
    expect(await statusOf(w, 51, { index: 2, participants: false })).toBe('0104');
  });

  it('on Basics Modem has all four octets even then, and no MICError after a lossless reception', async () => {
    const w = await receiving('basics-modem-v2', { faults: { wrongCrc: true } });
    expect(await statusOf(w, 1, { index: 2 })).toBe('010400800a');
    await broadcast(w, fragments(), { numbers: numbers(1, COUNT), fCntAbove: 10 });
    expect(w.first.snapshot().state).toBe('failed');
    expect(await statusOf(w, 50)).toBe('01000a0001');
    const repaired = await receiving('basics-modem-v2', { faults: { wrongCrc: true } });
    await broadcast(repaired, fragments(), { numbers: numbers(2, 20) });
    expect((await statusOf(repaired, 50))?.slice(0, 4)).toBe('0102');
  });

  it('on STM32CubeWL comes in the order of version 1', async () => {
    const w = await receiving('stm32cubewl-v2');
    await broadcast(w, fragments(), { numbers: [1, 2, 4] });
    expect(await statusOf(w, 50)).toBe('0104000100');
  });

  it('may come in four sessions at a time, each with its own decoder', async () => {
    const w = await receiving();
    w.network.multicast(GROUP, SETTING, { fCnt: 1, fPort: 201, payload: Uint8Array.of(0x01, 0x01) });
    w.network.queue(w.eui, { fPort: 201, payload: fragSetup2(w.first, BLOCK, { size: SIZE, index: 1 }) });
    await until(w.clock, () => w.network.device(w.eui).queue.length === 0, 60);
    await w.clock.advance(5_000);
    await broadcast(w, fragments(), { numbers: [1, 2, 3], fCntAbove: 10 });
    await broadcast(w, fragments(), { numbers: [5], fCntAbove: 20, index: 1 });
    expect(await statusOf(w, 50)).toBe('0100030007');
    expect(await statusOf(w, 51, { index: 1 })).toBe('0100014009');
  });
});

describe('AckReception', () => {
  it('has the device report until it is answered', async () => {
    const w = await receiving('by-the-book-v2', {}, { ackReception: true });
    await broadcast(w, fragments(), { numbers: numbers(1, COUNT) });
    await until(w.clock, () => receivedReqs(w).length >= 3, 120);
    expect(receivedReqs(w).every((one) => one === '0400')).toBe(true);
    w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x04, 0x01) });
    await until(w.clock, () => w.network.device(w.eui).queue.length === 0, 60);
    const others = receivedReqs(w).length;
    await w.clock.advance(60_000);
    expect(receivedReqs(w).length).toBeGreaterThan(others);
    w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x04, 0x00) });
    await until(w.clock, () => w.network.device(w.eui).queue.length === 0, 60);
    await w.clock.advance(2_000);
    const asked = receivedReqs(w).length;
    await w.clock.advance(120_000);
    expect(receivedReqs(w)).toHaveLength(asked);
  });

  it('tells of a wrong MIC, and Basics Modem tells three times', async () => {
    const w = await receiving('basics-modem-v2', { faults: { wrongCrc: true } }, { ackReception: true });
    await broadcast(w, fragments(), { numbers: numbers(1, COUNT) });
    await w.clock.advance(300_000);
    expect(receivedReqs(w)).toEqual(['0404', '0404', '0404']);
  });

  it('repeats every 1.5 s on STM32CubeWL', async () => {
    const w = await receiving('stm32cubewl-v2', { mac: { queuesWhileBusy: true } }, { ackReception: true });
    await broadcast(w, fragments(), { numbers: numbers(1, COUNT) });
    await w.clock.advance(60_000);
    expect(receivedReqs(w).length).toBeGreaterThan(12);
  });

  it('not set leaves it silent', async () => {
    const w = await receiving();
    await broadcast(w, fragments(), { numbers: numbers(1, COUNT) });
    await w.clock.advance(120_000);
    expect(receivedReqs(w)).toEqual([]);
  });
});

describe('groups of version 2', () => {
  it('are listed, and deleting one aborts its session', async () => {
    const w = await atRest();
    await exchange(w, 200, groupSetup(w.first));
    await exchange(w, 200, groupSetup(w.first, { id: 3, mcAddr: 0x01020304 }));
    expect(hex((await exchange(w, 200, Uint8Array.of(0x01, 0x0f))).payload)).toBe('0129002f49daf0' + '0304030201');
    await exchange(w, 200, sessionRequest({ sessionTime: gpsIn(w, 120), timeOut: 10 }));
    expect(hex((await exchange(w, 200, Uint8Array.of(0x03, 0x00))).payload)).toBe('0300');
    await w.clock.advance(200_000);
    expect(w.fleet.events.some(({ type }) => type === 'session-started')).toBe(false);
    expect(hex((await exchange(w, 200, Uint8Array.of(0x03, 0x00))).payload)).toBe('0304');
  });

  it('do not execute what comes to their address on FPort 200', async () => {
    const w = await receiving();
    const before = w.network.on(w.eui, 200).length;
    w.network.multicast(GROUP, SETTING, { fCnt: 1, fPort: 200, payload: Uint8Array.of(0x00) });
    await w.clock.advance(10_000);
    expect(w.network.on(w.eui, 200)).toHaveLength(before);
  });

  it('take counters below maxMcFCnt only', async () => {
    const w = await atRest('by-the-book-v2', {}, { uplinkIntervalS: 11 });
    await exchange(w, 200, groupSetup(w.first, { min: 5, max: 9 }));
    await exchange(w, 200, sessionRequest({ sessionTime: gpsIn(w, 60), timeOut: 12 }));
    await until(w.clock, () => w.first.snapshot().inSession, 100);
    for (const fCnt of [4, 5, 8, 9]) {
      w.network.multicast(GROUP, SETTING, { fCnt, fPort: 10, payload: Uint8Array.of(1) });
      await w.clock.advance(500);
    }
    expect(w.sink.messages.map(({ fCnt }) => fCnt)).toEqual([5, 8]);
  });
});

describe('the clock of version 2', () => {
  it('asks for the time alone, insists until it is told, and lets its period be set', async () => {
    const w = await atRest('by-the-book-v2', {}, { uplinkIntervalS: 30 });
    const requests = w.network.on(w.eui, 202);
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.every(({ mac }) => mac.every(({ name }) => name !== 'DeviceTimeReq'))).toBe(true);
    expect((requests[0]?.payload[5] ?? 0) & 0x10).toBe(0x10);
    const asked = requests.length;
    await w.clock.advance(600_000);
    expect(w.network.on(w.eui, 202)).toHaveLength(asked);
    expect(hex((await exchange(w, 202, Uint8Array.of(0x02, 0x00))).payload).slice(0, 4)).toBe('0200');
    await w.clock.advance(600_000);
    expect(w.network.on(w.eui, 202).length).toBeGreaterThan(asked + 3);
  });
});
