import { fromHex, parseEui64, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import {
  buildDataFrame,
  buildJoinAccept,
  buildRejoinRequest,
  openDataFrame,
  openJoinAccept,
  parsePhyPayload,
  type SessionKeys,
} from '../src/index.ts';
import { l2 } from './vectors.ts';

/** Values of other implementations' tests, from lists of octets or hexadecimal text. */
function published(id: string): string {
  const text = l2.published.find((value) => value.id === id)?.expected;
  if (text === undefined) throw new Error(`no published value ${id}`);
  return text.startsWith('[') ? toHex(Uint8Array.from(JSON.parse(text) as number[])) : text;
}

describe('values that others published', () => {
  it('join-accept (P1 to P3)', () => {
    const key = fromHex('00112233445566778899aabbccddeeff');
    const fields = {
      joinNonce: 0x570bc7,
      netId: 0x221101,
      devAddr: 0x02031980,
      rx1DrOffset: 0,
      rx2DataRate: 0,
      rxDelay: 0,
    };
    expect(toHex(buildJoinAccept(fields, { key }))).toBe(published('P3'));
    const frame = parsePhyPayload(fromHex(published('P3')));
    if (frame.type !== 'join-accept') throw new Error(`read as ${frame.type}`);
    expect(openJoinAccept(frame, { key })).toEqual({ ...fields, optNeg: false });
    expect(published('P1')).toBe(published('P2'));
  });

  it('rejoin-requests under a key of zeros (P4, P5)', () => {
    const key = new Uint8Array(16);
    const first = parseEui64('0102030405060708');
    const second = parseEui64('090a0b0c0d0e0f10');
    const type2 = buildRejoinRequest({ rejoinType: 2, netId: 0x010203, devEui: first, rjCount: 219, key });
    const type1 = buildRejoinRequest({ rejoinType: 1, joinEui: first, devEui: second, rjCount: 219, key });
    expect(toHex(type2.subarray(-4))).toBe(published('P4'));
    expect(toHex(type1.subarray(-4))).toBe(published('P5'));
  });

  it('uplink "hello" (P6)', () => {
    const keys: SessionKeys = {
      macVersion: '1.0',
      nwkSKey: new Uint8Array(16).fill(2),
      appSKey: new Uint8Array(16).fill(1),
    };
    const payload = new TextEncoder().encode('hello');
    const octets = buildDataFrame({
      direction: 'up',
      devAddr: 0x01020304,
      fCnt: 1,
      fCtrl: { adr: true },
      fPort: 1,
      payload,
      keys,
    });
    expect(Buffer.from(octets).toString('base64')).toBe('QAQDAgGAAQABppRkJhXWw7WC');
    expect(toHex(octets.subarray(-4))).toBe(published('P6'));
    const frame = parsePhyPayload(octets);
    if (frame.type !== 'data') throw new Error(`read as ${frame.type}`);
    expect(openDataFrame(frame, { keys, fCnt: 1 })?.payload).toEqual(payload);
  });
});
