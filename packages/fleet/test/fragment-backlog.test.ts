import { describe, expect, it } from 'vitest';
import type { DeviceBehaviour } from '../src/behaviour/device-behaviour.ts';
import { type BehaviourName, behaviour } from '../src/behaviour/presets.ts';
import { FragmentBacklog } from '../src/device/fragment-backlog.ts';
import type { OpenedFrame } from '../src/mac/frame-cache.ts';
import { broadcast, fragmentsOf, fragSetup, openSession, world } from './world.ts';

const SIZE = 20;
const FRAGMENTS = 90;
const BLOCK = Uint8Array.from({ length: SIZE * FRAGMENTS }, (_, i) => (i * 7 + (i >> 8)) & 255);

/** What a fleet does in a broadcast, looked at after every frame or only at the end. */
async function story(chosen: DeviceBehaviour, looksAtEach: boolean): Promise<string> {
  const w = world({ deviceCount: 4, loss: 0.08, uplinkIntervalS: 20, behaviour: chosen });
  await openSession(w, { inS: 60, frag: fragSetup({ fragments: FRAGMENTS, size: SIZE }) });
  await w.clock.advance(61_000);
  const fragments = fragmentsOf(BLOCK, SIZE, 30);
  // Repeats, frames out of order and one of another session among them.
  const numbers = [...fragments.map((_, i) => i + 1).flatMap((n) => (n % 17 === 0 ? [n, n] : [n]))];
  for (const [place, n] of numbers.entries()) {
    await broadcast(w, fragments, { numbers: [n], fCntAbove: place - n + 1, index: n === 40 ? 1 : 0 });
    if (looksAtEach) w.fleet.snapshot();
  }
  await w.clock.advance(60_000);
  const told = JSON.stringify([
    w.fleet.events,
    w.network.uplinks.map(({ at, fPort, payload }) => [at, fPort, [...payload]]),
    w.fleet.snapshot(),
    w.fleet.devices.map((device) => device.held()),
  ]);
  w.fleet.stop();
  return told;
}

describe('fragments that are put off', () => {
  it.each<[string, BehaviourName, Parameters<typeof behaviour>[1]]>([
    ['a Dot', 'multitech-dot', {}],
    ['LoRaMac-node', 'loramac-node', {}],
    ['Zephyr', 'zephyr', {}],
    ['the basics modem', 'basics-modem', {}],
    ['a device with little memory', 'loramac-node', { fragmentation: { maxRedundancy: 3 } }],
    ['a device that resets at a fragment', 'multitech-dot', { faults: { rebootAtFragment: 50 } }],
    ['a device that talks in the session', 'multitech-dot', { faults: { sessionUplinkIntervalS: 7 } }],
  ])('make no difference: %s', async (_, name, changes) => {
    const chosen = behaviour(name, changes);
    const looked = await story(chosen, true);
    expect(looked).toContain('fragmentation-set-up');
    expect(await story(chosen, false)).toBe(looked);
  });
});

describe('FragmentBacklog', () => {
  const opened = (n: number, fragIndex = 0, group = 'keys', fPort = 201): OpenedFrame => ({
    frame: { fPort } as OpenedFrame['frame'],
    octets: new Uint8Array(0),
    group,
    payload: Uint8Array.of(0x08, n & 255, (fragIndex << 6) | (n >> 8), 1),
  });

  it('takes what it may, as often as it may, and hands it out in order', () => {
    const backlog = new FragmentBacklog();
    expect(backlog.takes(opened(1))).toBe(false);
    backlog.allow('keys', { fragIndex: 0, plain: 300, count: 2, codedToo: false });
    expect(backlog.takes(opened(5, 1))).toBe(false);
    expect(backlog.takes(opened(5, 0, 'others'))).toBe(false);
    expect(backlog.takes(opened(5, 0, 'keys', 200))).toBe(false);
    expect(backlog.takes(opened(301))).toBe(false);
    expect(backlog.takes(opened(300))).toBe(true);
    expect(backlog.takes(opened(2))).toBe(true);
    expect(backlog.takes(opened(3))).toBe(false);
    const seen: number[] = [];
    backlog.empty(({ payload }) => seen.push((payload[1] ?? 0) + 256 * (payload[2] ?? 0)));
    expect(seen).toEqual([300, 2]);
    backlog.empty(() => seen.push(0));
    expect(seen).toEqual([300, 2]);
    expect(backlog.takes(opened(4))).toBe(false);
  });
});
