import { toHex } from '@airlift/kernel';
import { buildDataFrame } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import { behaviour } from '../src/behaviour/presets.ts';
import type { FleetOptions } from '../src/fleet/fleet.ts';
import {
  deliver,
  exchange,
  GROUP,
  gpsIn,
  groupSetup,
  MC_ADDR,
  openSession,
  ready,
  SETTING,
  sessionRequest,
  until,
  type World,
  world,
} from './world.ts';

const LORAMAC: Partial<FleetOptions> = { behaviour: behaviour('loramac-node', { clock: { driftPpm: 0 } }) };

/** Sends a multicast message and tells whether the first device got it. */
async function gets(
  w: World,
  fCnt: number,
  changes: { length?: number; setting?: typeof SETTING } = {},
): Promise<boolean> {
  const before = w.sink.messages.length;
  w.network.multicast(GROUP, changes.setting ?? SETTING, {
    fCnt,
    fPort: 10,
    payload: changes.length === undefined ? Uint8Array.of(0xca, 0xfe) : new Uint8Array(changes.length),
  });
  await w.clock.advance(500);
  return w.sink.messages.length > before;
}

function at(w: World, type: string): number {
  const event = w.fleet.events.find((one) => one.type === type);
  if (event === undefined) throw new Error(`no ${type}`);
  return event.at;
}

/** Opens a session and waits until the device has entered it. */
async function inSession(
  options: Partial<FleetOptions> = {},
  setup: Parameters<typeof openSession>[1] = {},
): Promise<World> {
  const w = world({ ...LORAMAC, uplinkIntervalS: 7, ...options });
  await openSession(w, setup);
  await until(w.clock, () => w.first.snapshot().inSession, 300);
  return w;
}

describe('behaviour 3: the switch at SessionTime is tried once', () => {
  it('an open uplink costs the session', async () => {
    const w = world({ ...LORAMAC, uplinkIntervalS: 10 });
    const startMs = await openSession(w);
    // A confirmed downlink provokes an uplink just before the start.
    w.network.onUplink = () => {
      if (w.clock.now() > startMs - 15_000)
        w.network.queue(w.eui, { fPort: 7, payload: Uint8Array.of(1), fPending: true });
    };
    await w.clock.advance(startMs - w.clock.now() + 2_500);
    expect(w.fleet.events.map(({ type }) => type)).toContain('session-missed');
    expect(w.first.snapshot().inSession).toBe(false);
    expect(await gets(w, 1)).toBe(false);
  });

  it('a device that is not sending enters it', async () => {
    const w = await inSession({ uplinkIntervalS: 11 });
    expect(await gets(w, 1)).toBe(true);
  });
});

it('behaviour 4: class C begins up to a second after SessionTime', async () => {
  const delays: number[] = [];
  for (const seed of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const w = world({ ...LORAMAC, seed, uplinkIntervalS: 11 });
    const startMs = await openSession(w);
    await w.clock.advance(startMs - w.clock.now() + 1_500);
    const event = w.fleet.events.find(({ type }) => type === 'session-started');
    if (event !== undefined) delays.push(event.at - startMs);
  }
  expect(delays.length).toBeGreaterThan(2);
  for (const delay of delays) {
    expect(delay).toBeGreaterThanOrEqual(-10);
    expect(delay).toBeLessThanOrEqual(1_010);
  }
  expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(100);
});

describe('behaviour 5: one start timer and one stop timer', () => {
  const durationOf = async (name: 'loramac-node' | 'multitech-dot'): Promise<number> => {
    const w = world({ behaviour: behaviour(name, { clock: { driftPpm: 0 } }), uplinkIntervalS: 9 });
    await ready(w);
    await exchange(w, 200, groupSetup(w.first, { id: 1 }));
    await exchange(w, 200, sessionRequest({ id: 1, timeOut: 8, sessionTime: gpsIn(w, 40) }));
    await until(w.clock, () => w.fleet.events.some(({ type }) => type === 'session-ended'), 600);
    return (at(w, 'session-ended') - at(w, 'session-started')) / 1000;
  };

  it('group 1 stops by the TimeOut of group 0, which was never set, on the reference stack', async () => {
    expect(await durationOf('loramac-node')).toBeCloseTo(1, 1);
  });

  it('a dot keeps each group’s own', async () => {
    expect(await durationOf('multitech-dot')).toBeCloseTo(256, 1);
  });

  it('a later request replaces an earlier one', async () => {
    const w = world({ ...LORAMAC, uplinkIntervalS: 9 });
    await ready(w);
    await exchange(w, 200, groupSetup(w.first));
    const first = gpsIn(w, 120);
    await exchange(w, 200, sessionRequest({ sessionTime: first }));
    const second = gpsIn(w, 60);
    await exchange(w, 200, sessionRequest({ sessionTime: second, timeOut: 3 }));
    await w.clock.advance(200_000);
    const starts = w.fleet.events.filter(({ type }) => type === 'session-started' || type === 'session-missed');
    expect(starts).toHaveLength(1);
  });
});

it('behaviour 6: TimeOut counts from the start, 2^n s, whatever happens meanwhile', async () => {
  const w = await inSession({}, { timeOut: 5 });
  for (let fCnt = 1; fCnt < 40; fCnt++) {
    w.network.multicast(GROUP, SETTING, { fCnt, fPort: 10, payload: Uint8Array.of(1) });
    await w.clock.advance(1_000);
  }
  expect((at(w, 'session-ended') - at(w, 'session-started')) / 1000).toBeCloseTo(32, 2);
  expect(w.sink.messages.length).toBeLessThan(33);
});

describe('behaviour 7: in the session', () => {
  it('listens on the session’s frequency and data rate only', async () => {
    const w = await inSession();
    expect(await gets(w, 1)).toBe(true);
    expect(await gets(w, 2, { setting: { ...SETTING, dataRate: 9 } })).toBe(false);
    expect(await gets(w, 2, { setting: { ...SETTING, frequencyHz: 923_900_000 } })).toBe(false);
    expect(await gets(w, 2)).toBe(true);
  });

  it('still has its class A windows after uplinks of its own, and hears nothing while it sends', async () => {
    const w = await inSession({
      behaviour: behaviour('loramac-node', { faults: { sessionUplinkIntervalS: 20 } }),
    });
    await deliver(w, { fPort: 7, payload: Uint8Array.of(1) });
    expect(w.fleet.events.some((event) => event.type === 'message' && !event.multicast)).toBe(true);
    const count = w.network.uplinks.length;
    // Long frames, one after the other: those that meet an uplink or the opening of a window are lost.
    let heard = 0;
    let sent = 0;
    for (let fCnt = 1; w.network.uplinks.length < count + 4; fCnt++) {
      if (await gets(w, fCnt, { length: 150 })) heard += 1;
      sent += 1;
    }
    expect(heard).toBeLessThan(sent);
    expect(heard / sent).toBeGreaterThan(0.8);
  });

  it('sends no application uplinks of its own', async () => {
    const w = await inSession({}, { timeOut: 7 });
    await w.clock.advance(3_000);
    const count = w.network.uplinks.length;
    await w.clock.advance(100_000);
    expect(w.network.uplinks.length).toBe(count);
  });

  it('leaves the channel at its end', async () => {
    const w = await inSession({ uplinkIntervalS: 60 }, { timeOut: 4, inS: 150 });
    expect(await gets(w, 1)).toBe(true);
    await w.clock.advance(17_000);
    expect(await gets(w, 2)).toBe(false);
  });
});

describe('behaviour 8: what a session request may ask for', () => {
  it.each([
    ['EU868', 869_525_000, 0, 0x00],
    ['EU868', 868_650_000, 0, 0x08],
    ['EU868', 869_300_000, 0, 0x08],
    ['EU868', 862_000_000, 0, 0x08],
    ['EU868', 869_525_000, 7, 0x00],
    ['EU868', 869_525_000, 8, 0x04],
    ['EU868', 868_650_000, 9, 0x0c],
    ['US915', 923_300_000, 8, 0x00],
    ['US915', 923_300_000, 3, 0x04],
    ['US915', 923_400_000, 10, 0x08],
  ])('%s %i Hz DR%i: %i', async (region, frequencyHz, dataRate, status) => {
    const w = world({ ...LORAMAC, region, uplinkIntervalS: 10 });
    await ready(w);
    await exchange(w, 200, groupSetup(w.first));
    const request = sessionRequest({ sessionTime: gpsIn(w, 90), setting: { frequencyHz, dataRate } });
    const { payload } = await exchange(w, 200, request);
    expect([payload[1], payload.length]).toEqual([status, status === 0 ? 5 : 2]);
  });

  it('an undefined group gives all three error bits and its number', async () => {
    const w = world({ ...LORAMAC, uplinkIntervalS: 10 });
    await ready(w);
    const { payload } = await exchange(w, 200, sessionRequest({ id: 3, sessionTime: gpsIn(w, 90) }));
    expect(toHex(payload)).toBe('041f');
  });

  it('tells the seconds to the start', async () => {
    const w = world({ ...LORAMAC, uplinkIntervalS: 10 });
    await ready(w);
    await exchange(w, 200, groupSetup(w.first));
    const sessionTime = gpsIn(w, 600);
    const answer = await exchange(w, 200, sessionRequest({ sessionTime }));
    const toStart = (answer.payload[2] ?? 0) + 256 * (answer.payload[3] ?? 0) + 65536 * (answer.payload[4] ?? 0);
    expect(Math.abs(sessionTime - gpsIn(w, 0) - toStart)).toBeLessThanOrEqual(2);
  });
});

describe('behaviour 9: McGroupStatusReq', () => {
  it('is not implemented on the reference stack: its mask is the next command', async () => {
    const w = world({ ...LORAMAC, uplinkIntervalS: 10 });
    await ready(w);
    // Mask 0x00 is PackageVersionReq; mask 0x0f is nothing, and the PackageVersionReq behind it is executed.
    expect(toHex((await exchange(w, 200, Uint8Array.of(0x01, 0x00))).payload)).toBe('000201');
    expect(toHex((await exchange(w, 200, Uint8Array.of(0x01, 0x0f, 0x00))).payload)).toBe('000201');
    const count = w.network.on(w.eui, 200).length;
    await deliver(w, { fPort: 200, payload: Uint8Array.of(0x01, 0x0f) });
    await w.clock.advance(30_000);
    expect(w.network.on(w.eui, 200)).toHaveLength(count);
  });

  it('is answered by a dot', async () => {
    const w = world({ uplinkIntervalS: 10 });
    await ready(w);
    await exchange(w, 200, groupSetup(w.first, { id: 0 }));
    await exchange(w, 200, groupSetup(w.first, { id: 2, mcAddr: 0x01020304 }));
    const answer = await exchange(w, 200, Uint8Array.of(0x01, 0x0f));
    expect(toHex(answer.payload)).toBe('0125002f49daf00204030201');
  });
});

describe('behaviour 10: multicast counters', () => {
  it('drops below the minimum, above the maximum and repeats; a new setup starts over', async () => {
    const w = world({ ...LORAMAC, uplinkIntervalS: 11 });
    await ready(w);
    await exchange(w, 200, groupSetup(w.first, { min: 5, max: 20 }));
    await exchange(w, 200, sessionRequest({ sessionTime: gpsIn(w, 40), timeOut: 12 }));
    await until(w.clock, () => w.first.snapshot().inSession, 100);
    expect(await gets(w, 4)).toBe(false);
    expect(await gets(w, 5)).toBe(true);
    expect(await gets(w, 5)).toBe(false);
    expect(await gets(w, 9)).toBe(true);
    expect(await gets(w, 7)).toBe(false);
    expect(await gets(w, 20)).toBe(true);
    expect(await gets(w, 21)).toBe(false);
    w.network.multicast(GROUP, SETTING, { fCnt: 22, fPort: 200, payload: groupSetup(w.first) });
    await w.clock.advance(500);
    expect(await gets(w, 20)).toBe(false);
  });

  it('starts over with another McGroupSetupReq', async () => {
    const w = world({ ...LORAMAC, uplinkIntervalS: 11 });
    await openSession(w, { timeOut: 12 });
    await until(w.clock, () => w.first.snapshot().inSession, 100);
    expect(await gets(w, 100)).toBe(true);
    expect(await gets(w, 1)).toBe(false);
    w.network.multicast(GROUP, SETTING, { fCnt: 101, fPort: 200, payload: groupSetup(w.first) });
    await w.clock.advance(3_000);
    expect(await gets(w, 1)).toBe(true);
  });

  it('takes the first from its 16 bits: a minimum of 65536 never works on the reference stack', async () => {
    for (const [name, works] of [
      ['loramac-node', false],
      ['multitech-dot', true],
    ] as const) {
      const w = world({ behaviour: behaviour(name), uplinkIntervalS: 11 });
      await ready(w);
      await exchange(w, 200, groupSetup(w.first, { min: 0x10000 }));
      await exchange(w, 200, sessionRequest({ sessionTime: gpsIn(w, 40), timeOut: 12 }));
      await until(w.clock, () => w.first.snapshot().inSession, 100);
      expect(await gets(w, 0x10000)).toBe(works);
      expect(await gets(w, 0x10001)).toBe(works);
    }
  });

  it('rolls over inside the session', async () => {
    const w = await inSession();
    expect(await gets(w, 0xffff)).toBe(true);
    expect(await gets(w, 0x10000)).toBe(true);
    expect(await gets(w, 0x10001)).toBe(true);
  });

  it('a maximum of 0 means no limit to a dot, and everything above 0 is too much for the reference stack', async () => {
    for (const [name, works] of [
      ['loramac-node', false],
      ['multitech-dot', true],
    ] as const) {
      const w = world({ behaviour: behaviour(name), uplinkIntervalS: 11 });
      await ready(w);
      await exchange(w, 200, groupSetup(w.first, { max: 0 }));
      await exchange(w, 200, sessionRequest({ sessionTime: gpsIn(w, 40), timeOut: 12 }));
      await until(w.clock, () => w.first.snapshot().inSession, 100);
      expect(await gets(w, 1)).toBe(works);
    }
  });

  it('drops frames that no multicast frame may be', async () => {
    const w = await inSession();
    const frame = {
      direction: 'down' as const,
      devAddr: MC_ADDR,
      fPort: 10,
      payload: Uint8Array.of(1),
      keys: { macVersion: '1.0' as const, nwkSKey: GROUP.keys.mcNwkSKey, appSKey: GROUP.keys.mcAppSKey },
    };
    const bad = [
      buildDataFrame({ ...frame, fCnt: 1, confirmed: true }),
      buildDataFrame({ ...frame, fCnt: 1, fCtrl: { ack: true } }),
      buildDataFrame({ ...frame, fCnt: 1, fOpts: Uint8Array.of(0x06) }),
      buildDataFrame({ ...frame, fCnt: 1, fPort: 0 }),
      buildDataFrame({ ...frame, fCnt: 1, keys: { ...frame.keys, nwkSKey: new Uint8Array(16) } }),
    ];
    for (const octets of bad) {
      w.network.raw(octets, SETTING, { imme: true });
      await w.clock.advance(500);
    }
    expect(w.sink.messages).toEqual([]);
    expect(w.network.uplinks.at(-1)?.mac).toEqual([]);
    expect(await gets(w, 1)).toBe(true);
  });
});

it('behaviour 11: recovers the key by encrypting what the server decrypted', async () => {
  // `groupSetup` encrypts with the decryption direction; a device that went the other way would hear nothing.
  const w = await inSession();
  expect(await gets(w, 1)).toBe(true);
  expect(w.sink.messages).toEqual([
    expect.objectContaining({ device: w.eui, mcAddr: MC_ADDR, fPort: 10, fCnt: 1, payload: Uint8Array.of(0xca, 0xfe) }),
  ]);
});

describe('behaviour 12: commands sent to the multicast address', () => {
  it('on FPort 200 are executed and answered by every device at once', async () => {
    const w = world({ ...LORAMAC, deviceCount: 3, uplinkIntervalS: 13 });
    await openSession(w, { inS: 120, timeOut: 12 });
    await until(w.clock, () => w.fleet.events.filter(({ type }) => type.startsWith('session-')).length === 3, 300);
    const inside = w.fleet.snapshot().filter(({ inSession }) => inSession).length;
    const before = w.network.uplinks.length;
    w.network.multicast(GROUP, SETTING, { fCnt: 1, fPort: 200, payload: Uint8Array.of(0x00) });
    await w.clock.advance(1_500);
    const answers = w.network.uplinks.slice(before).filter(({ fPort }) => fPort === 200);
    expect(inside).toBeGreaterThan(0);
    expect(answers).toHaveLength(inside);
    const times = answers.map(({ at }) => at);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(100);
  });

  it('on FPort 201 are not, but for status requests; on FPort 202 never', async () => {
    const w = await inSession();
    const before = w.network.uplinks.length;
    // PackageVersionReq, FragSessionDeleteReq; then the clock's PackageVersionReq.
    w.network.multicast(GROUP, SETTING, { fCnt: 1, fPort: 201, payload: Uint8Array.of(0x00, 0x03, 0x00) });
    await w.clock.advance(500);
    w.network.multicast(GROUP, SETTING, { fCnt: 2, fPort: 202, payload: Uint8Array.of(0x00) });
    await w.clock.advance(30_000);
    expect(w.network.uplinks.length).toBe(before);
    w.network.multicast(GROUP, SETTING, { fCnt: 3, fPort: 201, payload: Uint8Array.of(0x01, 0x01) });
    await w.clock.advance(20_000);
    expect(w.network.on(w.eui, 201)).toHaveLength(1);
  });
});

it('a group that is deleted is heard no more', async () => {
  const w = await inSession();
  expect(await gets(w, 1)).toBe(true);
  w.network.multicast(GROUP, SETTING, { fCnt: 2, fPort: 200, payload: Uint8Array.of(0x03, 0x00) });
  await w.clock.advance(2_000);
  expect(toHex(w.network.on(w.eui, 200).at(-1)?.payload ?? new Uint8Array(0))).toBe('0300');
  expect(await gets(w, 3)).toBe(false);
});

it('an address of 0 is refused', async () => {
  const w = world({ ...LORAMAC, uplinkIntervalS: 10 });
  await ready(w);
  expect(toHex((await exchange(w, 200, groupSetup(w.first, { mcAddr: 0 }))).payload)).toBe('0204');
});

it('a dot keeps quiet for five seconds before a session it knows of', async () => {
  for (const seed of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    const w = world({ seed, uplinkIntervalS: 6 });
    const startMs = await openSession(w, { inS: 60 });
    await w.clock.advance(startMs - w.clock.now() + 1_500);
    expect([seed, w.first.snapshot().inSession]).toEqual([seed, true]);
  }
});
