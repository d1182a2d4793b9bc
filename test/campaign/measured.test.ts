import { describe, expect, it } from 'vitest';
import { runCampaign } from './support/run-campaign.ts';

// The cases that were measured from outside on the first engine, with the outcome that they should have had. Everything
// follows from the seed, which is part of each title.

/** 671 fragments of 239 octets. */
const DEMO_OCTETS = 160_162;

describe('an image of 671 fragments', () => {
  it.each([
    [50, 0.1, 'measured/50'],
    [100, 0.1, 'measured/100'],
  ])(
    'reaches %i devices at %f loss in one session, with hardly more frames than there must be (seed %s)',
    async (devices, loss, seed) => {
      const report = await runCampaign(seed, DEMO_OCTETS, { devices, loss });
      expect(report).toMatchObject({ completed: devices, sessions: 1 });
      expect(report.frames.total / report.minimumFrames).toBeLessThan(1.06);
    },
  );

  it.each(['measured/20/1', 'measured/20/2', 'measured/20/3'])(
    'reaches 10 of 10 devices at a loss of 0.2 (seed %s)',
    async (seed) => {
      const report = await runCampaign(seed, DEMO_OCTETS, { loss: 0.2 });
      expect(report).toMatchObject({ completed: 10, sessions: 1 });
    },
  );

  it.each([0.4, 0.5])('reaches all devices at a loss of %f (seed measured/high)', async (loss) => {
    const report = await runCampaign('measured/high', DEMO_OCTETS, { loss, lossUp: 0.1 });
    expect(report.completed).toBe(10);
    expect(report.frames.total / report.minimumFrames).toBeLessThan(1.1);
  });
});

describe('devices like LoRaMac-node', () => {
  it.each([
    [16, 23_900, 0.15, 'measured/node/16'],
    [8, 47_800, 0.15, 'measured/node/8'],
    [10, 252_700, 0.1, 'measured/node/large'],
  ])(
    '%i of them with %i octets at %f loss both ways are proven to be complete (seed %s)',
    async (devices, octets, loss, seed) => {
      const report = await runCampaign(seed, octets, { devices, loss, mix: { 'loramac-node': 1 } });
      expect(report.completed).toBe(devices);
      for (const { status, verifiedBy } of report.perDevice) {
        expect(status).toBe('success');
        expect(verifiedBy).toMatch(/^status-(?:frozen|lossless)$/);
      }
    },
  );

  it('of which none can mend so many losses end without a success (seed measured/node/beyond)', async () => {
    const report = await runCampaign('measured/node/beyond', 215_100, {
      devices: 3,
      loss: 0.31,
      mix: { 'loramac-node': 1 },
    });
    for (const { status, identical } of report.perDevice)
      expect(status === 'success').toBe(identical && status === 'success');
    expect(report.perDevice.filter(({ status, identical }) => status === 'success' && !identical)).toEqual([]);
  });
});

describe('a fleet of several kinds', () => {
  it('is served in one job, each kind in a session of its own (seed measured/mixed)', async () => {
    const mix = { 'multitech-dot': 2, 'loramac-node': 1, 'by-the-book-v2': 1 } as const;
    const report = await runCampaign('measured/mixed', 30_000, { devices: 12, mix });
    expect(report).toMatchObject({ completed: 12, sessions: 2 });
    expect(new Set(report.perDevice.map(({ status }) => status))).toEqual(new Set(['success']));
    const proofs = new Map(report.perDevice.map(({ behaviour, verifiedBy }) => [behaviour, verifiedBy]));
    expect(proofs.get('multitech-dot')).toBe('crc64');
    expect(proofs.get('by-the-book-v2')).toBe('block-mic');
  });

  it('with two gateways, some devices in range of one only, is served (seed measured/gateways)', async () => {
    expect(await runCampaign('measured/gateways', 30_000, { devices: 12, gateways: 2 })).toMatchObject({
      completed: 12,
    });
  });

  it('of which some come up after the launch is served (seed measured/late)', async () => {
    expect(await runCampaign('measured/late', 60_000, { devices: 20, late: 0.1 })).toMatchObject({ completed: 20 });
  });
});

describe('an image of one fragment', () => {
  it('is repeated as it is, since its parity is all zeros (seed measured/one)', async () => {
    const report = await runCampaign('measured/one', 200, { loss: 0.2 });
    expect(report).toMatchObject({ completed: 10, sessions: 1 });
    expect(report.frames.total).toBeLessThan(20);
  });
});
