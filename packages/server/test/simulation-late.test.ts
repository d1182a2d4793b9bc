import { Rng } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { type SimulationReport, type SimulationSettings, simulate } from '../src/index.ts';
import { type DrawnDevice, drawFleet, gatewayEuis } from '../src/simulation/fleet-draw.ts';

// Cases that were measured from outside on the first engine and that depend on where a device is and when it comes. The seeds
// are the first ones that draw such a fleet.

/** 150 fragments of 239 octets, which take 225 s. */
const OCTETS = 150 * 239;
const BROADCAST_S = 225;

function drawnSeed(
  name: string,
  settings: { readonly devices: number; readonly late: number; readonly gateways: number },
  fits: (fleet: readonly DrawnDevice[]) => boolean,
): string {
  for (let i = 0; i < 20_000; i++) {
    const seed = `${name}/${i}`;
    if (fits(drawFleet({ ...settings, seed }, gatewayEuis(settings.gateways)))) return seed;
  }
  throw new Error(`no seed draws the fleet of ${name}`);
}

async function run(seed: string, more: Partial<SimulationSettings>): Promise<SimulationReport> {
  const report = await simulate(
    {
      devices: 3,
      seed,
      image: new Rng(seed).octets(OCTETS),
      loss: 0.1,
      burstFrames: 1,
      gateways: 1,
      late: 0,
      mix: { 'loramac-node': 1 },
      region: 'US915',
      ...more,
    },
    { step: () => undefined, failed: (message, cause) => expect.unreachable(`${message}: ${String(cause)}`) },
  );
  expect(report).toMatchObject({ falseSuccess: 0, falseFailure: 0 });
  return report;
}

describe('a device that comes late', () => {
  it('30 s after the launch, and joins during the broadcast, gets the image', async () => {
    const settings = { devices: 3, late: 0.3, gateways: 1 };
    const seed = drawnSeed('late/30', settings, (fleet) => {
      const late = fleet.map(({ lateAt = 0 }) => lateAt * BROADCAST_S).filter((atS) => atS > 0);
      return late.length === 1 && late.every((atS) => atS > 25 && atS < 35);
    });
    const report = await run(seed, settings);
    expect(report.completed, `seed ${seed}`).toBe(3);
    expect(report.perDevice.map(({ reason }) => reason)).not.toContain('never-joined');
  }, 60_000);

  it('and is in range of a second gateway only gets the image through that one', async () => {
    const settings = { devices: 3, late: 0.3, gateways: 2 };
    const seed = drawnSeed('late/gateway', settings, (fleet) => {
      const [late, ...others] = fleet.toSorted((a, b) => (b.lateAt ?? -1) - (a.lateAt ?? -1));
      const near = new Set(others.flatMap(({ gateways }) => [...gateways]));
      const isApart = near.size === 1 && [...(late?.gateways ?? [])].every((gateway) => !near.has(gateway));
      return isApart && late?.lateAt !== undefined && others.every(({ lateAt }) => lateAt === undefined);
    });
    const report = await run(seed, settings);
    expect(report.completed, `seed ${seed}`).toBe(3);
    expect(report.perDevice.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
  }, 60_000);
});
