import { createHash } from 'node:crypto';
import { CallerError, Rng, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { mixedBehaviours, parseBehaviourMix } from '../src/behaviour/behaviour-mix.ts';
import type { Faults } from '../src/behaviour/faults.ts';
import { type BehaviourName, behaviour } from '../src/behaviour/presets.ts';
import { lossAfter } from '../src/radio/radio.ts';
import {
  broadcast,
  exchange,
  fragmentsOf,
  fragSetup,
  GROUP,
  groupSetup,
  openSession,
  ready,
  SETTING,
  statusOf,
  until,
  type World,
  world,
} from './world.ts';

const BLOCK = Uint8Array.from({ length: 195 }, (_, i) => (i * 37 + 11) & 255);
const FRAGMENTS = fragmentsOf(BLOCK, 20, 30);
const SETUP = { fragments: 10, size: 20, padding: 5 };

async function receiving(faults: Partial<Faults>, name: BehaviourName = 'basics-modem'): Promise<World> {
  const w = world({ behaviour: behaviour(name, { faults }), uplinkIntervalS: 11 });
  await openSession(w, { frag: fragSetup(SETUP), timeOut: 13, inS: 80 });
  await until(w.clock, () => w.first.snapshot().inSession, 300);
  return w;
}

async function answering(faults: Partial<Faults>): Promise<World> {
  const w = world({ behaviour: behaviour('multitech-dot', { faults }), uplinkIntervalS: 5 });
  await ready(w);
  return w;
}

describe('answers that lie', () => {
  it.each([
    ['swapped-counts', '0100030700'],
    ['too-many', '01fc030700'],
    ['other-index', '0103400700'],
  ] as const)('%s', async (lie, expected) => {
    const w = await receiving({});
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3] });
    expect(await statusOf(w, 50)).toBe('0103000700');
    const own = world({
      behaviour: behaviour('multitech-dot', { faults: { lies: [lie] }, fragmentation: { sharedAnswerBuffer: false } }),
      uplinkIntervalS: 5,
    });
    await ready(own);
    await exchange(own, 201, fragSetup(SETUP));
    for (const n of [1, 2, 3]) {
      own.network.queue(own.eui, { fPort: 201, payload: Uint8Array.of(8, n, 0, ...(FRAGMENTS[n - 1] ?? [])) });
    }
    await until(own.clock, () => own.first.snapshot().heard === 3, 60);
    expect(toHex((await exchange(own, 201, Uint8Array.of(0x01, 0x01))).payload)).toBe(expected);
  });

  it('for another group', async () => {
    const w = await answering({ lies: ['other-group'] });
    expect(toHex((await exchange(w, 200, groupSetup(w.first, { id: 3 }))).payload)).toBe('0200');
  });

  it('come twice, or late', async () => {
    const twice = await answering({ answersAgainS: 30 });
    await exchange(twice, 200, Uint8Array.of(0x00));
    await twice.clock.advance(45_000);
    expect(twice.network.on(twice.eui, 200).map(({ payload }) => toHex(payload))).toHaveLength(2);
    const late = await answering({ answersLateS: 60 });
    const asked = late.clock.now();
    const answer = await exchange(late, 200, Uint8Array.of(0x00));
    expect(answer.at - asked).toBeGreaterThan(60_000);
  });

  it('a memory bit that never clears', async () => {
    const w = await receiving({ memoryBitStuck: true }, 'zephyr');
    expect(await statusOf(w, 1)).toBe('0100000a01');
  });

  it('are only so many', async () => {
    const w = await answering({ answersLeft: 2 });
    for (let i = 0; i < 2; i++) await exchange(w, 200, Uint8Array.of(0x00));
    await expect(exchange(w, 200, Uint8Array.of(0x00))).rejects.toThrow('no answer');
    expect(w.network.on(w.eui, 2).length).toBeGreaterThan(10);
  });
});

describe('a device that is not there', () => {
  it('out of reach is neither heard nor hears, and goes on by itself', async () => {
    const w = world({
      behaviour: behaviour('multitech-dot', { faults: { outOfReach: { fromS: 300, untilS: 900 } } }),
      uplinkIntervalS: 10,
    });
    await w.clock.advance(300_000);
    const before = w.network.uplinks.length;
    const sent = w.first.snapshot().uplinks;
    await w.clock.advance(600_000);
    expect(w.network.uplinks).toHaveLength(before);
    expect(w.first.snapshot().uplinks).toBeGreaterThan(sent + 30);
    await w.clock.advance(60_000);
    expect(w.network.uplinks.length).toBeGreaterThan(before);
  });

  it('unheard still hears', async () => {
    const w = await receiving({ unheard: { fromS: 400, untilS: null } });
    await w.clock.advance(400_000);
    const before = w.network.uplinks.length;
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] });
    expect(await statusOf(w, 100)).toBeUndefined();
    expect(w.network.uplinks).toHaveLength(before);
    expect(w.first.snapshot()).toMatchObject({ state: 'done', complete: true });
  });

  it('boots late', async () => {
    const w = world({ behaviour: behaviour('multitech-dot', { faults: { bootsLateS: 500 } }) });
    await w.clock.advance(490_000);
    expect(w.first.snapshot().state).toBe('off');
    await w.clock.advance(60_000);
    expect(w.first.snapshot().joined).toBe(true);
  });

  it('reboots once at a fragment, and has forgotten the session', async () => {
    const w = await receiving({ rebootAtFragment: 4 });
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5, 6] });
    await until(w.clock, () => w.network.joinRequests.length === 2, 60);
    await ready(w);
    expect(w.first.snapshot()).toMatchObject({ state: 'idle', heard: 0, inSession: false });
    await exchange(w, 201, fragSetup(SETUP));
    for (const n of [4, 5]) {
      w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(8, n, 0, ...(FRAGMENTS[n - 1] ?? [])) });
    }
    await until(w.clock, () => w.first.snapshot().heard === 2, 60);
    expect(w.network.joinRequests).toHaveLength(2);
  });

  it('with a wrong GenAppKey agrees to everything and hears nothing of its group', async () => {
    const w = await receiving({ wrongGenAppKey: true });
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3] });
    w.network.multicast(GROUP, SETTING, { fCnt: 50, fPort: 10, payload: Uint8Array.of(1) });
    await w.clock.advance(1_000);
    expect(w.first.snapshot()).toMatchObject({ inSession: true, heard: 0, messages: 0 });
  });
});

describe('what is really held', () => {
  const sha = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

  it('is told of an incomplete, a complete and a spoilt block', async () => {
    const w = await receiving({});
    expect(w.first.held()).toMatchObject({ complete: false, size: BLOCK.length });
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
    expect(w.first.held()).toEqual({
      complete: false,
      size: BLOCK.length,
      sha256: sha(Uint8Array.of(...BLOCK.subarray(0, 180), ...new Uint8Array(15))),
    });
    await broadcast(w, FRAGMENTS, { numbers: [11, 12, 13, 14, 15, 16] });
    expect(w.first.held()).toEqual({ complete: true, size: BLOCK.length, sha256: sha(BLOCK) });
    w.first.reboot();
    expect(w.first.held()).toEqual({ complete: true, size: BLOCK.length, sha256: sha(BLOCK) });
    expect(w.first.snapshot().sha256).toBe(sha(BLOCK));
  });
});

describe('a mix of behaviours', () => {
  it('keeps the shares in every beginning of a fleet', () => {
    const of = mixedBehaviours({ 'loramac-node': 3, zephyr: 1 });
    const names = Array.from({ length: 400 }, (_, i) => of(i));
    for (const length of [4, 8, 100, 400]) {
      expect(names.slice(0, length).filter((name) => name === 'zephyr')).toHaveLength(length / 4);
    }
    const again = mixedBehaviours({ 'loramac-node': 3, zephyr: 1 });
    expect(again(250)).toBe(names[250]);
  });

  it('is written as text', () => {
    expect(parseBehaviourMix('loramac-node:3, zephyr')).toEqual({ 'loramac-node': 3, zephyr: 1 });
    for (const text of ['', 'nothing', 'zephyr:0', 'zephyr:-1', 'zephyr:x', 'zephyr:1:2']) {
      expect(() => parseBehaviourMix(text)).toThrow(CallerError);
    }
    expect(() => mixedBehaviours({})).toThrow(CallerError);
  });
});

describe('losses', () => {
  it.each([
    [0.1, 1],
    [0.1, 5],
    [0.3, 10],
    [0.8, 2],
  ])('of %d in bursts of %d have this share and this length', (probability, length) => {
    const rng = new Rng(`burst/${probability}/${length}`);
    let lostLast: boolean | undefined;
    let lost = 0;
    let bursts = 0;
    const frames = 400_000;
    for (let i = 0; i < frames; i++) {
      const isLost = rng.unit() < lossAfter(lostLast, probability, length);
      if (isLost) lost += 1;
      if (isLost && lostLast !== true) bursts += 1;
      lostLast = isLost;
    }
    expect(lost / frames).toBeCloseTo(probability, 2);
    // Single losses follow each other by chance; a share of 0.8 cannot come in bursts shorter than 5.
    const expected = length === 1 ? 1 / (1 - probability) : Math.max(length, 1 / (1 - probability) - 1);
    expect(Math.abs(lost / bursts / expected - 1)).toBeLessThan(0.05);
  });

  it('differ up and down', async () => {
    const w = world({ deviceCount: 4, uplinkIntervalS: 5, radio: { lossUp: 0.5, lossDown: 0 } });
    await w.clock.advance(900_000);
    const { uplinksHeard, uplinksLost, devices } = w.fleet.radio.counters();
    expect(Math.abs(uplinksLost / (uplinksHeard + uplinksLost) - 0.5)).toBeLessThan(0.1);
    expect([...devices.values()].every(({ lost }) => lost === 0)).toBe(true);
  });
});
