import { concatOctets, reversedOctets, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { BehaviourChanges } from '../src/behaviour/device-behaviour.ts';
import { behaviour } from '../src/behaviour/presets.ts';
import { crc64 } from '../src/fragments/crc64.ts';
import { broadcast, fragmentsOf, fragSetup, openSession, until, type World, world } from './world.ts';

const BLOCK = Uint8Array.from({ length: 95 }, (_, i) => (i * 91 + 3) & 255);
const FRAGMENTS = fragmentsOf(BLOCK, 20, 0);
const PADDED = concatOctets(BLOCK, new Uint8Array(5));

/** A dot that has just received its block. */
async function complete(changes: BehaviourChanges = {}): Promise<World> {
  const w = world({ behaviour: behaviour('multitech-dot', changes), uplinkIntervalS: 11 });
  await openSession(w, { frag: fragSetup({ fragments: 5, size: 20, padding: 5, index: 0 }), timeOut: 13, inS: 80 });
  await until(w.clock, () => w.first.snapshot().inSession, 300);
  await broadcast(w, FRAGMENTS);
  return w;
}

const requests = (w: World): string[] =>
  w.network.on(w.eui, 201).flatMap(({ payload }) => (payload[0] === 0x80 ? [toHex(payload)] : []));

describe('the checksum exchange of MultiTech devices', () => {
  it('asks until it is answered, announces the end, and stores the image', async () => {
    const w = await complete();
    await until(w.clock, () => requests(w).length >= 2, 60);
    expect(w.first.snapshot().state).toBe('verifying');
    expect(requests(w)[0]).toBe(`8000${toHex(reversedOctets(crc64(BLOCK)))}`);
    expect(w.sink.images).toEqual([]);
    w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x80, 0x01) });
    await until(w.clock, () => w.first.snapshot().state === 'done', 60);
    await w.clock.advance(10_000);
    const last = w.network.on(w.eui, 201).at(-1);
    expect(toHex(last?.payload ?? new Uint8Array(0))).toBe('9000');
    expect(w.sink.images.map(({ octets }) => toHex(octets))).toEqual([toHex(BLOCK)]);
    const asked = requests(w).length;
    await w.clock.advance(60_000);
    expect(requests(w)).toHaveLength(asked);
  });

  it('waits 5 s and a bit between requests, and gives up after ten: the file is dropped', async () => {
    const w = await complete();
    await w.clock.advance(120_000);
    expect(requests(w)).toHaveLength(10);
    const times = w.network.on(w.eui, 201).filter(({ payload }) => payload[0] === 0x80);
    const gaps = times.slice(1).map(({ at }, i) => at - (times[i]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4_990);
    expect(Math.max(...gaps)).toBeLessThan(6_600);
    expect(new Set(gaps).size).toBeGreaterThan(3);
    expect(w.first.snapshot()).toMatchObject({ state: 'failed', images: 0 });
    expect(w.fleet.events.map(({ type }) => type)).toContain('image-dropped');
  });

  it('drops the file when the network says so', async () => {
    const w = await complete({ faults: { wrongCrc: true } });
    await until(w.clock, () => requests(w).length > 0, 60);
    expect(requests(w)[0]).not.toContain(toHex(reversedOctets(crc64(BLOCK))));
    w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x80, 0x00) });
    await until(w.clock, () => w.first.snapshot().state === 'failed', 60);
    await w.clock.advance(30_000);
    expect(w.sink.images).toEqual([]);
    expect(w.network.on(w.eui, 201).some(({ payload }) => payload[0] === 0x90)).toBe(false);
  });

  it.each([
    ['without the index', { form: 'bare' }, `80${toHex(reversedOctets(crc64(BLOCK)))}`],
    ['most significant octet first', { octetOrder: 'big' }, `8000${toHex(crc64(BLOCK))}`],
    ['over the padding too', { covers: 'padded-block' }, `8000${toHex(reversedOctets(crc64(PADDED)))}`],
  ] as const)('can be spoken %s', async (_, integrity, expected) => {
    const w = await complete({ integrity });
    await until(w.clock, () => requests(w).length > 0, 60);
    expect(requests(w)[0]).toBe(expected);
  });

  it('survives lost answers: the same request again gets the answer', async () => {
    const w = await complete();
    let answered = 0;
    w.network.onUplink = (uplink) => {
      if (uplink.payload[0] !== 0x80 || uplink.fPort !== 201) return;
      answered += 1;
      // The first two answers are never sent.
      if (answered > 2) w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x80, 0x01) });
    };
    await until(w.clock, () => w.first.snapshot().state === 'done', 120);
    expect(answered).toBe(3);
  });

  it('begins anew with another block, whatever became of the last', async () => {
    const w = await complete();
    await until(w.clock, () => requests(w).length > 0, 60);
    w.network.queue(w.eui, { fPort: 201, payload: fragSetup({ fragments: 5, size: 20 }) });
    await until(w.clock, () => w.first.snapshot().state === 'receiving', 60);
    const asked = requests(w).length;
    await w.clock.advance(30_000);
    expect(requests(w)).toHaveLength(asked);
  });
});
