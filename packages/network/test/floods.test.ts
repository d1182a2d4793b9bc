import { fromHex, parseEui64 } from '@airlift/kernel';
import { buildDataFrame } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import type { NetworkStore } from '../src/index.ts';
import { MemoryNetworkStore } from '../src/testing/index.ts';
import { Bench, GATEWAY, SECOND_GATEWAY } from './support/bench.ts';
import { TestDevice } from './support/test-device.ts';

const WRONG_KEY = fromHex('ff'.repeat(16));
const WRITES = ['saveJoin', 'saveUplink', 'reserveDownlinkCounters'] as const;

const invented = (number: number) => parseEui64((0x1000_0000 + number).toString(16).padStart(16, '0'));

/** An uplink in the name of a device, made without its keys. */
function forgery({ session: { devAddr } }: TestDevice, fCnt: number): Uint8Array {
  const keys = { macVersion: '1.0', nwkSKey: WRONG_KEY, appSKey: WRONG_KEY } as const;
  return buildDataFrame({ direction: 'up', devAddr, fCnt: fCnt + 1, fPort: 1, payload: Uint8Array.of(7), keys });
}

/** A store that notes what is written. */
function watched(): { store: NetworkStore; writes: string[] } {
  const writes: string[] = [];
  const memory = new MemoryNetworkStore();
  const store = new Proxy<NetworkStore>(memory, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...values: unknown[]): unknown => {
        if (WRITES.some((write) => write === name)) writes.push(String(name));
        return Reflect.apply(member, target, values);
      };
    },
  });
  return { store, writes };
}

describe('a flood of forged join-requests in the name of a device', () => {
  it('writes nothing, is counted to the last, and does not keep the device waiting', async () => {
    const { store, writes } = watched();
    const bench = new Bench({ store });
    const device = new TestDevice();
    await bench.store.addDevice(device.provisioned());
    for (let i = 0; i < 5_000; i++) bench.hear(device.joinRequest(i, WRONG_KEY));
    bench.hear(device.joinRequest(6_000));
    await bench.clock.advance(500);
    expect(bench.server.counters).toMatchObject({ joinRequests: 5_001, joinsWrongMic: 5_000, joinsAccepted: 1 });
    expect(bench.requests).toHaveLength(1);
    expect(writes).toEqual(['saveJoin']);
    // Whoever keeps the log sums them up.
    expect(new Set(bench.log.map(({ message }) => message))).toEqual(
      new Set(['join-request with a wrong key', 'device joined']),
    );
  });

  it('of old join-requests writes nothing either', async () => {
    const { store, writes } = watched();
    const bench = new Bench({ store });
    const device = await bench.join();
    bench.hear(device.joinRequest(700));
    await bench.clock.advance(10_000);
    writes.length = 0;
    for (let i = 0; i < 20; i++) {
      bench.hear(device.joinRequest(700));
      await bench.clock.advance(2_000);
    }
    expect(bench.server.counters).toMatchObject({ joinsRepeatedNonce: 20 });
    expect(writes).toEqual([]);
  });
});

describe('a flood of forged uplinks in the name of a device', () => {
  it('is dropped when a thousand wait already, and counted to the last', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    for (let i = 0; i < 3_000; i++) bench.hear(forgery(device, i));
    await bench.clock.advance(500);
    const { uplinksWrongMic, crowdedOut } = bench.server.counters;
    expect(crowdedOut).toBe(2_000);
    expect(uplinksWrongMic).toBe(1_000);
    await bench.uplink(device);
    expect(bench.events.filter(({ kind }) => kind === 'uplink')).toHaveLength(1);
  });
});

describe('with a thousand gateways', () => {
  it('no reception looks at them all', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    for (let i = 0; i < 1_000; i++) bench.link.appear(invented(i));
    let looks = 0;
    const { link } = bench;
    const gateways = link.gateways.bind(link);
    link.gateways = () => {
      looks += 1;
      return gateways();
    };
    // The fake answers this by looking at them all; that is not the matter here.
    link.severalHeardSince = () => true;
    for (let i = 0; i < 50; i++) bench.hear(device.uplink({ confirmed: true }), { gatewayEui: GATEWAY });
    await bench.clock.advance(10_000);
    expect(bench.server.counters.downlinksRx1).toBeGreaterThan(0);
    expect(looks).toBe(0);
  });

  it('those of which a frame was genuine are vouched for, and their counters stay', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const { gateways } = bench.server.counters;
    const uplinks = gateways.get(GATEWAY)?.uplinks;
    expect(uplinks).toBe(1);
    expect(bench.link.gateway(GATEWAY)?.proven).toBe(true);
    for (let i = 0; i < 1_500; i++) {
      bench.hear(forgery(device, i), { gatewayEui: invented(i) });
      if (i % 500 === 499) await bench.clock.advance(500);
    }
    expect(gateways.size).toBe(1_000);
    expect(gateways.get(GATEWAY)?.uplinks).toBe(uplinks);
    expect(bench.link.gateways().filter(({ proven }) => proven)).toHaveLength(1);
  });

  it('group frames go to the proven ones when no gateway was chosen', async () => {
    const bench = new Bench({ gateways: [GATEWAY, SECOND_GATEWAY] });
    await bench.joined();
    await bench.server.openGroup({
      groupId: 'group-1',
      mcAddr: 0xf0da_0001,
      mcNwkSKey: '303132333435363738393a3b3c3d3e3f',
      mcAppSKey: '404142434445464748494a4b4c4d4e4f',
      frequencyHz: 869_525_000,
      dataRate: 5,
      firstFCnt: 0,
      devEuis: [],
    });
    bench.sendToGroup('group-1', 200, Uint8Array.of(1), bench.clock.now());
    await bench.clock.advance(1_000);
    expect(bench.requests.map(({ gatewayEui }) => gatewayEui)).toEqual([GATEWAY]);
  });
});

describe('a doubtful reception', () => {
  it('brings the uplink but not its answer, when the gateway itself reports the frame, too', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const frame = device.uplink({ confirmed: true });
    bench.hear(frame, { doubtful: true, snrDb: 40, counterUs: 666 });
    await bench.clock.advance(20);
    bench.hear(frame, { snrDb: -10, counterUs: 5_000_000 });
    await bench.clock.advance(999);
    expect(bench.events.filter(({ kind }) => kind === 'uplink')).toHaveLength(1);
    expect(bench.requests).toMatchObject([{ time: { kind: 'at-counter', counterUs: 6_000_000 } }]);
  });

  it('is answered when nobody else reports the frame: gateways may push from another address than they pull', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.hear(device.uplink({ confirmed: true }), { doubtful: true, counterUs: 5_000_000 });
    await bench.clock.advance(999);
    expect(bench.requests).toMatchObject([{ time: { kind: 'at-counter', counterUs: 6_000_000 } }]);
  });
});
