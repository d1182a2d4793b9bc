import { type Eui64, later, parseEui64, steadyMs, VirtualClock } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { LinkCapabilities, LinkNews } from '../src/link/index.ts';
import {
  type DeviceLinkRig,
  deviceLinkSuite,
  type HeardPayload,
  MemoryLink,
  type Receiver,
  sampleEui,
} from '../src/testing/index.ts';

const A = parseEui64('00800000a0000001');
const B = parseEui64('00800000a0000002');

interface Ears {
  readonly single: HeardPayload[];
  readonly group: HeardPayload[];
}

function device(link: MemoryLink, devEui: Eui64, deviceClass: 'A' | 'C', more: Partial<Receiver> = {}): Ears {
  const ears: Ears = { single: [], group: [] };
  link.add({
    devEui,
    deviceClass,
    joinedAt: steadyMs(0),
    hear: (fPort, payload) => ears.single.push({ fPort, payload }),
    hearGroup: (_group, fPort, payload) => ears.group.push({ fPort, payload }),
    ...more,
  });
  return ears;
}

function rig(capabilities: Partial<LinkCapabilities> = {}): DeviceLinkRig {
  const clock = new VirtualClock();
  const link = new MemoryLink(clock, capabilities);
  const [classA, classC] = [sampleEui(1), sampleEui(2)];
  const ears = new Map([
    [classA, device(link, classA, 'A')],
    [classC, device(link, classC, 'C')],
  ]);
  return {
    link,
    clock,
    region: link.region,
    radio: { frequencyHz: 923_300_000, dataRate: 10 },
    classA,
    classC,
    uplink: (devEui, fPort, payload) => void link.uplink(devEui, fPort, payload),
    heard: (devEui) => ears.get(devEui)?.single ?? [],
    heardByGroup: ({ groupId }) =>
      link.frames
        .filter((frame) => frame.groupId === groupId)
        .map(({ fPort, payload, fCnt }) => ({ fPort, payload, fCnt })),
    gateway: (ready) => (ready ? link.release() : link.holdUp('no-gateway', later(clock.now(), 60_000))),
  };
}

describe('the memory link', () => {
  deviceLinkSuite(async () => rig());
});

describe('the memory link that tells of nothing and answers in the next window', () => {
  deviceLinkSuite(async () => rig({ fate: 'none', answersAtOnce: false, answersDeviceTime: false }));
});

describe('the memory link that does not tell gateways apart', () => {
  deviceLinkSuite(async () => rig({ fate: 'per-frame' }));
});

describe('gateways of the memory link', () => {
  it('that are broken are told, and their devices hear nothing', async () => {
    const clock = new VirtualClock();
    const link = new MemoryLink(clock);
    const near = device(link, sampleEui(1), 'C', { gatewayEuis: [A] });
    const far = device(link, sampleEui(2), 'C', { gatewayEuis: [B] });
    const news: LinkNews[] = [];
    link.subscribe({
      uplink: async () => undefined,
      news: async (event) => {
        news.push(event);
      },
    });
    await link.openGroup({
      groupId: 'g',
      mcAddr: 1,
      mcNwkSKey: new Uint8Array(16),
      mcAppSKey: new Uint8Array(16),
      region: link.region,
      frequencyHz: 923_300_000,
      dataRate: 10,
      firstFCnt: 0,
      devEuis: [sampleEui(1), sampleEui(2)],
    });
    const send = async (ticketId: string): Promise<void> => {
      await link.sendToGroup('g', { ticketId, fPort: 201, payload: Uint8Array.of(1), notBefore: clock.now() });
      await clock.advance(1_000);
    };
    await send('both');
    link.brokenGateways.add(B);
    await send('one');
    link.brokenGateways.add(A);
    await send('none');
    expect([near.group.length, far.group.length]).toEqual([2, 1]);
    expect(news).toMatchObject([
      { ticketId: 'both', fate: 'on-air', gateways: [{ sent: true }, { sent: true }] },
      {
        ticketId: 'one',
        fate: 'on-air',
        gateways: [
          { gatewayEui: A, sent: true },
          { gatewayEui: B, sent: false },
        ],
      },
      { ticketId: 'none', fate: 'refused', gateways: [{ sent: false }, { sent: false }] },
    ]);
  });
});
