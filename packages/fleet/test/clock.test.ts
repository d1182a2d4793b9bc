import { ts003 } from '@airlift/applayer';
import { gpsFromUtc, readLittleEndian, utcMs } from '@airlift/kernel';
import { deviceTimeAns } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import { behaviour } from '../src/behaviour/presets.ts';
import type { SeenUplink } from './fake-network.ts';
import { exchange, gpsIn, groupSetup, ready, sessionRequest, until, type World, world } from './world.ts';

const BOOT = 3_979_002_496;
const STEADY = { clock: { driftPpm: 0 } };

function silentAboutTime(options: Parameters<typeof world>[0] = {}): World {
  const w = world({ behaviour: behaviour('loramac-node', STEADY), uplinkIntervalS: 0, ...options });
  w.network.answersTime = false;
  return w;
}

function request(uplink: SeenUplink) {
  const [command] = ts003.decode(1, 'up', uplink.payload);
  if (command?.name !== 'AppTimeReq') throw new Error('no AppTimeReq');
  return command.fields;
}

/** AppTimeAns as a server computes it. */
function appTimeAns(uplink: SeenUplink): Uint8Array {
  const { DeviceTime, TokenReq } = request(uplink);
  const truth = Math.floor(gpsFromUtc(utcMs(uplink.at)) / 1000);
  const TimeCorrection = (truth - DeviceTime) | 0;
  return ts003.encode(1, 'down', [{ name: 'AppTimeAns', fields: { TimeCorrection, TokenAns: TokenReq } }]);
}

/** How far the device's clock is off, seconds modulo 2^32 as a signed number. */
function error(w: World): number {
  return (w.first.snapshot().clockSeconds - gpsIn(w, 0)) | 0;
}

describe('behaviour 1: the clock', () => {
  it('boots at 1970 and asks with DeviceTimeReq and AppTimeReq in one uplink, AnsRequired 0', async () => {
    const w = silentAboutTime();
    await until(w.clock, () => w.network.uplinks.length > 0, 60);
    const [first] = w.network.uplinks;
    if (first === undefined) throw new Error('no uplink');
    expect(first).toMatchObject({ fPort: 202, adr: false });
    expect(first.mac.map(({ name }) => name)).toEqual(['DeviceTimeReq']);
    const { DeviceTime, TokenReq, AnsRequired } = request(first);
    expect([TokenReq, AnsRequired]).toEqual([0, false]);
    const booted = w.fleet.events.find(({ type }) => type === 'booted')?.at ?? 0;
    expect(Math.abs(DeviceTime - BOOT - (first.at - booted) / 1000)).toBeLessThan(2);
  });

  it('keeps asking until an answer has a correction of a second at most', async () => {
    const w = silentAboutTime();
    await until(w.clock, () => w.network.uplinks.length >= 3, 120);
    expect(new Set(w.network.uplinks.map((uplink) => request(uplink).TokenReq))).toEqual(new Set([0]));
    w.network.onUplink = (uplink) => {
      if (uplink.fPort === 202) w.network.queue(w.eui, { fPort: 202, payload: appTimeAns(uplink) });
    };
    const before = w.network.uplinks.length;
    await w.clock.advance(300_000);
    // The first answer moves it by decades, the second finds nothing to correct, and that was it.
    const asked = w.network.uplinks.slice(before);
    expect(asked.map((uplink) => request(uplink).TokenReq)).toEqual([0, 1]);
    expect(Math.abs(error(w))).toBeLessThanOrEqual(1);
    expect(w.first.snapshot().clockSynchronised).toBe(true);
  });

  it('is content with DeviceTimeAns alone', async () => {
    const w = world({ behaviour: behaviour('loramac-node', STEADY), uplinkIntervalS: 0 });
    await w.clock.advance(300_000);
    expect(w.network.uplinks).toHaveLength(1);
    expect(Math.abs(error(w))).toBeLessThanOrEqual(1);
  });

  it('ignores AppTimeAns that comes with DeviceTimeAns', async () => {
    const w = silentAboutTime();
    w.network.onUplink = (uplink) => {
      const time = deviceTimeAns(gpsFromUtc(utcMs(uplink.at)));
      w.network.queue(w.eui, { mac: [time], fPort: 202, payload: appTimeAns(uplink) });
    };
    await w.clock.advance(300_000);
    expect(Math.abs(error(w))).toBeLessThanOrEqual(1);
    expect(w.network.uplinks).toHaveLength(1);
  });

  it('is corrected twice when AppTimeAns comes in a later downlink, and asks again', async () => {
    const w = silentAboutTime({ uplinkIntervalS: 15 });
    let stale: Uint8Array | undefined;
    w.network.onUplink = (uplink) => {
      if (uplink.fPort === 202) {
        stale ??= appTimeAns(uplink);
        w.network.queue(w.eui, { mac: [deviceTimeAns(gpsFromUtc(utcMs(uplink.at)))] });
      } else if (stale !== undefined && Math.abs(error(w)) <= 1) {
        w.network.queue(w.eui, { fPort: 202, payload: stale });
        w.network.onUplink = () => undefined;
      }
    };
    await until(w.clock, () => Math.abs(error(w)) > 1e9, 120);
    // 57 years or so; in 32 bits the sum may have passed the sign.
    expect(w.first.snapshot().clockSynchronised).toBe(false);
    await w.clock.advance(60_000);
    expect(w.network.on(w.eui, 202).length).toBeGreaterThanOrEqual(2);
  });

  it('ignores an answer with another token', async () => {
    const w = silentAboutTime();
    w.network.onUplink = (uplink) => {
      const payload = appTimeAns(uplink);
      payload[5] = ((payload[5] ?? 0) + 1) & 15;
      w.network.queue(w.eui, { fPort: 202, payload });
    };
    await w.clock.advance(120_000);
    expect(Math.abs(error(w))).toBeGreaterThan(1e9);
  });

  it('answers DeviceAppTimePeriodicityReq with "not supported" and its time', async () => {
    const w = world({ behaviour: behaviour('loramac-node', STEADY) });
    await ready(w);
    const answer = await exchange(w, 202, Uint8Array.of(0x02, 0x05, 0x00));
    expect([...answer.payload.subarray(0, 2)]).toEqual([0x02, 0x01]);
    expect(Math.abs(readLittleEndian(answer.payload, 2, 4) - gpsIn(w, 0))).toBeLessThanOrEqual(3);
    expect([...answer.payload.subarray(6)]).toEqual([0x00, 1, 1]);
  });
});

describe('ForceDeviceResyncReq', () => {
  it.each([
    ['multitech-dot', 3],
    ['loramac-node', 0],
  ] as const)('makes a %s ask %i times unless it is answered', async (name, times) => {
    const w = world({ behaviour: behaviour(name) });
    await ready(w);
    w.network.answersTime = false;
    const before = w.network.on(w.eui, 202).length;
    w.network.queue(w.eui, { fPort: 202, payload: Uint8Array.of(0x03, 0x03) });
    await w.clock.advance(200_000);
    expect(w.network.on(w.eui, 202).length - before).toBe(times);
  });
});

it('drifts, and sets its clock again after its period', async () => {
  const w = world({ behaviour: behaviour('multitech-dot', { clock: { driftPpm: 300 } }), uplinkIntervalS: 0 });
  await ready(w);
  const asked = w.network.uplinks.length;
  await w.clock.advance(11 * 3_600_000);
  expect(w.network.uplinks.length).toBe(asked);
  const drifted = Math.abs(error(w));
  await w.clock.advance(2 * 3_600_000);
  expect(w.network.uplinks.length).toBe(asked + 1);
  expect(drifted).toBeLessThan(13);
  expect(Math.abs(error(w))).toBeLessThanOrEqual(drifted);
});

it('behaviour 2: a device without time accepts a session with a nonsense TimeToStart and never starts it', async () => {
  const w = silentAboutTime({ uplinkIntervalS: 10 });
  await until(w.clock, () => w.first.snapshot().joined, 60);
  await exchange(w, 200, groupSetup(w.first));
  const sessionTime = gpsIn(w, 60);
  const answer = await exchange(w, 200, sessionRequest({ sessionTime }));
  expect(answer.payload).toHaveLength(5);
  expect([...answer.payload.subarray(0, 2)]).toEqual([0x04, 0x00]);
  expect(readLittleEndian(answer.payload, 2, 3)).not.toBeCloseTo(50, -2);
  await w.clock.advance(900_000);
  expect(w.fleet.events.some(({ type }) => type.startsWith('session'))).toBe(false);
});

it('behaviour 2: a start in the past gives McGroupUndefined, no TimeToStart, and the group', async () => {
  const w = world({ uplinkIntervalS: 10 });
  await ready(w);
  await exchange(w, 200, groupSetup(w.first, { id: 2 }));
  const answer = await exchange(w, 200, sessionRequest({ id: 2, sessionTime: gpsIn(w, -5) }));
  expect([...answer.payload]).toEqual([0x04, 0x12]);
});
