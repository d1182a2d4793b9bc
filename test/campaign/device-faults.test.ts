import { describe, expect, it } from 'vitest';
import { FRAGMENT_OCTETS, runCampaign } from './support/run-campaign.ts';

// Devices that die, lie or hear little. That no verdict contradicts the bytes is checked for every campaign; everything
// follows from the seed, which is part of each title.

describe('a device that dies', () => {
  it.each([2, 3, 4, 5, 6])(
    'after %i answers, short of the whole image, is no success, and the others are (seed faults/dies)',
    async (answersLeft) => {
      const report = await runCampaign('faults/dies', 80 * FRAGMENT_OCTETS, {
        devices: 3,
        mix: { 'loramac-node': 1 },
        faults: (index) => (index === 1 ? { answersLeft, deafFromFragment: 70 } : {}),
      });
      const [first, dead, last] = report.perDevice;
      expect(dead).toMatchObject({ identical: false });
      expect(dead?.status).not.toBe('success');
      expect(dead?.reason).not.toBeNull();
      expect([first?.status, last?.status]).toEqual(['success', 'success']);
    },
    60_000,
  );

  it.each([200, 230, 260])(
    '%i seconds after the order for good holds up nobody (seed faults/gone)',
    async (fromS) => {
      const report = await runCampaign('faults/gone', 80 * FRAGMENT_OCTETS, {
        devices: 4,
        faults: (index) => (index === 2 ? { outOfReach: { fromS, untilS: null } } : {}),
      });
      expect(report.perDevice[2]).toMatchObject({ identical: false });
      expect(report.perDevice.filter(({ status }) => status === 'success')).toHaveLength(3);
      expect(report.perDevice[2]?.reason).not.toBeNull();
    },
    60_000,
  );
});

describe('answers that cannot be', () => {
  it.each(['swapped-counts', 'too-many', 'other-index', 'other-group'] as const)(
    '(%s) from a device that heard 5 fragments of 21 are no evidence (seed faults/lies)',
    async (lie) => {
      const report = await runCampaign('faults/lies', 21 * FRAGMENT_OCTETS, {
        devices: 3,
        mix: { 'loramac-node': 1 },
        faults: (index) => (index === 0 ? { lies: [lie], deafFromFragment: 6 } : {}),
      });
      expect(report.perDevice[0]).toMatchObject({ identical: false });
      expect(report.perDevice[0]?.status).not.toBe('success');
      expect(report.perDevice.slice(1).map(({ status }) => status)).toEqual(['success', 'success']);
    },
    60_000,
  );
});

describe('class A devices that hear little', () => {
  it.each([
    { octets: 2_000, loss: 0.4 },
    { octets: 2_000, loss: 0.5 },
    { octets: 20_000, loss: 0.4 },
    { octets: 50_000, loss: 0.4 },
    { octets: 50_000, loss: 0.5 },
  ])(
    'get $octets octets at a loss of $loss both ways (seed faults/loss)',
    async ({ octets, loss }) => {
      const report = await runCampaign('faults/loss', octets, { loss });
      expect(report.perDevice.filter(({ identical }) => !identical)).toEqual([]);
      expect(report.perDevice.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 'success'));
    },
    60_000,
  );
});
