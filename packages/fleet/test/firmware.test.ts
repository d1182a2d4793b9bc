import { toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { type BehaviourName, behaviour } from '../src/behaviour/presets.ts';
import {
  deliver,
  exchange,
  fragmentsOf,
  fragSetup,
  fragSetup2,
  gpsIn,
  ready,
  until,
  type World,
  world,
} from './world.ts';

const BLOCK = Uint8Array.from({ length: 40 }, (_, i) => i);
const FRAGMENTS = fragmentsOf(BLOCK, 20, 0);
const RUNNING = 0x0100_0000;

const u32 = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
const ask = async (w: World, ...octets: number[]): Promise<string> =>
  toHex((await exchange(w, 203, Uint8Array.of(...octets))).payload);

/** A device that holds an image of version 2.0.0.0, not installed yet. */
async function holding(name: BehaviourName = 'by-the-book-v2', faults = {}): Promise<World> {
  const w = world({ behaviour: behaviour(name, { faults }), uplinkIntervalS: 7 });
  await ready(w);
  expect(await ask(w, 0x04)).toBe('0400');
  const descriptor = Uint8Array.of(0, 0, 0, 2);
  const isSecond = name === 'by-the-book-v2';
  const setup = isSecond ? fragSetup2(w.first, BLOCK, { size: 20, descriptor }) : fragSetup({ fragments: 2, size: 20 });
  await exchange(w, 201, setup);
  for (const [i, fragment] of FRAGMENTS.entries()) {
    w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x08, i + 1, 0, ...fragment) });
  }
  await until(w.clock, () => ['done', 'failed'].includes(w.first.snapshot().state), 60);
  return w;
}

async function afterReset(w: World): Promise<void> {
  await until(w.clock, () => !w.first.snapshot().clockSynchronised, 600);
  await ready(w);
}

describe('firmware management', () => {
  it('tells versions and the image that waits; a reset installs it', async () => {
    const w = await holding();
    expect(await ask(w, 0x01)).toBe('010000000101000000');
    expect(await ask(w, 0x04)).toBe('040300000002');
    expect(await ask(w, 0x03, 60, 0, 0)).toBe('033c0000');
    await afterReset(w);
    expect(await ask(w, 0x01)).toBe('010000000201000000');
    expect(await ask(w, 0x04)).toBe('0400');
    expect(w.first.snapshot()).toMatchObject({ firmwareVersion: 0x0200_0000, waitingImage: null });
    expect(w.first.snapshot().sha256).not.toBeNull();
    expect(w.fleet.events.filter(({ type }) => type === 'firmware-installed')).toHaveLength(1);
  });

  it('reboots at a time, in the future only', async () => {
    const w = await holding();
    expect(await ask(w, 0x02, ...u32(gpsIn(w, -20)))).toBe('0200000000');
    const at = w.clock.now() + 100_000;
    const answer = await ask(w, 0x02, ...u32(gpsIn(w, 100)));
    expect(Number.parseInt(answer.slice(2, 4), 16)).toBeGreaterThan(80);
    await until(w.clock, () => w.first.snapshot().firmwareVersion !== RUNNING, 200);
    expect(Math.abs(w.clock.now() - at)).toBeLessThan(3_000);
  });

  it('the later order counts, and an order can be taken back', async () => {
    const w = await holding();
    await ask(w, 0x03, 40, 0, 0);
    await ask(w, 0x02, ...u32(gpsIn(w, 3_000)));
    expect(await ask(w, 0x02, 255, 255, 255, 255)).toBe('02ffffffff');
    await ask(w, 0x03, 40, 0, 0);
    expect(await ask(w, 0x03, 255, 255, 255)).toBe('03ffffff');
    await w.clock.advance(3_600_000);
    expect(w.first.snapshot().firmwareVersion).toBe(RUNNING);
  });

  it('reboots at once without a word', async () => {
    const w = await holding();
    const before = w.network.on(w.eui, 203).length;
    await deliver(w, { fPort: 203, payload: Uint8Array.of(0x03, 0, 0, 0) });
    await afterReset(w);
    expect(w.network.on(w.eui, 203)).toHaveLength(before);
    expect(w.first.snapshot().firmwareVersion).toBe(0x0200_0000);
  });

  it('deletes the image of the version that is named', async () => {
    const w = await holding();
    expect(await ask(w, 0x05, 0, 0, 0, 3)).toBe('0502');
    expect(await ask(w, 0x05, 0, 0, 0, 2)).toBe('0500');
    expect(await ask(w, 0x05, 0, 0, 0, 2)).toBe('0501');
    expect(await ask(w, 0x04)).toBe('0400');
    await ask(w, 0x03, 5, 0, 0);
    await afterReset(w);
    expect(w.first.snapshot().firmwareVersion).toBe(RUNNING);
  });

  it('an image with a wrong MIC is corrupt, and not installed', async () => {
    const w = await holding('by-the-book-v2', { wrongCrc: true });
    expect(await ask(w, 0x04)).toBe('0401');
    expect(await ask(w, 0x05, 0, 0, 0, 2)).toBe('0501');
    await ask(w, 0x03, 5, 0, 0);
    await afterReset(w);
    expect(w.first.snapshot().firmwareVersion).toBe(RUNNING);
  });

  it('without a Descriptor the image is the next version', async () => {
    const w = await holding('basics-modem');
    expect(await ask(w, 0x04)).toBe('040301000001');
  });

  it('a device without it is silent on its ports', async () => {
    const w = world({ uplinkIntervalS: 7 });
    await ready(w);
    await deliver(w, { fPort: 203, payload: Uint8Array.of(0x00) });
    await deliver(w, { fPort: 225, payload: Uint8Array.of(0x01, 0x00) });
    await w.clock.advance(30_000);
    expect([...w.network.on(w.eui, 203), ...w.network.on(w.eui, 225)]).toEqual([]);
  });
});
