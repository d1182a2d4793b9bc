import { fromHex, toHex } from '@airlift/kernel';
import { decodeCfList, formatDevAddr } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import { MemoryNetworkStore } from '../src/testing/index.ts';
import { Bench, GATEWAY, SECOND_GATEWAY, sf } from './support/bench.ts';
import { TestDevice } from './support/test-device.ts';

/** A provisioned device that has not joined. */
async function newcomer(bench: Bench): Promise<TestDevice> {
  const device = new TestDevice();
  await bench.store.addDevice(device.provisioned());
  return device;
}

describe('a join', () => {
  it('is answered in RX1, five seconds after the request, with keys that both sides derive alike', async () => {
    const bench = new Bench();
    const device = await newcomer(bench);
    const receivedAt = bench.clock.now();
    bench.hear(device.joinRequest(), { counterUs: 123_456 });
    await bench.clock.advance(500);
    const [request, ...more] = bench.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({
      gatewayEui: GATEWAY,
      frequencyHz: 868_100_000,
      modulation: sf(7),
      powerDbm: 16,
      time: { kind: 'at-counter', counterUs: 5_123_456 },
    });
    const accept = device.accept(request?.phyPayload ?? new Uint8Array(0));
    expect(accept).toMatchObject({ joinNonce: 1, netId: 0, rxDelay: 1, rx1DrOffset: 0, rx2DataRate: 0, optNeg: false });
    const session = await bench.store.session(device.devEui);
    expect(session).toMatchObject({
      devAddr: accept?.devAddr,
      nwkSKey: toHex(device.session.keys.nwkSKey),
      appSKey: toHex(device.session.keys.appSKey),
      confirmed: false,
      lastFCntUp: undefined,
    });
    expect(bench.events).toEqual([{ kind: 'joined', devEui: device.devEui, at: receivedAt }]);
    expect(bench.server.counters).toMatchObject({ joinRequests: 1, joinsAccepted: 1 });
  });

  it('is not answered with a wrong key, and spends no nonce', async () => {
    const bench = new Bench();
    const device = await newcomer(bench);
    bench.hear(device.joinRequest(7, fromHex('ff'.repeat(16))));
    await bench.clock.advance(500);
    expect(bench.requests).toEqual([]);
    expect(bench.server.counters).toMatchObject({ joinRequests: 1, joinsWrongMic: 1, joinsAccepted: 0 });
    expect(await bench.store.joinHistory(device.devEui)).toMatchObject({ joinCount: 0, lastDevNonce: undefined });
    bench.hear(device.joinRequest(7));
    await bench.clock.advance(500);
    expect(bench.requests).toHaveLength(1);
  });

  it('is not answered for a device that nobody provisioned', async () => {
    const bench = new Bench();
    bench.hear(new TestDevice().joinRequest());
    await bench.clock.advance(500);
    expect(bench.requests).toEqual([]);
    expect(bench.server.counters).toMatchObject({ joinRequests: 1, joinsUnknownDevice: 1 });
  });

  it('is not answered for a DevNonce used before, however long ago', async () => {
    const bench = new Bench();
    const device = await newcomer(bench);
    for (const devNonce of [5, 6, 5]) {
      bench.hear(device.joinRequest(devNonce));
      await bench.clock.advance(10_000);
    }
    expect(bench.requests).toHaveLength(2);
    expect(bench.server.counters).toMatchObject({ joinsAccepted: 2, joinsRepeatedNonce: 1 });
  });

  it('has a JoinNonce that grows by one from 1, over restarts too', async () => {
    const bench = new Bench();
    const device = await newcomer(bench);
    const nonces: number[] = [];
    for (let devNonce = 1; devNonce <= 5; devNonce++) {
      if (devNonce === 4) await bench.crash();
      bench.hear(device.joinRequest(devNonce));
      await bench.clock.advance(10_000);
      nonces.push(device.accept(bench.requests.at(-1)?.phyPayload ?? new Uint8Array(0))?.joinNonce ?? 0);
    }
    expect(nonces).toEqual([1, 2, 3, 4, 5]);
  });

  it('is refused when the nonces of the device are used up', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const session = await bench.store.session(device.devEui);
    if (session === undefined) throw new Error('no session');
    await bench.store.saveJoin({ ...session, confirmed: false, devAddr: 99, devNonce: 500, joinNonce: 0xff_fffe });
    bench.hear(device.joinRequest(501));
    await bench.clock.advance(10_000);
    expect(device.accept(bench.requests.at(-1)?.phyPayload ?? new Uint8Array(0))?.joinNonce).toBe(0xff_ffff);
    bench.hear(device.joinRequest(502));
    await bench.clock.advance(10_000);
    expect(bench.requests).toHaveLength(1);
    expect(bench.faults().map((entry) => entry.message)).toEqual(['the device has used up its join nonces']);
  });

  it('tells EU868 devices the five channels after the default ones', async () => {
    const bench = new Bench();
    const device = await newcomer(bench);
    bench.hear(device.joinRequest());
    await bench.clock.advance(500);
    const accept = device.accept(bench.requests[0]?.phyPayload ?? new Uint8Array(0));
    expect(toHex(accept?.cfList ?? new Uint8Array(0))).toBe('184f84e85684b85e84886684586e8400');
  });

  it('tells US915 devices the mask of the sub-band, in RX1 of the downlink channel', async () => {
    const bench = new Bench({ region: 'US915', config: { subBand: 2 } });
    const device = await newcomer(bench);
    // Channel 8 + 3 answers on downlink channel 3; DR0 up is DR10 down.
    bench.hear(device.joinRequest(), { frequencyHz: 904_500_000, modulation: sf(10), counterUs: 0xffff_fff0 });
    await bench.clock.advance(500);
    expect(bench.requests).toMatchObject([
      {
        frequencyHz: 925_100_000,
        modulation: sf(10, 500),
        powerDbm: 26,
        time: { kind: 'at-counter', counterUs: 4_999_984 },
      },
    ]);
    const accept = device.accept(bench.requests[0]?.phyPayload ?? new Uint8Array(0));
    expect(accept).toMatchObject({ rx2DataRate: 8 });
    expect(decodeCfList(accept?.cfList ?? new Uint8Array(0))).toEqual({
      type: 1,
      channelMasks: [0xff00, 0, 0, 0, 0x0002],
    });
  });

  it('tells the data rate of RX2 that the network chose; its own RX2 is the default of the region', async () => {
    const bench = new Bench({ config: { rx2DataRate: 3 } });
    const device = await newcomer(bench);
    bench.link.word = ({ frequencyHz }) =>
      frequencyHz === 869_525_000 ? { kind: 'programmed' } : { kind: 'refused', error: 'TOO_LATE' };
    bench.hear(device.joinRequest());
    await bench.clock.advance(500);
    expect(bench.requests[1]).toMatchObject({ modulation: sf(12) });
    expect(device.accept(bench.requests[1]?.phyPayload ?? new Uint8Array(0))).toMatchObject({ rx2DataRate: 3 });
    bench.forget();
    await bench.clock.advance(10_000);
    await bench.uplink(device, { confirmed: true });
    expect(bench.requests[1]).toMatchObject({ frequencyHz: 869_525_000, modulation: sf(9) });
  });

  it('goes into RX2 with the same join-accept when RX1 is refused', async () => {
    const bench = new Bench();
    const device = await newcomer(bench);
    bench.link.word = ({ frequencyHz }) =>
      frequencyHz === 869_525_000 ? { kind: 'programmed' } : { kind: 'refused', error: 'COLLISION_PACKET' };
    bench.hear(device.joinRequest(), { counterUs: 1 });
    await bench.clock.advance(500);
    const [first, second] = bench.requests;
    expect(second).toMatchObject({
      frequencyHz: 869_525_000,
      modulation: sf(12),
      powerDbm: 29,
      time: { kind: 'at-counter', counterUs: 6_000_001 },
    });
    expect(second?.phyPayload).toEqual(first?.phyPayload);
    expect(device.accept(second?.phyPayload ?? new Uint8Array(0))).toBeDefined();
  });

  it('tells nobody that a device joined which could not be answered', async () => {
    const bench = new Bench();
    const device = await newcomer(bench);
    bench.link.word = () => ({ kind: 'refused', error: 'TX_FREQ' });
    bench.hear(device.joinRequest());
    await bench.clock.advance(10_000);
    expect(bench.events).toEqual([]);
    expect(bench.server.counters).toMatchObject({ joinRequests: 1, joinsAccepted: 0, downlinksRefused: 1 });
  });

  it('leaves the old session valid until the first uplink of the new one', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const old = device.session;
    bench.hear(device.joinRequest());
    await bench.clock.advance(10_000);
    // The accept was lost: the device goes on as before.
    bench.forget();
    await bench.uplink(device, { fPort: 5, confirmed: true });
    expect(bench.events).toMatchObject([{ kind: 'uplink', fCnt: 1 }]);
    expect(device.hear(bench.requests[0]?.phyPayload ?? new Uint8Array(0)).ack).toBe(true);

    await bench.clock.advance(10_000);
    bench.hear(device.joinRequest());
    await bench.clock.advance(10_000);
    device.accept(bench.requests.at(-1)?.phyPayload ?? new Uint8Array(0));
    const fresh = device.session;
    expect(fresh.devAddr).not.toBe(old.devAddr);
    bench.forget();
    await bench.uplink(device, { fPort: 5 });
    expect(bench.events).toMatchObject([{ kind: 'uplink', fCnt: 0 }]);

    device.restore(old);
    await bench.clock.advance(10_000);
    await bench.uplink(device, { fPort: 5 });
    expect(bench.events).toHaveLength(1);
    expect(bench.server.counters.uplinksUnknownAddress).toBe(1);
  });

  it('begins a session in which downlinks count from 0, without gaps or repetitions', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    for (const expected of [
      [0, 1, 2],
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    ]) {
      const counters: number[] = [];
      for (const _ of expected) {
        await bench.uplink(device, { confirmed: true });
        counters.push(device.hear(bench.requests.at(-1)?.phyPayload ?? new Uint8Array(0)).fCnt);
        await bench.clock.advance(5_000);
      }
      expect(counters).toEqual(expected);
      bench.hear(device.joinRequest());
      await bench.clock.advance(10_000);
      device.accept(bench.requests.at(-1)?.phyPayload ?? new Uint8Array(0));
    }
  });

  it('gives one session when two gateways bring it, even if the second comes late', async () => {
    const bench = new Bench({ gateways: [GATEWAY, SECOND_GATEWAY] });
    const device = await newcomer(bench);
    const request = device.joinRequest();
    bench.hear(request, { snrDb: -3 });
    await bench.clock.advance(40);
    bench.hear(request, { gatewayEui: SECOND_GATEWAY, snrDb: 7 });
    await bench.clock.advance(900);
    bench.hear(request, { snrDb: -3 });
    await bench.clock.advance(10_000);
    bench.hear(request, { gatewayEui: SECOND_GATEWAY });
    await bench.clock.advance(10_000);
    expect(bench.requests.map((sent) => sent.gatewayEui)).toEqual([SECOND_GATEWAY]);
    expect(await bench.store.sessions()).toHaveLength(1);
    expect(bench.server.counters).toMatchObject({ receptions: 4, joinRequests: 2, joinsAccepted: 1 });
  });

  it('answers many devices that ask at the same moment, each once', async () => {
    const bench = new Bench();
    const devices = Array.from(
      { length: 20 },
      (_, i) => new TestDevice(`0004a30b001c05${(16 + i).toString(16)}`, `${(16 + i).toString(16)}`.repeat(16)),
    );
    for (const device of devices) await bench.store.addDevice(device.provisioned());
    for (const device of devices) bench.hear(device.joinRequest());
    await bench.clock.advance(10_000);
    // One transmitter sends one frame at a time: RX1 takes one of them, RX2 another, the rest must ask again.
    expect(bench.requests.map((request) => request.frequencyHz)).toEqual([868_100_000, 869_525_000]);
    expect(bench.server.counters).toMatchObject({ joinRequests: 20, joinsAccepted: 2, downlinksRefused: 18 });
    const addresses = (await bench.store.sessions()).map((session) => formatDevAddr(session.devAddr));
    expect(new Set(addresses).size).toBe(20);
  });

  it('never gives a device an address that a group ever had', async () => {
    class CrowdedStore extends MemoryNetworkStore {
      readonly asked: number[] = [];
      override async mcAddrInUse(mcAddr: number): Promise<boolean> {
        this.asked.push(mcAddr);
        return this.asked.length <= 3;
      }
    }
    const store = new CrowdedStore();
    const bench = new Bench({ store });
    const device = await bench.join();
    expect(store.asked).toHaveLength(4);
    expect(device.devAddr).toBe(store.asked.at(-1));
  });

  it('gives addresses of the network it belongs to', async () => {
    const bench = new Bench({ config: { netId: 0x000013 } });
    const device = await bench.join();
    expect(device.devAddr >>> 25).toBe(0x13);
  });
});
