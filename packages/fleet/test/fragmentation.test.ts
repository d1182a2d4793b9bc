import { toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { BehaviourChanges } from '../src/behaviour/device-behaviour.ts';
import type { BehaviourName } from '../src/behaviour/presets.ts';
import { behaviour } from '../src/behaviour/presets.ts';
import {
  broadcast,
  dataFragment,
  deliver,
  exchange,
  fragmentsOf,
  fragSetup,
  GROUP,
  openSession,
  ready,
  SETTING,
  until,
  type World,
  world,
} from './world.ts';

const BLOCK = Uint8Array.from({ length: 195 }, (_, i) => (i * 37 + 11) & 255);
const SIZE = 20;
const COUNT = 10;
const FRAGMENTS = fragmentsOf(BLOCK, SIZE, 30);
const SETUP = { fragments: COUNT, size: SIZE, padding: 5 };

/** A device in its session, with a block announced. */
async function receiving(
  name: BehaviourName = 'loramac-node',
  changes: BehaviourChanges = {},
  setup: Partial<Parameters<typeof fragSetup>[0]> = {},
): Promise<World> {
  const w = world({ behaviour: behaviour(name, changes), uplinkIntervalS: 11 });
  await openSession(w, { frag: fragSetup({ ...SETUP, ...setup }), timeOut: 13, inS: 80 });
  await until(w.clock, () => w.first.snapshot().inSession, 300);
  return w;
}

/** FragSessionStatusReq over the multicast address; the answer, or undefined when none came in 20 s. */
async function status(w: World, fCnt: number, participants: boolean): Promise<string | undefined> {
  const before = w.network.on(w.eui, 201).length;
  w.network.multicast(GROUP, SETTING, { fCnt, fPort: 201, payload: Uint8Array.of(0x01, participants ? 1 : 0) });
  await w.clock.advance(20_000);
  const answer = w.network.on(w.eui, 201)[before];
  return answer === undefined ? undefined : toHex(answer.payload);
}

const received = (w: World): string | undefined => {
  const image = w.sink.images.at(-1);
  return image === undefined ? undefined : toHex(image.octets);
};

describe('a block', () => {
  it('arrives without losses, its padding removed', async () => {
    const w = await receiving();
    await broadcast(w, FRAGMENTS.slice(0, COUNT));
    expect(received(w)).toBe(toHex(BLOCK));
    expect(w.first.snapshot()).toMatchObject({
      state: 'done',
      expected: COUNT,
      heard: COUNT,
      missing: 0,
      parityUsed: 0,
    });
  });

  it('is repaired by coded fragments', async () => {
    const w = await receiving();
    const numbers = FRAGMENTS.map((_, i) => i + 1).filter((n) => ![2, 3, 9].includes(n));
    await broadcast(w, FRAGMENTS, { numbers });
    expect(received(w)).toBe(toHex(BLOCK));
    expect(w.sink.images).toHaveLength(1);
    expect(w.sink.images[0]).toMatchObject({ fragmentsMissing: 3, parityUsed: 3 });
  });

  it('may also come by unicast', async () => {
    const w = world({ behaviour: behaviour('loramac-node'), uplinkIntervalS: 5 });
    await ready(w);
    await exchange(w, 201, fragSetup(SETUP));
    for (let n = 1; n <= COUNT; n++) {
      await deliver(w, { fPort: 201, payload: dataFragment(n, FRAGMENTS[n - 1] ?? new Uint8Array(0)) });
    }
    expect(received(w)).toBe(toHex(BLOCK));
  });
});

describe('behaviour 13: FragSessionSetupReq', () => {
  it.each([
    ['FragAlgo 1', { algo: 1 }, '0201'],
    ['too many fragments', { fragments: 101 }, '0202'],
    ['fragments too long', { size: 51 }, '0202'],
    ['no fragment', { fragments: 0 }, '0202'],
    ['index 3', { index: 3 }, '02c0'],
    ['index 2, too large', { index: 2, fragments: 101 }, '0282'],
    ['both errors', { algo: 7, fragments: 101 }, '0203'],
    ['a group mask of nothing', { mask: 0 }, '0200'],
  ])('with %s is answered %s', async (_, changes, expected) => {
    const limits = { maxFragments: 100, maxFragmentSize: 50 };
    const w = world({ behaviour: behaviour('loramac-node', { fragmentation: limits }), uplinkIntervalS: 10 });
    await ready(w);
    const { payload } = await exchange(w, 201, fragSetup({ ...SETUP, ...changes }));
    expect(toHex(payload)).toBe(expected);
  });

  it('does not look at McGroupBitMask on the reference stack; a dot does', async () => {
    for (const [name, expected] of [
      ['loramac-node', 3],
      ['multitech-dot', 0],
    ] as const) {
      const w = await receiving(name, {}, { mask: 0b0010 });
      await broadcast(w, FRAGMENTS.slice(0, 3));
      expect([name, w.first.snapshot().heard]).toEqual([name, expected]);
    }
  });

  it('has one decoder behind all indices: another session ends what the first had gathered', async () => {
    const w = await receiving();
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5] });
    await deliver(w, { fPort: 201, payload: fragSetup({ ...SETUP, index: 1 }) }).catch(() => undefined);
    expect(w.first.snapshot().heard).toBe(5);
    const other = world({ behaviour: behaviour('loramac-node'), uplinkIntervalS: 5 });
    await ready(other);
    await exchange(other, 201, fragSetup(SETUP));
    for (let n = 1; n <= 5; n++) {
      await deliver(other, { fPort: 201, payload: dataFragment(n, FRAGMENTS[n - 1] ?? new Uint8Array(0)) });
    }
    expect(other.first.snapshot().heard).toBe(5);
    await exchange(other, 201, fragSetup({ ...SETUP, index: 1 }));
    expect(other.first.snapshot().heard).toBe(0);
  });

  it('tells of a session to delete that does not exist', async () => {
    const w = world({ behaviour: behaviour('loramac-node'), uplinkIntervalS: 10 });
    await ready(w);
    expect(toHex((await exchange(w, 201, Uint8Array.of(0x03, 0x01))).payload)).toBe('0305');
    await exchange(w, 201, fragSetup({ ...SETUP, index: 1 }));
    expect(w.first.snapshot().state).toBe('receiving');
    expect(toHex((await exchange(w, 201, Uint8Array.of(0x03, 0x01))).payload)).toBe('0301');
    expect(w.first.snapshot().state).toBe('idle');
  });

  it('of version 2 leaves six octets that are executed as commands', async () => {
    const w = world({ behaviour: behaviour('loramac-node'), uplinkIntervalS: 10 });
    await ready(w);
    const octets = Uint8Array.of(...fragSetup(SETUP), 0x00, 0x00, 0x11, 0x22, 0x33, 0x44);
    expect(toHex((await exchange(w, 201, octets)).payload)).toBe('0200000301000301');
  });
});

describe('behaviour 14: the order of fragments', () => {
  it('a second pass over the plain ones repairs nothing', async () => {
    const w = await receiving();
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 4, 5, 6, 7, 8, 9, 10] });
    for (let n = 1; n <= COUNT; n++) {
      w.network.multicast(GROUP, SETTING, {
        fCnt: 100 + n,
        fPort: 201,
        payload: dataFragment(n, FRAGMENTS[n - 1] ?? new Uint8Array(0)),
      });
      await w.clock.advance(1_000);
    }
    expect(w.first.snapshot()).toMatchObject({ state: 'receiving', missing: 1 });
  });

  it('coded ones may come in any order', async () => {
    const w = await receiving();
    const plain = [1, 2, 4, 5, 7, 8, 9, 10];
    await broadcast(w, FRAGMENTS, { numbers: plain });
    for (const [i, n] of [30, 17, 25, 11, 38, 13, 12].entries()) {
      w.network.multicast(GROUP, SETTING, {
        fCnt: 200 + i,
        fPort: 201,
        payload: dataFragment(n, FRAGMENTS[n - 1] ?? new Uint8Array(0)),
      });
      await w.clock.advance(1_000);
    }
    expect(received(w)).toBe(toHex(BLOCK));
  });
});

describe('behaviour 15: FragSessionStatusAns', () => {
  it('tells the number of the last fragment and the losses, also when complete; asked alone of those that miss some', async () => {
    const w = await receiving('loramac-node');
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 4, 5, 7] });
    expect(await status(w, 50, true)).toBe('0107000200');
    await broadcast(w, FRAGMENTS, {
      numbers: [8, 9, 10, ...Array.from({ length: 25 }, (_, i) => 11 + i)].map((n) => n),
    });
    // Counters below 50 are repeats: nothing of that came in.
    expect(await status(w, 51, true)).toBe('0107000200');
    for (const n of [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]) {
      w.network.multicast(GROUP, SETTING, {
        fCnt: 60 + n,
        fPort: 201,
        payload: dataFragment(n, FRAGMENTS[n - 1] ?? new Uint8Array(0)),
      });
      await w.clock.advance(1_000);
    }
    expect(received(w)).toBe(toHex(BLOCK));
    const answer = await status(w, 100, false);
    expect(answer?.slice(0, 2)).toBe('01');
    expect(answer?.slice(6)).toBe('0200');
  });

  it('is counted by a dot, which says nothing when it is complete and only those that miss some are asked', async () => {
    const w = await receiving('multitech-dot', { integrity: { firstDelayMs: 60_000 } });
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 4, 5, 7] });
    expect(await status(w, 8, true)).toBe('0105000500');
    await broadcast(w, FRAGMENTS, { numbers: [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20] });
    expect(w.first.snapshot().state).toBe('verifying');
    expect(await status(w, 50, false)).toBeUndefined();
  });

  it('counts missing fragments modulo 256, a dot up to 255', async () => {
    for (const [name, expected] of [
      ['loramac-node', '012c012b00'],
      ['multitech-dot', '010100ff00'],
    ] as const) {
      const w = await receiving(name, {}, { fragments: 1_000, size: 4, padding: 0 });
      w.network.multicast(GROUP, SETTING, { fCnt: 1, fPort: 201, payload: dataFragment(300, new Uint8Array(4)) });
      await w.clock.advance(1_000);
      expect(await status(w, 2, true)).toBe(expected);
    }
  });

  it('reports the last session’s number until the first fragment of the next', async () => {
    const ownBuffer = { fragmentation: { sharedAnswerBuffer: false }, mac: { queuesWhileBusy: true } };
    const w = world({ behaviour: behaviour('loramac-node', ownBuffer), uplinkIntervalS: 5 });
    await ready(w);
    await exchange(w, 201, fragSetup(SETUP));
    await deliver(w, { fPort: 201, payload: dataFragment(4, FRAGMENTS[3] ?? new Uint8Array(0)) });
    await exchange(w, 201, fragSetup(SETUP));
    expect(toHex((await exchange(w, 201, Uint8Array.of(0x01, 0x01))).payload)).toBe('0104000000');
  });
});

describe('behaviour 16: the delayed answer', () => {
  const delays = async (blockAckDelay: number): Promise<number[]> => {
    const w = await receiving('loramac-node', {}, { blockAckDelay });
    const found: number[] = [];
    for (let i = 0; i < 12; i++) {
      // The windows after the last answer would tear the receiver away from the question.
      await w.clock.advance(3_000);
      const before = w.network.on(w.eui, 201).length;
      const asked = w.clock.now();
      w.network.multicast(GROUP, SETTING, { fCnt: i + 1, fPort: 201, payload: Uint8Array.of(0x01, 0x01) });
      await until(w.clock, () => w.network.on(w.eui, 201).length > before, 200);
      found.push(((w.network.on(w.eui, 201)[before]?.at ?? 0) - asked) / 1000);
    }
    return found;
  };

  it('is spread over 2^(BlockAckDelay+4) seconds', async () => {
    const short = await delays(0);
    expect(Math.max(...short)).toBeLessThan(17);
    expect(Math.max(...short) - Math.min(...short)).toBeGreaterThan(6);
    const long = await delays(2);
    expect(Math.max(...long)).toBeLessThan(65);
    expect(Math.max(...long)).toBeGreaterThan(17);
  });

  it('waits after a unicast request too', async () => {
    const w = world({ behaviour: behaviour('loramac-node'), uplinkIntervalS: 0 });
    await until(w.clock, () => w.first.snapshot().joined, 60);
    w.network.queue(w.eui, { fPort: 201, payload: fragSetup({ ...SETUP, blockAckDelay: 1 }) });
    await until(w.clock, () => w.network.on(w.eui, 201).length === 1, 60);
    w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x01, 0x01) });
    w.network.answersTime = false;
    const session = w.network.device(w.eui).session;
    const last = w.network.uplinks.at(-1);
    if (session === undefined || last === undefined) throw new Error('not joined');
    w.network.device(w.eui).queue.length = 0;
    w.network.answer(session, last, { fPort: 201, payload: Uint8Array.of(0x01, 0x01) });
    const asked = w.clock.now();
    await until(w.clock, () => w.network.on(w.eui, 201).length === 2, 60);
    const waited = (w.network.on(w.eui, 201)[1]?.at ?? 0) - asked;
    expect(waited).toBeGreaterThan(1_300);
    expect(waited).toBeLessThan(34_000);
  });

  it('is overwritten in its buffer by whatever is sent meanwhile', async () => {
    for (const sharedAnswerBuffer of [true, false]) {
      const w = world({
        behaviour: behaviour('loramac-node', { fragmentation: { sharedAnswerBuffer }, mac: { queuesWhileBusy: true } }),
        uplinkIntervalS: 4,
      });
      await ready(w);
      await exchange(w, 201, fragSetup({ ...SETUP, blockAckDelay: 2 }));
      const answer = await exchange(w, 201, Uint8Array.of(0x01, 0x01));
      // Application uplinks every four seconds: by then the buffer holds one of them, at the length of the answer.
      expect(answer.payload).toHaveLength(5);
      const applied = w.network.on(w.eui, 2).at(-1)?.payload ?? new Uint8Array(0);
      if (sharedAnswerBuffer) expect(toHex(answer.payload.subarray(0, 4))).toBe(toHex(applied));
      else expect(toHex(answer.payload)).toBe('0100000000');
    }
  });
});

describe('behaviour 17: losses above the limit of redundancy', () => {
  it('end in "done" with a wrong file on the reference stack', async () => {
    const w = await receiving('loramac-node', { fragmentation: { maxRedundancy: 2 } });
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5, 6, 7, 11] });
    expect(w.first.snapshot().state).toBe('done');
    expect(received(w)).not.toBe(toHex(BLOCK));
    expect(received(w)).toHaveLength(2 * BLOCK.length);
    expect((await status(w, 50, true))?.slice(-2)).toBe('01');
  });

  it('leave a dot waiting, which says so', async () => {
    const w = await receiving('multitech-dot', { fragmentation: { maxRedundancy: 2 } });
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16] });
    expect(w.first.snapshot()).toMatchObject({ state: 'receiving', images: 0 });
    expect(await status(w, 50, true)).toBe('010d000301');
  });
});

it('behaviour 18: a short fragment takes stale octets for its end', async () => {
  const w = await receiving();
  const short = (FRAGMENTS[COUNT - 1] ?? new Uint8Array(0)).subarray(0, SIZE - 5);
  await broadcast(w, [...FRAGMENTS.slice(0, COUNT - 1), short]);
  // The padding is cut off the block, so the image is right all the same; a shorter one is not.
  expect(received(w)).toBe(toHex(BLOCK));
  const worse = await receiving();
  await broadcast(worse, [...FRAGMENTS.slice(0, COUNT - 1), short.subarray(0, 10)]);
  const previous = FRAGMENTS[COUNT - 2] ?? new Uint8Array(0);
  expect(received(worse)).toBe(
    toHex(Uint8Array.of(...BLOCK.subarray(0, 180), ...short.subarray(0, 10), ...previous.subarray(10, 15))),
  );
});

describe('faults', () => {
  it('deaf from a fragment on', async () => {
    const w = await receiving('multitech-dot', { faults: { deafFromFragment: 6 } });
    await broadcast(w, FRAGMENTS);
    expect(w.first.snapshot()).toMatchObject({ state: 'receiving', heard: 5, missing: 5 });
  });

  it('silent in setup', async () => {
    const w = world({ behaviour: behaviour('multitech-dot', { faults: { silentInSetup: true } }), uplinkIntervalS: 5 });
    await ready(w);
    await deliver(w, { fPort: 201, payload: fragSetup(SETUP) });
    await deliver(w, { fPort: 200, payload: Uint8Array.of(0x00) });
    await w.clock.advance(60_000);
    expect([...w.network.on(w.eui, 200), ...w.network.on(w.eui, 201)]).toEqual([]);
    expect(w.network.on(w.eui, 2).length).toBeGreaterThan(10);
  });

  it('answers that are not sent', async () => {
    const w = world({ behaviour: behaviour('multitech-dot', { faults: { answerLoss: 0.5 } }), uplinkIntervalS: 5 });
    await ready(w);
    for (let i = 0; i < 40; i++) await deliver(w, { fPort: 200, payload: Uint8Array.of(0x00) });
    const answers = w.network.on(w.eui, 200).length;
    expect(answers).toBeGreaterThan(8);
    expect(answers).toBeLessThan(32);
  });

  it('a reset forgets everything but the nonces', async () => {
    const w = world({ behaviour: behaviour('multitech-dot', { faults: { rebootAtS: 200 } }), uplinkIntervalS: 5 });
    await ready(w);
    await exchange(w, 201, fragSetup(SETUP));
    await until(w.clock, () => w.network.joinRequests.length === 2, 600);
    expect(w.network.joinRequests.map(({ devNonce }) => devNonce)).toEqual([1, 2]);
    await ready(w);
    expect(w.first.snapshot()).toMatchObject({ state: 'idle', expected: 0 });
    expect(w.fleet.events.filter(({ type }) => type === 'booted')).toHaveLength(2);
  });
});
