import { type Eui64, parseEui64 } from '@airlift/kernel';
import { frameTimeOnAirMs } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import type { TransmitRequest } from '../src/index.ts';
import { Bench, GATEWAY, SECOND_GATEWAY, sf, THIRD_GATEWAY } from './support/bench.ts';
import { counters, OPENING, US } from './support/groups.ts';
import { TestDevice } from './support/test-device.ts';

const gateways = [GATEWAY, SECOND_GATEWAY, THIRD_GATEWAY];
const A = GATEWAY;
const B = SECOND_GATEWAY;
const C = THIRD_GATEWAY;

const device = (number: number): TestDevice =>
  new TestDevice(`0004a30b001c053${number}`, `ff112233445566778899aabbccddee0${number}`);

/** An uplink that these gateways hear, all equally well unless told. */
async function uplink(
  bench: Bench,
  sender: TestDevice,
  ...by: readonly (Eui64 | readonly [Eui64, number])[]
): Promise<void> {
  const phy = sender.uplink();
  for (const one of by) {
    const [gatewayEui, snrDb] = typeof one === 'string' ? [one, 5] : one;
    bench.hear(phy, { gatewayEui, snrDb });
  }
  await bench.clock.advance(5_000);
}

/** Sends a frame and returns who was asked to, in order. */
async function senders(bench: Bench, octets = 1, waitMs = 5_000): Promise<Eui64[]> {
  bench.forget();
  bench.sendToGroup('group-1', 1, new Uint8Array(octets), bench.clock.now());
  await bench.clock.advance(waitMs);
  return bench.requests.map((request) => request.gatewayEui);
}

async function world(
  count: number,
  options: ConstructorParameters<typeof Bench>[0] = {},
): Promise<{ bench: Bench; devices: TestDevice[] }> {
  const bench = new Bench({ gateways, region: 'US915', config: { subBand: 2 }, ...options });
  const devices: TestDevice[] = [];
  for (let i = 0; i < count; i++) devices.push(await bench.joined(device(i)));
  return { bench, devices };
}

const opening = (devices: readonly TestDevice[]) => ({
  ...OPENING,
  ...US,
  devEuis: devices.map(({ devEui }) => devEui),
});
const refusing =
  (error: string, ...refusers: readonly Eui64[]) =>
  ({ gatewayEui }: TransmitRequest) =>
    refusers.includes(gatewayEui) ? ({ kind: 'refused', error } as const) : ({ kind: 'programmed' } as const);

describe('the gateways of a group', () => {
  it('are as few as reach all members, and follow them while the group is open', async () => {
    const { bench, devices } = await world(2);
    const [one, two] = devices as [TestDevice, TestDevice];
    await uplink(bench, one, A, C);
    await uplink(bench, two, B, C);
    await bench.server.openGroup(opening(devices));
    expect(await senders(bench)).toEqual([C]);
    await uplink(bench, two, B);
    expect(await senders(bench)).toHaveLength(2);
    await uplink(bench, one, A);
    expect(await senders(bench)).toEqual([A, B]);
    await uplink(bench, one, B);
    expect(await senders(bench)).toEqual([B]);
  });

  it('are those that hear a member well: one that barely does is not enough', async () => {
    const { bench, devices } = await world(2);
    const [one, two] = devices as [TestDevice, TestDevice];
    await uplink(bench, one, [A, 8], [C, -6]);
    await uplink(bench, two, [B, 8], [C, -1]);
    await bench.server.openGroup(opening(devices));
    expect(await senders(bench)).toEqual([A, B]);
  });

  it('follow the members that it is given, also by a second opening', async () => {
    const { bench, devices } = await world(2);
    const [one, two] = devices as [TestDevice, TestDevice];
    await uplink(bench, one, A);
    await uplink(bench, two, B);
    await bench.server.openGroup(opening([one]));
    expect(await senders(bench)).toEqual([A]);
    await bench.server.setMembers('group-1', [two.devEui]);
    expect(await senders(bench)).toEqual([B]);
    await bench.server.openGroup(opening([one, two]));
    expect(await senders(bench)).toEqual([A, B]);
    await bench.server.setMembers('group-1', []);
    expect(await senders(bench)).toEqual([A, B]);
  });

  it('are all that can send when no member was ever heard; such members add nothing otherwise', async () => {
    const { bench, devices } = await world(1);
    const [one] = devices as [TestDevice];
    await uplink(bench, one, B);
    const stranger = parseEui64('0004a30b001c0999');
    await bench.server.openGroup({ ...opening([]), devEuis: [stranger] });
    // Only gateways that brought a genuine frame count as long as there are any.
    await uplink(bench, one, B);
    expect(await senders(bench)).toEqual([A, B]);
    await bench.server.setMembers('group-1', [stranger, one.devEui]);
    expect(await senders(bench)).toEqual([B]);
  });

  it('are replaced by others that heard the same members when they cannot send', async () => {
    const { bench, devices } = await world(2);
    const [one, two] = devices as [TestDevice, TestDevice];
    await uplink(bench, one, A);
    await uplink(bench, one, C);
    await uplink(bench, two, B, C);
    await bench.server.openGroup(opening(devices));
    expect(await senders(bench)).toEqual([C]);
    bench.link.appear(C, false);
    expect(await senders(bench)).toEqual([A, B]);
    expect(bench.fates()).toMatchObject([
      {
        gateways: [
          { gatewayEui: A, sent: true },
          { gatewayEui: B, sent: true },
        ],
      },
    ]);
    bench.link.appear(A, false);
    expect(await senders(bench)).toEqual([B]);
    // Somebody was not served, and that is told.
    expect(bench.fates()).toMatchObject([
      {
        fate: 'on-air',
        gateways: [
          { gatewayEui: B, sent: true, error: undefined },
          { gatewayEui: C, sent: false, error: 'gateway-unreachable' },
        ],
      },
    ]);
    bench.link.appear(C, true);
    expect(await senders(bench)).toEqual([C]);
  });

  it('are replaced within the frame when one refuses, under the same counter', async () => {
    const { bench, devices } = await world(2);
    const [one, two] = devices as [TestDevice, TestDevice];
    await uplink(bench, one, A, C);
    await uplink(bench, two, B, C);
    await bench.server.openGroup(opening(devices));
    bench.link.word = refusing('TX_FREQ', C);
    expect(await senders(bench)).toEqual([C, A, B]);
    expect(counters(bench)).toEqual([0, 0, 0]);
    expect(bench.fates()).toMatchObject([
      {
        fate: 'on-air',
        error: undefined,
        gateways: [
          { gatewayEui: C, sent: false, error: 'TX_FREQ' },
          { gatewayEui: A, sent: true, error: undefined },
          { gatewayEui: B, sent: true, error: undefined },
        ],
      },
    ]);
    bench.link.word = refusing('TX_FREQ', A, B, C);
    expect(await senders(bench)).toEqual([C, A, B]);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'TX_FREQ', fCnt: 1, airtimeMs: 0 }]);
  });

  it('after a restart are those of before, until the members are told again; the store knows where they were', async () => {
    const { bench, devices } = await world(2);
    const [one, two] = devices as [TestDevice, TestDevice];
    await uplink(bench, one, [A, 5], [C, 4]);
    await uplink(bench, two, [B, 5], [C, 4]);
    await bench.server.openGroup(opening(devices));
    expect(await senders(bench)).toEqual([C]);
    await bench.crash();
    expect(await senders(bench)).toEqual([A, B]);
    await bench.server.openGroup(opening(devices));
    expect(await senders(bench)).toEqual([A, B]);
    await uplink(bench, one, B);
    expect(await senders(bench)).toEqual([B]);
    expect(await bench.server.gatewaysNear(one.devEui)).toEqual([B]);
  });

  it('that heard a device are told best first', async () => {
    const { bench, devices } = await world(1);
    const [one] = devices as [TestDevice];
    await uplink(bench, one, [A, 1], [C, 4], [B, -7]);
    expect(await bench.server.gatewaysNear(one.devEui)).toEqual([C, A, B]);
    expect(await bench.server.gatewaysNear(parseEui64('0004a30b001c0999'))).toEqual([]);
  });
});

describe('a gateway without budget', () => {
  // At SF12 a frame of 51 octets takes 2.8 s, of which 10 % of an hour hold 128.
  const airtimeMs = frameTimeOnAirMs(sf(12), 64, 'down');
  const share = Math.floor(360_000 / airtimeMs);
  const slow = { region: 'EU868', config: {} } as const;

  async function exhausted(reachableByC: boolean): Promise<Bench> {
    const { bench, devices } = await world(3, slow);
    const [one, two, three] = devices as [TestDevice, TestDevice, TestDevice];
    await uplink(bench, one, A);
    for (let i = 0; i < 2; i++) await uplink(bench, two, B);
    if (reachableByC) await uplink(bench, two, [B, 5], [C, -20]);
    else await uplink(bench, two, B);
    await uplink(bench, three, B);
    const slowly = { ...OPENING, dataRate: 0 };
    // Another group has used up what B may send.
    await bench.server.openGroup({ ...slowly, groupId: 'other', mcAddr: 0xf0da_0002, devEuis: [three.devEui] });
    for (let i = 0; i < share; i++) bench.sendToGroup('other', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(share * 3_000);
    await bench.server.openGroup({ ...slowly, devEuis: [one.devEui, two.devEui] });
    return bench;
  }

  it('does not hold up the others: it is left out of the frame, which is told', async () => {
    const bench = await exhausted(false);
    const startAt = bench.clock.now();
    expect(await senders(bench, 51)).toEqual([A]);
    expect(bench.fates()).toMatchObject([
      {
        fate: 'on-air',
        at: startAt,
        gateways: [
          { gatewayEui: A, sent: true },
          { gatewayEui: B, sent: false, error: 'duty-cycle' },
        ],
      },
    ]);
    // An hour later it takes part again.
    await bench.clock.advance(3_600_000);
    expect(await senders(bench, 51)).toEqual([A, B]);
  });

  it('is replaced by another that heard its members, however badly', async () => {
    const bench = await exhausted(true);
    expect(await senders(bench, 51)).toEqual([A, C]);
    await bench.clock.advance(3_600_000);
    expect(await senders(bench, 51)).toEqual([A, B]);
  });

  it('that is late by no more than half a minute is waited for, and the next frame goes after it', async () => {
    const { bench, devices } = await world(2, slow);
    const [one, two] = devices as [TestDevice, TestDevice];
    await uplink(bench, one, A);
    await uplink(bench, two, B);
    const slowly = { ...OPENING, dataRate: 0 };
    await bench.server.openGroup({ ...slowly, groupId: 'other', mcAddr: 0xf0da_0002, devEuis: [two.devEui] });
    await bench.server.openGroup({ ...slowly, devEuis: [one.devEui, two.devEui] });
    bench.sendToGroup('other', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(0);
    const startAt = bench.clock.now();
    bench.forget();
    for (let i = 0; i < 2; i++) bench.sendToGroup('group-1', 1, new Uint8Array(51), startAt);
    const sent: [Eui64, number][] = [];
    bench.link.word = ({ gatewayEui }) => {
      sent.push([gatewayEui, Math.round(bench.clock.now() - startAt)]);
      return { kind: 'programmed' };
    };
    await bench.clock.advance(20_000);
    const slots = [1, 2].map((count) => Math.round(count * (airtimeMs + 80)));
    expect(sent).toEqual([
      [A, 0],
      [B, slots[0]],
      [A, slots[0]],
      [B, slots[1]],
    ]);
    expect(bench.fates().map(({ fate }) => fate)).toEqual(['on-air', 'on-air']);
    expect(bench.fates()[0]?.at).toBe(startAt);
  });
});
