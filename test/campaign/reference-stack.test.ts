import type { BehaviourShares } from '@airlift/fleet';
import { describe, expect, it } from 'vitest';
import { FRAGMENT_OCTETS, runCampaign } from './support/run-campaign.ts';

// The cases that were measured on LoRaMac-node 4.7: its answers tell the number of the last fragment, not how many were
// heard, so that hardly any of them is a proof. Everything follows from the seed, which is part of each title.

const NODES: BehaviourShares = { 'loramac-node': 1 };

describe('devices like LoRaMac-node', () => {
  it.each([
    { devices: 1, nbFrag: 120, loss: 0, lossUp: 0 },
    { devices: 3, nbFrag: 150, loss: 0.1, lossUp: 0.1 },
    { devices: 8, nbFrag: 200, loss: 0.15, lossUp: 0.15 },
    { devices: 8, nbFrag: 126, loss: 0.15, lossUp: 0.05 },
    { devices: 3, nbFrag: 80, loss: 0.25, lossUp: 0.3 },
    { devices: 16, nbFrag: 100, loss: 0.15, lossUp: 0.15 },
  ])(
    '$devices of them, $nbFrag fragments, $loss lost down and $lossUp up: all complete and proven (seed node/$devices/$nbFrag)',
    async ({ devices, nbFrag, loss, lossUp }) => {
      const seed = `node/${devices}/${nbFrag}`;
      const settings = { devices, loss, lossUp, mix: NODES };
      const known = await runCampaign(seed, nbFrag * FRAGMENT_OCTETS, settings);
      expect(known.completed).toBe(devices);
      expect(known.perDevice.map(({ status }) => status)).toEqual(Array.from({ length: devices }, () => 'success'));
    },
    60_000,
  );

  it.each([
    { devices: 3, nbFrag: 150, loss: 0.1, lossUp: 0.1 },
    { devices: 8, nbFrag: 200, loss: 0.15, lossUp: 0.15 },
    { devices: 3, nbFrag: 80, loss: 0.25, lossUp: 0.3 },
  ])(
    '$devices of them, $nbFrag fragments, $loss lost down and $lossUp up: all complete though nobody told the profile, and none is a failure (seed node/untold/$devices)',
    async ({ devices, nbFrag, loss, lossUp }) => {
      const seed = `node/untold/${devices}`;
      const settings = { devices, loss, lossUp, mix: NODES, hidesProfiles: true };
      expect(await runCampaign(seed, nbFrag * FRAGMENT_OCTETS, settings)).toMatchObject({ completed: devices });
    },
    60_000,
  );

  it('of unknown profile that fall silent are no failures (seed node/16/100)', async () => {
    const settings = { devices: 16, loss: 0.15, mix: NODES, hidesProfiles: true };
    await runCampaign('node/16/100', 100 * FRAGMENT_OCTETS, settings);
  });

  it.each(['node/start/1', 'node/start/2', 'node/start/3'])(
    'that send until the session begins, and may miss its start for that, are served all the same (seed %s)',
    async (seed) => {
      const report = await runCampaign(seed, 100 * FRAGMENT_OCTETS, { devices: 6, mix: NODES, uplinkIntervalS: 8 });
      expect(report.completed).toBe(6);
      expect(report.perDevice.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'success'));
    },
    60_000,
  );

  it('with a memory bit that never clears are complete all the same (seed node/memory)', async () => {
    const report = await runCampaign('node/memory', 80 * FRAGMENT_OCTETS, {
      devices: 3,
      mix: NODES,
      faults: () => ({ memoryBitStuck: true }),
    });
    expect(report.completed).toBe(3);
    for (const { status, reason } of report.perDevice) expect([status, reason]).not.toContain('failed');
  });

  it('that lose more than they can mend cost no endless frames, and no success is claimed (seed node/55)', async () => {
    const report = await runCampaign('node/55', 200 * FRAGMENT_OCTETS, {
      devices: 3,
      loss: 0.55,
      lossUp: 0.1,
      mix: NODES,
    });
    for (const { status, identical } of report.perDevice) expect(status === 'success').toBe(identical);
    expect(report.frames.total).toBeLessThan(3 * report.minimumFrames);
  }, 60_000);
});
