import { type Eui64, parseEui64, Rng, type UtcMs, utcMs, VirtualClock } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { AirFrame, Tuning } from '../src/radio/air-frame.ts';
import { Radio, type RadioOptions } from '../src/radio/radio.ts';

const GATEWAY = parseEui64('aaaaaaaaaaaaaaaa');
const CHANNEL: Tuning = { frequencyHz: 868_100_000, dataRate: 'SF7BW125' };
const OTHER: Tuning = { frequencyHz: 868_300_000, dataRate: 'SF7BW125' };
const deviceEui = (i: number): Eui64 => parseEui64(i.toString(16).padStart(16, '0'));

function air(options: Partial<RadioOptions> = {}) {
  const clock = new VirtualClock<UtcMs>();
  const radio = new Radio({ clock, rng: new Rng('air'), ...options });
  const atGateway: AirFrame[] = [];
  const gateway = radio.attachGateway({ eui: GATEWAY, listensTo: () => true, hear: (frame) => atGateway.push(frame) });
  const addDevice = (i: number, tuned: (startMs: number, endMs: number) => Tuning | undefined = () => CHANNEL) => {
    const heard: AirFrame[] = [];
    const antenna = radio.attachDevice({ eui: deviceEui(i), tunedDuring: tuned, hear: (frame) => heard.push(frame) });
    return { heard, antenna };
  };
  const transmission = (tuning: Tuning = CHANNEL, airtimeMs = 100) => ({
    octets: Uint8Array.of(0x40, 1),
    startMs: clock.now(),
    airtimeMs,
    ...tuning,
  });
  return { clock, radio, gateway, atGateway, addDevice, transmission };
}

describe('reception', () => {
  it('takes the time on air, and needs the same frequency and data rate', async () => {
    const { clock, gateway, addDevice, transmission } = air();
    const right = addDevice(1);
    const frequency = addDevice(2, () => OTHER);
    const rate = addDevice(3, () => ({ ...CHANNEL, dataRate: 'SF8BW125' }));
    const off = addDevice(4, () => undefined);
    gateway.send(transmission());
    await clock.advance(99);
    expect(right.heard).toHaveLength(0);
    await clock.advance(1);
    expect(right.heard).toHaveLength(1);
    expect([...frequency.heard, ...rate.heard, ...off.heard]).toEqual([]);
  });

  it('asks about the whole of the frame', async () => {
    const spans: number[][] = [];
    const { clock, gateway, addDevice, transmission } = air();
    addDevice(1, (...span) => {
      spans.push(span);
      return undefined;
    });
    const start = clock.now();
    gateway.send({ ...transmission(), startMs: utcMs(start + 30) });
    await clock.advance(1_000);
    expect(spans).toEqual([[start + 30, start + 130]]);
  });

  it('receives one frame at a time', async () => {
    const { clock, gateway, addDevice, transmission } = air();
    const { heard } = addDevice(1);
    gateway.send(transmission());
    gateway.send({ ...transmission(), startMs: utcMs(clock.now() + 50) });
    gateway.send({ ...transmission(), startMs: utcMs(clock.now() + 100) });
    await clock.advance(1_000);
    expect(heard).toHaveLength(2);
  });

  it('tells a device until when it is receiving', async () => {
    const { clock, gateway, addDevice, transmission } = air();
    const { antenna } = addDevice(1);
    const start = clock.now();
    gateway.send({ ...transmission(), startMs: utcMs(start + 1_000) });
    expect(antenna.receivingUntil(utcMs(start + 980), utcMs(start + 1_020))).toBe(start + 1_100);
    expect(antenna.receivingUntil(utcMs(start + 1_001), utcMs(start + 1_020))).toBeUndefined();
  });
});

describe('loss', () => {
  it('strikes both directions with its probability, each device by dice of its own', async () => {
    const pattern = async (devices: number): Promise<string[]> => {
      const { clock, gateway, addDevice, transmission, atGateway } = air({ loss: 0.2 });
      const all = Array.from({ length: devices }, (_, i) => addDevice(i));
      for (let i = 0; i < 500; i++) {
        gateway.send(transmission());
        await clock.advance(100);
        all[0]?.antenna.send(transmission());
        await clock.advance(100);
      }
      const first = all[0]?.heard ?? [];
      expect(first.length / 500).toBeGreaterThan(0.75);
      expect(first.length / 500).toBeLessThan(0.85);
      expect(atGateway.length / 500).toBeGreaterThan(0.75);
      expect(atGateway.length / 500).toBeLessThan(0.85);
      return all.map(({ heard }) => heard.map(({ startMs }) => startMs).join());
    };
    const one = await pattern(1);
    const three = await pattern(3);
    expect(three[0]).toBe(one[0]);
    expect(new Set(three).size).toBe(3);
  });

  it('can be said for each frame', async () => {
    const { clock, gateway, addDevice, transmission, atGateway } = air({
      loss: 1,
      lossOf: ({ device, direction }) => (device === deviceEui(1) && direction === 'down' ? 0 : undefined),
    });
    const one = addDevice(1);
    const two = addDevice(2);
    gateway.send(transmission());
    one.antenna.send(transmission(OTHER));
    await clock.advance(1_000);
    expect([one.heard.length, two.heard.length, atGateway.length]).toEqual([1, 0, 0]);
  });
});

describe('collisions', () => {
  const overlapping = async (collisions: boolean): Promise<number> => {
    const { clock, addDevice, transmission, atGateway } = air({ collisions });
    const [a, b, c, d] = [1, 2, 3, 4].map((i) => addDevice(i).antenna);
    a?.send(transmission(CHANNEL, 300));
    await clock.advance(50);
    b?.send(transmission(CHANNEL, 50));
    c?.send(transmission(OTHER, 50));
    await clock.advance(100);
    // Starts after b has ended, still under a.
    d?.send(transmission(CHANNEL, 10));
    await clock.advance(1_000);
    return atGateway.length;
  };

  it('do not happen unless asked for', async () => {
    expect(await overlapping(false)).toBe(4);
  });

  it('destroy what overlaps on one channel and data rate', async () => {
    expect(await overlapping(true)).toBe(1);
  });
});

it('lets gateways be deaf while they send, on request', async () => {
  for (const [gatewaysHalfDuplex, expected] of [
    [false, 2],
    [true, 1],
  ] as const) {
    const { clock, gateway, addDevice, transmission, atGateway } = air({ gatewaysHalfDuplex });
    const { antenna } = addDevice(1);
    gateway.send(transmission(OTHER, 100));
    antenna.send(transmission());
    await clock.advance(200);
    antenna.send(transmission());
    await clock.advance(200);
    expect(atGateway).toHaveLength(expected);
  }
});

it('counts frames by kind, what each device sent and heard, and airtime', async () => {
  const { clock, radio, gateway, addDevice, transmission } = air();
  const { antenna } = addDevice(1);
  antenna.send({ ...transmission(), octets: Uint8Array.of(0x00) });
  antenna.send({ ...transmission(), octets: Uint8Array.of(0x80) });
  gateway.send({ ...transmission(), octets: Uint8Array.of(0x20) });
  await clock.advance(200);
  gateway.send({ ...transmission(), octets: Uint8Array.of(0x60) });
  gateway.send({ ...transmission(OTHER), octets: new Uint8Array(0) });
  await clock.advance(1_000);
  const counters = radio.counters();
  expect(counters.sent).toEqual({ 'join-request': 1, 'data-up': 1, 'join-accept': 1, 'data-down': 1, other: 1 });
  expect(counters).toMatchObject({ uplinksHeard: 2, uplinksLost: 0, airtimeMs: { up: 200, down: 300 } });
  expect(counters.devices.get(deviceEui(1))).toEqual({ sent: 2, heard: 2, lost: 0, airtimeMs: 200 });
});
