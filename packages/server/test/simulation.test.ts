import { Rng } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { type SimulationReport, type SimulationSettings, simulate, usualUplinkIntervalS } from '../src/index.ts';

const IMAGE = new Rng('image').octets(9_000);
const SMALL: SimulationSettings = {
  devices: 8,
  seed: 'test',
  image: IMAGE,
  loss: 0.1,
  burstFrames: 1,
  gateways: 1,
  late: 0,
  mix: { 'multitech-dot': 1 },
  region: 'US915',
};

async function run(changes: Partial<SimulationSettings> = {}): Promise<SimulationReport> {
  const failures: string[] = [];
  const report = await simulate(
    { ...SMALL, ...changes },
    { step: () => undefined, failed: (message, cause) => failures.push(`${message}: ${cause}`) },
  );
  expect(failures).toEqual([]);
  return report;
}

describe('simulate', () => {
  it('brings the image to every device and counts what it took', async () => {
    const report = await run();
    expect(report).toMatchObject({ devices: 8, completed: 8, falseSuccess: 0, falseFailure: 0, sessions: 1 });
    // 9000 octets in fragments of 239.
    expect(report.frames.plain).toBe(38);
    expect(report.frames.parity).toBeGreaterThan(0);
    expect(report.frames.total).toBe(38 + report.frames.parity + report.frames.status);
    expect(report.frames.setup).toBeGreaterThanOrEqual(8);
    expect(report.minimumFrames).toBeGreaterThan(42);
    expect(report.frames.total).toBeGreaterThan(report.minimumFrames - 10);
    expect(report.setupSeconds).toBeGreaterThanOrEqual(2.5 * 60);
    expect(report.sessionSeconds).toBeGreaterThan(37 * 1.5);
    for (const device of report.perDevice) {
      expect(device).toMatchObject({ behaviour: 'multitech-dot', status: 'success', reason: null, identical: true });
      expect(device.seconds).toBeGreaterThan(report.setupSeconds);
    }
  });

  it('has exactly the documented fields', async () => {
    const report = await run({ devices: 1 });
    expect(Object.keys(report)).toEqual([
      'devices',
      'completed',
      'falseSuccess',
      'falseFailure',
      'frames',
      'sessions',
      'airtimeMs',
      'sessionSeconds',
      'setupSeconds',
      'minimumFrames',
      'perDevice',
    ]);
    expect(Object.keys(report.frames)).toEqual(['plain', 'parity', 'status', 'setup', 'total']);
  });

  it('repeats itself with the same seed, and with no other', async () => {
    const first = await run();
    expect(await run()).toEqual(first);
    expect(await run({ seed: 'another' })).not.toEqual(first);
  });

  it('sends no more than the fragments where nothing is lost', async () => {
    const { frames, airtimeMs, minimumFrames, completed } = await run({ loss: 0 });
    expect(frames).toMatchObject({ plain: 38 });
    expect(minimumFrames).toBe(38);
    expect(completed).toBe(8);
    // SF10 at 500 kHz, 242 octets of payload.
    expect(airtimeMs).toBeGreaterThan(38 * 400);
    expect(airtimeMs).toBeLessThan((frames.total + 1) * 600);
  });

  it('needs more where more is lost, and loses uplinks apart from downlinks', async () => {
    const lossy = await run({ loss: 0.4, burstFrames: 3, image: IMAGE });
    expect(lossy.minimumFrames).toBeGreaterThan(60);
    expect(lossy.frames.plain + lossy.frames.parity).toBeGreaterThan(50);
    const deaf = await run({ loss: 0, lossUp: 0.5 });
    expect(deaf.completed).toBe(8);
    expect(deaf.frames.setup).toBeGreaterThan((await run({ loss: 0 })).frames.setup);
  });

  it('gives each stack the profile that fits it', async () => {
    const { perDevice } = await run({ mix: { 'multitech-dot': 0.5, 'loramac-node': 0.25, zephyr: 0.25 } });
    const counts = new Map<string, number>();
    for (const { behaviour } of perDevice) counts.set(behaviour, (counts.get(behaviour) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ 'multitech-dot': 4, 'loramac-node': 2, zephyr: 2 });
  });

  it('switches late devices on after the launch', async () => {
    const { perDevice, setupSeconds, devices } = await run({ late: 0.4, devices: 10, loss: 0 });
    const late = perDevice.filter(({ identical, seconds }) => !identical || (seconds ?? 0) > setupSeconds + 200);
    expect(late.length).toBeGreaterThan(0);
    expect(late.length).toBeLessThan(devices);
  });

  it('reaches all devices over several gateways, each near one or two', async () => {
    const { completed, frames } = await run({ gateways: 3, devices: 9 });
    expect(completed).toBe(9);
    // A frame that three gateways send at once counts once.
    expect(frames.plain).toBe(38);
  });

  it('works in other regions, at a chosen data rate and with clocks that are wrong', async () => {
    const { completed, frames } = await run({ region: 'EU868', dataRate: 4, driftPpm: 100, devices: 3 });
    expect(completed).toBe(3);
    // DR4: 242 octets.
    expect(frames.plain).toBe(38);
  });

  it('refuses a data rate that the region has not, and an unknown region', async () => {
    await expect(run({ region: 'US915', dataRate: 3 })).rejects.toMatchObject({ code: 'option-invalid' });
    await expect(run({ region: 'XX1' })).rejects.toMatchObject({ code: 'region-unknown' });
  });

  it('lets large fleets send less often', () => {
    expect(usualUplinkIntervalS({ devices: 100, gateways: 1 })).toBe(60);
    expect(usualUplinkIntervalS({ devices: 10_000, gateways: 1 })).toBe(1000);
    expect(usualUplinkIntervalS({ devices: 10_000, gateways: 5 })).toBe(200);
  });
});
