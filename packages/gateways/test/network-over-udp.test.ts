import { fromHex, HeldDeviceTime, OffsetCalendar, parseEui64, Rng, steadyMs } from '@airlift/kernel';
import {
  buildDataFrame,
  buildJoinRequest,
  deriveSessionKeys10,
  openJoinAccept,
  parsePhyPayload,
  region,
} from '@airlift/lorawan';
import { DEFAULT_NETWORK_CONFIG, NetworkServer } from '@airlift/network';
import { MemoryNetworkStore } from '@airlift/network/testing';
import { describe, expect, it } from 'vitest';
import { isOrder, LinkBench, type Order, orderOf, rxpkOf } from './support/link-bench.ts';

const DEV_EUI = parseEui64('0004a30b001c0530');
const JOIN_EUI = parseEui64('70b3d57ed0000001');
const APP_KEY = '00112233445566778899aabbccddeeff';
/** Of vector S02: six microseconds before the counter begins anew. */
const TMST = 4_294_967_290;

describe('a network server behind a packet forwarder', () => {
  it('answers at the right counts across the end of the counter', async () => {
    const bench = new LinkBench();
    const store = new MemoryNetworkStore();
    await store.addDevice({
      devEui: DEV_EUI,
      name: 'meter',
      joinEui: JOIN_EUI,
      appKey: APP_KEY,
      deviceClass: 'A',
      deviceProfileId: undefined,
      networkProfileId: undefined,
      createdAt: steadyMs(0),
    });
    new NetworkServer({
      store,
      link: bench.link,
      clock: bench.clock,
      deviceTime: new HeldDeviceTime(new OffsetCalendar()),
      entropy: new Rng('server'),
      config: { ...DEFAULT_NETWORK_CONFIG, region: region('EU868') },
      log: (entry) => bench.log.push(entry),
    });
    const orders: Order[] = [];
    let refuse = false;
    bench.socket.onSent = (datagram) => {
      if (!isOrder(datagram)) return;
      const order = orderOf(datagram);
      orders.push(order);
      bench.acknowledge(order.token, refuse ? '{"txpk_ack":{"error":"TOO_LATE"}}' : '');
    };
    const hear = async (phyPayload: Uint8Array): Promise<Order[]> => {
      orders.length = 0;
      bench.pull();
      bench.push({
        rxpk: [
          rxpkOf({
            phyPayload,
            frequencyHz: 867_100_000,
            modulation: { kind: 'lora', spreadingFactor: 12, bandwidthKhz: 125 },
            rssiDbm: -112,
            snrDb: -17.5,
            counterUs: TMST,
            gpsTime: undefined,
          }),
        ],
      });
      await bench.clock.advance(900);
      return [...orders];
    };
    const rootKey = fromHex(APP_KEY);

    const [answer] = await hear(buildJoinRequest({ joinEui: JOIN_EUI, devEui: DEV_EUI, devNonce: 1, rootKey }));
    expect(answer?.txpk).toMatchObject({ imme: false, tmst: 4_999_994, freq: 867.1, datr: 'SF12BW125', ipol: true });
    const phy = parsePhyPayload(new Uint8Array(Buffer.from(answer?.txpk.data as string, 'base64')));
    const accept = phy.type === 'join-accept' ? openJoinAccept(phy, { key: rootKey }) : undefined;
    if (accept === undefined) throw new Error('the device could not read the answer');
    const { joinNonce, netId, devAddr } = accept;
    const keys = deriveSessionKeys10({ rootKey, joinNonce, netId, devNonce: 1 });
    await bench.clock.advance(10_000);

    refuse = true;
    const answers = await hear(
      buildDataFrame({ direction: 'up', devAddr, fCnt: 0, confirmed: true, fPort: 1, payload: rootKey, keys }),
    );
    expect(answers.map((one) => [one.txpk.tmst, one.txpk.freq])).toEqual([
      [999_994, 867.1],
      [1_999_994, 869.525],
    ]);
    expect(bench.log.filter((entry) => entry.level === 'error')).toEqual([]);
  });
});
