import { BugError, type SteadyMs } from '@airlift/kernel';
import { frameTimeOnAirMs } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import type { TransmitRequest } from '../src/index.ts';
import { Bench, GATEWAY, SECOND_GATEWAY, sf, THIRD_GATEWAY } from './support/bench.ts';
import { TestDevice } from './support/test-device.ts';

const RX2_EU = 869_525_000;
/** Of instants beyond 2^40 ms. */
const ROUNDING_MS = 0.001;

const refusing =
  (error: string, ...frequenciesHz: readonly number[]) =>
  ({ frequencyHz }: TransmitRequest) =>
    frequenciesHz.includes(frequencyHz) ? ({ kind: 'refused', error } as const) : ({ kind: 'programmed' } as const);

const send = (bench: Bench, device: TestDevice, octets = 3, before: SteadyMs = bench.in(60_000)): Promise<string> =>
  bench.send(device.devEui, { fPort: 10, payload: new Uint8Array(octets).fill(7), before });

const lastOf = (bench: Bench): Uint8Array => bench.requests.at(-1)?.phyPayload ?? new Uint8Array(0);

describe('a downlink to a device of class A', () => {
  it('waits for an uplink and goes into RX1; its fate is told', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const ticketId = await send(bench, device);
    await bench.clock.advance(20_000);
    expect(bench.requests).toEqual([]);
    const at = bench.clock.now();
    await bench.uplink(device, {}, { counterUs: 42 });
    expect(bench.requests).toMatchObject([
      {
        gatewayEui: GATEWAY,
        frequencyHz: 868_100_000,
        modulation: sf(7),
        powerDbm: 16,
        time: { kind: 'at-counter', counterUs: 1_000_042 },
      },
    ]);
    expect(device.hear(lastOf(bench))).toMatchObject({ fPort: 10, payload: Uint8Array.of(7, 7, 7), confirmed: false });
    const airtimeMs = frameTimeOnAirMs(sf(7), 16, 'down');
    expect(bench.fates()).toEqual([
      { kind: 'ticket', ticketId, fate: 'on-air', at: at + 1_000, airtimeMs, fCnt: 0, error: undefined, gateways: [] },
    ]);
    expect(bench.server.counters).toMatchObject({ downlinksRx1: 1, downlinksRx2: 0, downlinksRefused: 0 });
    expect(bench.server.counters.gateways.get(GATEWAY)?.downlinks).toBe(2);
  });

  it('comes one after each uplink, in the order of queueing', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    for (const octets of [1, 2, 3]) await send(bench, device, octets);
    for (const octets of [1, 2, 3]) {
      await bench.uplink(device);
      expect(device.hear(lastOf(bench)).payload).toHaveLength(octets);
      await bench.clock.advance(5_000);
    }
    await bench.uplink(device);
    expect(bench.requests).toHaveLength(3);
  });

  it.each(['TOO_LATE', 'TOO_EARLY', 'COLLISION_PACKET', 'TX_FREQ', 'whatever'])(
    'goes into RX2 under a new counter when RX1 is refused for %s',
    async (error) => {
      const bench = new Bench();
      const device = await bench.joined();
      bench.link.word = refusing(error, 868_100_000);
      const at = bench.clock.now();
      await send(bench, device);
      await bench.uplink(device, {}, { counterUs: 0xffff_ffff });
      expect(bench.requests).toMatchObject([
        { frequencyHz: 868_100_000, time: { counterUs: 999_999 } },
        { frequencyHz: RX2_EU, modulation: sf(12), powerDbm: 29, time: { counterUs: 1_999_999 } },
      ]);
      expect(device.hear(lastOf(bench)).fCnt).toBe(1);
      expect(bench.fates()).toMatchObject([{ fate: 'on-air', fCnt: 1, at: at + 2_000 }]);
      expect(bench.server.counters).toMatchObject({ downlinksRx1: 0, downlinksRx2: 1, downlinksRefused: 0 });
    },
  );

  it('is refused with the last word when no window works, each attempt under a counter of its own', async () => {
    const bench = new Bench({ gateways: [GATEWAY, SECOND_GATEWAY, THIRD_GATEWAY] });
    const device = await bench.joined();
    bench.link.word = ({ gatewayEui }) => ({
      kind: 'refused',
      error: gatewayEui === GATEWAY ? 'TOO_LATE' : 'COLLISION_PACKET',
    });
    await send(bench, device);
    const phy = device.uplink();
    bench.hear(phy, { snrDb: 9 });
    bench.hear(phy, { gatewayEui: SECOND_GATEWAY, snrDb: 1 });
    bench.hear(phy, { gatewayEui: THIRD_GATEWAY, snrDb: 0 });
    await bench.clock.advance(900);
    expect(bench.requests.map((request) => [request.gatewayEui, request.frequencyHz])).toEqual([
      [GATEWAY, 868_100_000],
      [SECOND_GATEWAY, 868_100_000],
      [GATEWAY, RX2_EU],
      [SECOND_GATEWAY, RX2_EU],
    ]);
    expect(bench.requests.map((request) => device.hear(request.phyPayload).fCnt)).toEqual([0, 1, 2, 3]);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'COLLISION_PACKET', fCnt: 3, airtimeMs: 0 }]);
  });

  it('counts as sent when the gateway never says whether it does', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.link.word = () => 'silence';
    await send(bench, device);
    await bench.uplink(device);
    await bench.clock.advance(5_000);
    expect(bench.requests).toHaveLength(1);
    expect(bench.fates()).toMatchObject([{ fate: 'on-air' }]);
  });

  it('is refused without spending a counter when no gateway can be reached', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.link.appear(GATEWAY, false);
    await send(bench, device);
    await bench.uplink(device);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'gateway-unreachable', fCnt: 0 }]);
    bench.link.appear(GATEWAY, true);
    await bench.uplink(device, { confirmed: true });
    expect(device.hear(lastOf(bench)).fCnt).toBe(0);
  });

  it('is not even tried when it would come too late for a window', async () => {
    const bench = new Bench({ config: { answerWaitMs: 945 } });
    const device = await bench.joined();
    bench.listener = () => new Promise(() => undefined);
    bench.hear(device.uplink({ confirmed: true }));
    await bench.clock.advance(1_500);
    expect(bench.requests).toMatchObject([{ frequencyHz: RX2_EU }]);
  });

  it('leaves RX1 out where the uplink channel has none', async () => {
    const bench = new Bench({ region: 'US915', config: { subBand: 2 } });
    const device = await bench.joined();
    await bench.uplink(device, { confirmed: true }, { frequencyHz: 903_950_000 });
    expect(bench.requests).toMatchObject([{ frequencyHz: 923_300_000, modulation: sf(12, 500), powerDbm: 26 }]);
  });

  it('keeps to the RX delay that its session was given', async () => {
    const bench = new Bench({ config: { rxDelayS: 5 } });
    const device = await bench.joined();
    await bench.uplink(device, { confirmed: true }, { counterUs: 0 });
    expect(bench.requests).toMatchObject([{ time: { kind: 'at-counter', counterUs: 5_000_000 } }]);
  });

  it('asks a gateway for less power when it refuses so much, from then on', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.link.word = ({ powerDbm }) =>
      powerDbm > 14 ? { kind: 'refused', error: 'TX_POWER' } : { kind: 'programmed' };
    await bench.uplink(device, { confirmed: true });
    expect(bench.requests.map((request) => [request.frequencyHz, request.powerDbm])).toEqual([
      [868_100_000, 16],
      [868_100_000, 14],
    ]);
    expect(bench.requests.map((request) => device.hear(request.phyPayload).fCnt)).toEqual([0, 1]);
    await bench.clock.advance(5_000);
    bench.forget();
    await bench.uplink(device, { confirmed: true });
    expect(bench.requests.map((request) => request.powerDbm)).toEqual([14]);
  });

  it('gives up on a gateway that refuses every power', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.link.word = () => ({ kind: 'refused', error: 'TX_POWER' });
    await bench.uplink(device, { confirmed: true });
    expect(bench.requests.map((request) => request.powerDbm)).toEqual([16, 14, 14]);
  });
});

describe('a payload that is too long', () => {
  // DR3 up is answered at DR3 (115 octets), RX2 is DR0 (51 octets).
  const slow = { modulation: sf(9) };

  it('for RX1 goes into RX2 where that carries more', async () => {
    const bench = new Bench({ region: 'US915', config: { subBand: 2 } });
    const device = await bench.joined();
    const stored = await bench.store.session(device.devEui);
    if (stored === undefined) throw new Error('no session');
    // A session whose RX2 was moved to SF7.
    await bench.store.saveJoin({
      ...stored,
      devAddr: 5,
      devNonce: 900,
      confirmed: false,
      rx1DrOffset: 3,
      rx2DataRate: 13,
    });
    device.restore({ ...device.session, devAddr: 5 });
    await send(bench, device, 200);
    // DR0 with offset 3 is DR8: 53 octets.
    await bench.uplink(device, {}, { modulation: sf(10) });
    expect(bench.requests).toMatchObject([{ frequencyHz: 923_300_000, modulation: sf(7, 500) }]);
    expect(bench.fates()).toMatchObject([{ fate: 'on-air', fCnt: 0 }]);
  });

  it('for RX2 is not sent there when RX1 is refused', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.link.word = refusing('TOO_LATE', 868_100_000);
    await send(bench, device, 100);
    await bench.uplink(device, {}, slow);
    expect(bench.requests).toHaveLength(1);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'payload-too-long', fCnt: 0 }]);
  });

  it('for every window is refused, and the next one that fits goes instead', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const tickets = [await send(bench, device, 116), await send(bench, device, 115)];
    await bench.uplink(device, { confirmed: true }, slow);
    const [refused, sent] = bench.fates();
    expect(refused).toMatchObject({ ticketId: tickets[0], fate: 'refused', error: 'payload-too-long', fCnt: 0 });
    expect(sent).toMatchObject({ ticketId: tickets[1], fate: 'on-air' });
    expect(device.hear(lastOf(bench))).toMatchObject({ ack: true, fPort: 10 });
  });

  it('does not keep the acknowledgement from leaving', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    await send(bench, device, 243);
    await bench.uplink(device, { confirmed: true, commands: [{ name: 'LinkCheckReq', fields: {} }] });
    expect(device.hear(lastOf(bench))).toMatchObject({
      ack: true,
      fPort: undefined,
      commands: [{ name: 'LinkCheckAns' }],
    });
  });

  it('beside MAC answers goes without them: the device asks again', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    await send(bench, device, 112);
    await send(bench, device, 113);
    const commands = [{ name: 'LinkCheckReq', fields: {} }] as const;
    await bench.uplink(device, { commands }, slow);
    expect(device.hear(lastOf(bench))).toMatchObject({ fPort: 10, commands: [{ name: 'LinkCheckAns' }] });
    await bench.clock.advance(5_000);
    await bench.uplink(device, { commands }, slow);
    expect(device.hear(lastOf(bench))).toMatchObject({ fPort: 10, commands: [] });
  });
});

describe('a payload whose time runs out', () => {
  it('is told of at that instant and never sent', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const before = bench.in(10_000);
    const ticketId = await send(bench, device, 3, before);
    await bench.clock.advance(9_999);
    expect(bench.fates()).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.fates()).toEqual([
      { kind: 'ticket', ticketId, fate: 'expired', at: before, airtimeMs: 0, fCnt: 0, error: 'expired', gateways: [] },
    ]);
    await bench.uplink(device);
    expect(bench.requests).toEqual([]);
  });

  it('before the window opens stays behind', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    await send(bench, device, 3, bench.in(950));
    await send(bench, device, 4, bench.in(1_050));
    await bench.uplink(device);
    expect(device.hear(lastOf(bench)).payload).toHaveLength(4);
    expect(
      bench
        .fates()
        .map((fate) => fate.fate)
        .sort(),
    ).toEqual(['expired', 'on-air']);
  });

  it('between the windows does not go into RX2', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.link.word = refusing('TOO_LATE', 868_100_000);
    await send(bench, device, 3, bench.in(1_500));
    await bench.uplink(device);
    expect(bench.requests).toHaveLength(1);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'expired' }]);
  });

  it('is told of once, whatever else happens', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    await send(bench, device, 3, bench.in(5_000));
    await bench.uplink(device);
    await bench.clock.advance(3_000);
    expect(bench.clock.nextAt()).toBeUndefined();
    await bench.clock.advance(60_000);
    expect(bench.fates()).toHaveLength(1);
  });
});

describe('a flush', () => {
  it('takes back all that waits for the device, in order, and nothing else', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const other = await bench.joined(new TestDevice('0004a30b001c0531', 'ff112233445566778899aabbccddeeff'));
    const tickets = [await send(bench, device, 1), await send(bench, device, 2)];
    await send(bench, other, 3);
    bench.server.flush(device.devEui);
    expect(bench.fates()).toMatchObject(
      tickets.map((ticketId) => ({ ticketId, fate: 'expired', error: 'flushed', fCnt: 0 })),
    );
    await bench.uplink(device);
    expect(bench.requests).toEqual([]);
    await bench.uplink(other);
    expect(other.hear(lastOf(bench)).payload).toHaveLength(3);
    await bench.clock.advance(60_000);
    expect(bench.fates()).toHaveLength(3);
    expect(bench.clock.nextAt()).toBeUndefined();
  });

  it('reaches what waits for a device of class C, which goes on with what comes after', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    await bench.uplink(device);
    await send(bench, device, 1);
    await bench.clock.advance(0);
    bench.server.flush(device.devEui);
    await send(bench, device, 2);
    await bench.clock.advance(10_000);
    expect(bench.requests.map((request) => device.hear(request.phyPayload).payload.length)).toEqual([2]);
  });
});

describe('a downlink to a device of class C', () => {
  it('leaves at once, on the RX2 settings of the session', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    const at = bench.clock.now();
    await send(bench, device);
    await bench.clock.advance(0);
    expect(bench.requests).toMatchObject([
      {
        gatewayEui: GATEWAY,
        frequencyHz: RX2_EU,
        modulation: sf(12),
        powerDbm: 29,
        time: { kind: 'immediately' },
        context: undefined,
      },
    ]);
    expect(device.hear(lastOf(bench))).toMatchObject({ fPort: 10, ack: false });
    expect(bench.fates()).toMatchObject([{ fate: 'on-air', at, fCnt: 0 }]);
    expect(bench.server.counters.downlinksClassC).toBe(1);
  });

  it('waits until the receive windows of the last uplink are over', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    await bench.uplink(device);
    await send(bench, device);
    await bench.clock.advance(2_500 - 999 - 1);
    expect(bench.requests).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.requests).toHaveLength(1);
  });

  it('waits again when another uplink came meanwhile, and leaves in its windows if it can', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    await bench.uplink(device);
    await send(bench, device, 1);
    await send(bench, device, 2);
    await bench.clock.advance(1_000);
    bench.hear(device.uplink());
    const second = bench.clock.now();
    await bench.clock.advance(2_499);
    expect(bench.requests).toMatchObject([{ time: { kind: 'at-counter' } }]);
    expect(device.hear(lastOf(bench)).payload).toHaveLength(1);
    await bench.clock.advance(1);
    expect(bench.requests).toHaveLength(2);
    expect(device.hear(lastOf(bench)).payload).toHaveLength(2);
    expect(bench.fates().at(-1)?.at).toBe(second + 2_500);
  });

  it('waits for the windows of a repeated uplink, too', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    const phy = device.uplink({ confirmed: true });
    bench.hear(phy);
    await bench.clock.advance(3_000);
    bench.hear(phy);
    await bench.clock.advance(100);
    bench.forget();
    await send(bench, device);
    await bench.clock.advance(2_399);
    expect(bench.requests).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.requests).toHaveLength(1);
  });

  it('uses the data rate that the network chose for RX2', async () => {
    const bench = new Bench({ config: { rx2DataRate: 3 } });
    const device = await bench.joined(undefined, 'C');
    await send(bench, device, 115);
    await bench.clock.advance(0);
    expect(bench.requests).toMatchObject([{ frequencyHz: RX2_EU, modulation: sf(9) }]);
  });

  it('comes one after the other, in order, each when the one before has left the air', async () => {
    const bench = new Bench({ region: 'US915', config: { subBand: 2 } });
    const device = await bench.joined(undefined, 'C');
    for (const octets of [1, 2, 3, 4]) await send(bench, device, octets);
    await bench.clock.advance(20_000);
    expect(bench.requests.map((request) => device.hear(request.phyPayload).payload.length)).toEqual([1, 2, 3, 4]);
    const fates = bench.fates();
    for (const [i, fate] of fates.entries()) {
      const next = fates[i + 1];
      if (next !== undefined) expect(next.at - fate.at).toBeGreaterThanOrEqual(fate.airtimeMs + 80 - ROUNDING_MS);
    }
  });

  it('waits for the first uplink of a session, after which nothing is forgotten', async () => {
    const bench = new Bench({ region: 'US915', config: { subBand: 2 } });
    const device = await bench.join(undefined, 'C');
    for (const octets of [1, 2, 3]) await send(bench, device, octets, bench.in(100_000));
    await bench.clock.advance(20_000);
    expect(bench.requests).toEqual([]);
    await bench.uplink(device);
    await bench.clock.advance(20_000);
    expect(bench.requests.map((request) => device.hear(request.phyPayload).payload.length)).toEqual([1, 2, 3]);
  });

  it('is refused when it is too long, when no gateway is there, when the gateway refuses', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    await send(bench, device, 52);
    await bench.clock.advance(0);
    bench.link.word = () => ({ kind: 'refused', error: 'TX_FREQ' });
    await send(bench, device, 51);
    await bench.clock.advance(0);
    bench.link.appear(GATEWAY, false);
    await send(bench, device, 3);
    await bench.clock.advance(0);
    expect(bench.fates().map((fate) => fate.error)).toEqual(['payload-too-long', 'TX_FREQ', 'no-gateway']);
    expect(bench.server.counters.downlinksRefused).toBe(3);
  });

  it('leaves through another gateway when the one that heard the device is gone', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    bench.link.appear(GATEWAY, false);
    bench.link.appear(SECOND_GATEWAY);
    await send(bench, device);
    await bench.clock.advance(0);
    expect(bench.requests).toMatchObject([{ gatewayEui: SECOND_GATEWAY }]);
  });

  it('leaves rather through a gateway that heard the device, too, than through any', async () => {
    const bench = new Bench({ gateways: [THIRD_GATEWAY, GATEWAY, SECOND_GATEWAY] });
    const device = await bench.joined(undefined, 'C');
    const phy = device.uplink();
    for (const [gatewayEui, snrDb] of [
      [GATEWAY, 9],
      [SECOND_GATEWAY, 1],
    ] as const)
      bench.hear(phy, { gatewayEui, snrDb });
    await bench.clock.advance(10_000);
    const other = await bench.joined(new TestDevice('0004a30b001c0531', 'ff112233445566778899aabbccddeeff'));
    bench.hear(other.uplink(), { gatewayEui: THIRD_GATEWAY });
    await bench.clock.advance(10_000);
    const senders: string[] = [];
    for (const gone of [undefined, GATEWAY, SECOND_GATEWAY]) {
      if (gone !== undefined) bench.link.appear(gone, false);
      await send(bench, device);
      await bench.clock.advance(10_000);
      senders.push(bench.requests.at(-1)?.gatewayEui ?? '');
    }
    expect(senders).toEqual([GATEWAY, SECOND_GATEWAY, THIRD_GATEWAY]);
  });

  it('waits for its share of the band, and expires when that comes too late', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    const airtimeMs = frameTimeOnAirMs(sf(12), 64, 'down');
    const share = Math.floor(360_000 / airtimeMs);
    for (let i = 0; i < share + 1; i++) await send(bench, device, 51, bench.in(7_200_000));
    const start = bench.clock.now();
    await bench.clock.advance(3_590_000);
    expect(bench.requests).toHaveLength(share);
    await send(bench, device, 51, bench.in(500));
    await bench.clock.advance(500);
    expect(bench.fates().at(-1)).toMatchObject({ fate: 'expired' });
    await bench.clock.advance(10_000);
    expect(bench.requests).toHaveLength(share + 1);
    const last = bench.fates().at(-1);
    expect((last?.at ?? 0) - start).toBeGreaterThan(3_590_000);
  });
});

describe('one transmitter', () => {
  it('answers one of two devices in RX1 and the other in RX2', async () => {
    const bench = new Bench();
    const a = await bench.joined();
    const b = await bench.joined(new TestDevice('0004a30b001c0531', 'ff112233445566778899aabbccddeeff'));
    bench.hear(a.uplink({ confirmed: true }));
    bench.hear(b.uplink({ confirmed: true }), { frequencyHz: 868_300_000 });
    await bench.clock.advance(900);
    expect(bench.requests.map((request) => request.frequencyHz)).toEqual([868_100_000, RX2_EU]);
    expect(a.hear(bench.requests[0]?.phyPayload ?? new Uint8Array(0)).ack).toBe(true);
    expect(b.hear(lastOf(bench)).ack).toBe(true);
  });

  it('is looked at with the true length of the frame, not a guessed one', async () => {
    const bench = new Bench();
    const a = await bench.joined();
    const b = await bench.joined(new TestDevice('0004a30b001c0531', 'ff112233445566778899aabbccddeeff'));
    // At SF12 an empty acknowledgement takes 1.2 s and 64 octets take 2.8 s.
    const slow = { modulation: sf(12) };
    bench.hear(a.uplink({ confirmed: true }), slow);
    await bench.clock.advance(1_250);
    bench.hear(b.uplink({ confirmed: true }), { ...slow, frequencyHz: 868_300_000 });
    await bench.clock.advance(900);
    expect(bench.requests.map((request) => request.frequencyHz)).toEqual([868_100_000, 868_300_000]);
  });

  it('answers in the 1 % band until that is used up, then in RX2', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    // 242 octets at SF7 take 0.37 s: 97 of them use up the 36 s of 868.0 to 868.6 MHz.
    const airtimeMs = frameTimeOnAirMs(sf(7), 255, 'down');
    const share = Math.floor((36_000 - frameTimeOnAirMs(sf(7), 33, 'down')) / airtimeMs);
    for (let i = 0; i < share; i++) {
      await send(bench, device, 242);
      await bench.uplink(device);
      await bench.clock.advance(9_000);
    }
    expect(bench.requests).toHaveLength(share);
    bench.forget();
    await send(bench, device, 242);
    await send(bench, device, 51);
    await bench.uplink(device);
    await bench.clock.advance(9_000);
    // The long one does not fit into RX2.
    expect(bench.requests).toEqual([]);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'payload-too-long' }]);
    await bench.uplink(device, {}, { frequencyHz: 868_500_000 });
    expect(bench.requests).toMatchObject([{ frequencyHz: RX2_EU }]);
    bench.forget();
    await bench.clock.advance(3_600_000);
    await bench.uplink(device, { confirmed: true });
    expect(bench.requests).toMatchObject([{ frequencyHz: 868_100_000 }]);
  });
});

describe('a multicast address', () => {
  it('is one that neither a device nor a group has', async () => {
    const bench = new Bench({ config: { mcAddrPrefix: 0xf0da } });
    const { mcAddr: first } = await bench.server.allocateMcAddr();
    expect(first >>> 16).toBe(0xf0da);
    await bench.server.openGroup({
      groupId: 'g',
      mcAddr: first,
      mcNwkSKey: '00'.repeat(16),
      mcAppSKey: '11'.repeat(16),
      frequencyHz: RX2_EU,
      dataRate: 5,
      firstFCnt: 0,
      devEuis: [],
    });
    await bench.server.closeGroup('g');
    const given = new Set([first]);
    for (let i = 0; i < 50; i++) given.add((await bench.server.allocateMcAddr()).mcAddr);
    expect(given.size).toBe(51);
    expect(() => bench.sendToGroup('g', 1, new Uint8Array(1), bench.in(0))).toThrow(BugError);
  });

  it('that is not to be had is an error that names itself', async () => {
    const bench = new Bench({ config: { mcAddrPrefix: 0xf0da } });
    bench.store.allocateMcAddr = async () => undefined;
    await expect(bench.server.allocateMcAddr()).rejects.toMatchObject({
      kind: 'caller',
      code: 'mc-addresses-exhausted',
      message: 'No multicast address is left under the prefix f0da',
    });
  });
});
