import { deviceLinkSuite } from '@airlift/campaign/testing';
import { describe, expect, it } from 'vitest';
import { NetworkLinkRig } from './support/network-link-rig.ts';

describe('the link to the network server of its own', () => {
  deviceLinkSuite(() => NetworkLinkRig.make('US915'));
});

describe('the link to the network server of its own, in another region', () => {
  deviceLinkSuite(() => NetworkLinkRig.make('EU868'));

  it('says when a frame waits for its share of the band', async () => {
    const rig = await NetworkLinkRig.make('EU868');
    const causes: string[] = [];
    const fates: string[] = [];
    rig.link.subscribe({
      uplink: async () => undefined,
      news: async (event) => {
        if (event.kind === 'waiting') causes.push(event.cause);
        if (event.kind === 'ticket') fates.push(event.fate);
      },
    });
    const { mcAddr, nextFCnt } = await rig.link.allocateMcAddr();
    const key = new Uint8Array(16);
    const group = { groupId: 'g', mcAddr, mcNwkSKey: key, mcAppSKey: key, region: 'EU868', ...rig.radio };
    await rig.link.openGroup({ ...group, dataRate: 0, firstFCnt: nextFCnt, devEuis: [rig.classC] });
    const { airtimeMs, dutyCycle } = await rig.link.groupTiming('EU868', rig.radio.frequencyHz, 0, 51);
    const share = Math.floor((3_600_000 * dutyCycle) / airtimeMs);
    for (let i = 0; i < share + 1; i++) {
      const frame = { ticketId: String(i), fPort: 1, payload: new Uint8Array(51), notBefore: rig.clock.now() };
      await rig.link.sendToGroup('g', frame);
    }
    await rig.clock.advance(1_200_000);
    expect(fates).toHaveLength(share);
    expect(causes).toEqual(['duty-cycle']);
  });
});
