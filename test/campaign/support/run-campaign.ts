import { Rng } from '@airlift/kernel';
import { type SimulationReport, type SimulationSettings, simulate } from '@airlift/server';
import { expect } from 'vitest';

/** Octets of a fragment at the data rate that US915 has for multicast. */
export const FRAGMENT_OCTETS = 239;

/**
 * Runs one campaign on a simulated fleet: ten Dots at 10 % loss unless told otherwise. Whatever a case is about, no verdict
 * may contradict the bytes on the devices, and nothing may go wrong on the server's side.
 */
export async function runCampaign(
  seed: string,
  octets: number,
  more: Partial<SimulationSettings>,
): Promise<SimulationReport> {
  const troubles: string[] = [];
  const settings: SimulationSettings = {
    devices: 10,
    seed,
    image: new Rng(`${seed}/image`).octets(octets),
    loss: 0.1,
    burstFrames: 1,
    gateways: 1,
    late: 0,
    mix: { 'multitech-dot': 1 },
    region: 'US915',
    ...more,
  };
  const report = await simulate(settings, {
    step: () => undefined,
    failed: (message, cause) => troubles.push(`${message}: ${String(cause)}`),
  });
  expect(report.perDevice.filter(({ status, identical }) => status === 'success' && !identical)).toEqual([]);
  expect(report.perDevice.filter(({ status, identical }) => status === 'failed' && identical)).toEqual([]);
  expect(troubles).toEqual([]);
  return report;
}
