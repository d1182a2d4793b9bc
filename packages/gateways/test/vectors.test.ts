import { fromHex, gpsMs, parseEui64, toHex } from '@airlift/kernel';
import { parseDatr } from '@airlift/lorawan';
import type { TransmitRequest } from '@airlift/network';
import { describe, expect, it } from 'vitest';
import {
  buildTxpk,
  gatewayDatagram,
  parseGatewayDatagram,
  parseRxpk,
  parseStat,
  pullAck,
  pullResp,
  pushAck,
} from '../src/index.ts';
import { LinkBench } from './support/link-bench.ts';
import { octetsOf, type SemtechVector, tokenOf, vector, vectorsOf } from './support/vectors.ts';

const named = (vectors: readonly SemtechVector[]): [string, SemtechVector][] =>
  vectors.map((one) => [`${one.id} ${one.note}`, one]);

describe('PUSH_DATA', () => {
  it.each(named(vectorsOf('PUSH_DATA')))('%s', (_name, one) => {
    const datagram = parseGatewayDatagram(octetsOf(one));
    if (datagram.kind !== 'push-data') throw new Error(`read as ${datagram.kind}`);
    expect(datagram).toMatchObject({ version: 2, token: tokenOf(one), gatewayEui: one.gatewayId });
    expect(datagram.body).toEqual(JSON.parse(one.json ?? ''));
    const gatewayEui = parseEui64(one.gatewayId ?? '');
    expect(toHex(gatewayDatagram('push-data', tokenOf(one), gatewayEui, one.json))).toBe(one.hex);

    const bench = new LinkBench();
    bench.socket.arrive(octetsOf(one), { address: '192.0.2.9', port: 5 });
    expect(bench.sent()).toEqual([{ octets: pushAck(2, tokenOf(one)), to: { address: '192.0.2.9', port: 5 } }]);
    expect(bench.link.drops()).toEqual({});
    const expected = one.expect ?? {};
    expect(bench.heard).toHaveLength(expected.frames as number);
    for (const frame of bench.heard) {
      expect(toHex(frame.phyPayload)).toBe(expected.phy);
      if (expected.freqHz !== undefined) expect(frame.frequencyHz).toBe(expected.freqHz);
      if (expected.tmst !== undefined) expect(frame.counterUs).toBe(expected.tmst);
      expect(frame.gpsTime).toBe(expected.tmms);
      if (expected.bestRssi !== undefined) expect(frame.rssiDbm).toBe(expected.bestRssi);
      if (expected.bestSnr !== undefined) expect(frame.snrDb).toBe(expected.bestSnr);
      if (expected.sf !== undefined) {
        expect(frame.modulation).toEqual({
          kind: 'lora',
          spreadingFactor: expected.sf,
          bandwidthKhz: (expected.bwHz as number) / 1000,
        });
      }
    }
  });

  it('S01 in full', () => {
    const [rxpk] = JSON.parse(vector('S01').json ?? '').rxpk;
    expect(parseRxpk(rxpk)).toEqual({
      phyPayload: fromHex('40f17dbe4900010001959709db0e6fd9c4'),
      frequencyHz: 868_500_000,
      modulation: { kind: 'lora', spreadingFactor: 7, bandwidthKhz: 125 },
      rssiDbm: -35,
      snrDb: 5.1,
      counterUs: 3_512_348_611,
      gpsTime: undefined,
      board: undefined,
      antenna: undefined,
    });
  });

  it('S05 names board and antenna to answer on', () => {
    const [rxpk] = JSON.parse(vector('S05').json ?? '').rxpk;
    expect(parseRxpk(rxpk)).toMatchObject({ board: 257, antenna: 0, rssiDbm: -95, snrDb: 14 });
  });

  it('S04 counts', () => {
    expect(parseStat(JSON.parse(vector('S04').json ?? '').stat)).toEqual({
      received: 2,
      receivedOk: 2,
      forwarded: 2,
      transmitted: 2,
      ackRate: 1,
      version: undefined,
    });
  });
});

describe('acknowledgements', () => {
  it.each(named(vectorsOf('PUSH_ACK')))('%s', (_name, one) => {
    expect(toHex(pushAck(2, tokenOf(one)))).toBe(one.hex);
  });

  it.each(named(vectorsOf('PULL_ACK')))('%s', (_name, one) => {
    expect(toHex(pullAck(2, tokenOf(one)))).toBe(one.hex);
  });

  it.each(named(vectorsOf('PULL_DATA')))('%s', (_name, one) => {
    const gatewayEui = parseEui64(one.gatewayId ?? '');
    expect(parseGatewayDatagram(octetsOf(one))).toEqual({
      kind: 'pull-data',
      version: 2,
      token: tokenOf(one),
      gatewayEui,
    });
    expect(toHex(gatewayDatagram('pull-data', tokenOf(one), gatewayEui))).toBe(one.hex);
    const bench = new LinkBench();
    bench.socket.arrive(octetsOf(one), { address: '192.0.2.9', port: 5 });
    expect(bench.sent().map(({ octets }) => toHex(octets))).toEqual([`02${one.token}04`]);
  });

  it.each(named(vectorsOf('TX_ACK')))('%s', (_name, one) => {
    const datagram = parseGatewayDatagram(octetsOf(one));
    expect(datagram).toMatchObject({ kind: 'tx-ack', token: tokenOf(one), gatewayEui: one.gatewayId });
    const expected = one.expect ?? {};
    expect(datagram).toMatchObject({ error: expected.result === 'error' ? expected.error : undefined });
    const again = gatewayDatagram('tx-ack', tokenOf(one), parseEui64(one.gatewayId ?? ''), one.json);
    expect(toHex(again)).toBe(one.hex);
  });
});

describe('PULL_RESP', () => {
  it.each(named(vectorsOf('PULL_RESP')))('%s', (_name, one) => {
    const { txpk } = JSON.parse(one.json ?? '') as { txpk: Record<string, unknown> };
    const modulation = parseDatr(txpk.datr as string | number);
    if (modulation.kind === 'lr-fhss') throw new Error('gateways cannot send that');
    const request: TransmitRequest = {
      gatewayEui: parseEui64('a84041fdfe276a10'),
      phyPayload: new Uint8Array(Buffer.from(txpk.data as string, 'base64')),
      frequencyHz: Math.round((txpk.freq as number) * 1e6),
      modulation,
      powerDbm: txpk.powe as number,
      time:
        txpk.imme === true
          ? { kind: 'immediately' }
          : txpk.tmst === undefined
            ? { kind: 'at-gps', gpsTime: gpsMs(txpk.tmms as number) }
            : { kind: 'at-counter', counterUs: txpk.tmst as number },
      context: undefined,
    };
    // To the octet, since old forwarders read the JSON as they like.
    expect(toHex(pullResp(2, tokenOf(one), buildTxpk(request)))).toBe(one.hex);
  });
});
