import { fromHex, parseEui64, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import {
  buildJoinAccept,
  buildJoinRequest,
  buildRejoinRequest,
  deriveJoinServerKeys,
  deriveSessionKeys10,
  deriveSessionKeys11,
  type EncryptedJoinAccept,
  type JoinAcceptKeys,
  type JoinRequest,
  openJoinAccept,
  parseDevAddr,
  parsePhyPayload,
  type RejoinRequest,
  verifyJoinRequest,
  verifyRejoinRequest,
} from '../src/index.ts';
import { l2 } from './vectors.ts';

function parseAs<T extends { type: string }>(type: T['type'], text: string): T {
  const frame = parsePhyPayload(fromHex(text));
  if (frame.type !== type) throw new Error(`expected ${type}, found ${frame.type}`);
  return frame as unknown as T;
}

function hexOf(keys: object): Record<string, string> {
  const entries = Object.entries(keys).filter(([name]) => name !== 'macVersion');
  return Object.fromEntries(entries.map(([name, value]) => [name, toHex(value as Uint8Array)]));
}

describe.each(l2.joins.map((vector) => [vector.id, vector] as const))('join %s', (_id, vector) => {
  const joinEui = parseEui64(vector.joinEui);
  const devEui = parseEui64(vector.devEui);
  const netId = Number.parseInt(vector.netId, 16);
  const rootKey = fromHex(vector.nwkKey ?? vector.appKey);
  const { devNonce, joinNonce } = vector;
  const fields = {
    joinNonce,
    netId,
    devAddr: parseDevAddr(vector.devAddr),
    rx1DrOffset: vector.rx1DrOffset,
    rx2DataRate: vector.rx2Dr,
    rxDelay: vector.rxDelay,
    ...(vector.cfList === '' ? {} : { cfList: fromHex(vector.cfList) }),
  };
  const keys: JoinAcceptKeys =
    vector.optNeg === 1
      ? {
          key: rootKey,
          negotiated: {
            jsIntKey: deriveJoinServerKeys(rootKey, devEui).jsIntKey,
            answers: { request: 'join', joinEui, nonce: devNonce },
          },
        }
      : { key: rootKey };

  it('has its request built, read and verified', () => {
    expect(toHex(buildJoinRequest({ joinEui, devEui, devNonce, rootKey }))).toBe(vector.request.phy);
    const frame = parseAs<JoinRequest>('join-request', vector.request.phy);
    expect(frame).toMatchObject({ joinEui, devEui, devNonce });
    expect(verifyJoinRequest(frame, rootKey)).toBe(true);
    expect(verifyJoinRequest(frame, new Uint8Array(16).fill(0x5a))).toBe(false);
  });

  it('has its accept built and opened', () => {
    expect(toHex(buildJoinAccept(fields, keys))).toBe(vector.accept.phy);
    const frame = parseAs<EncryptedJoinAccept>('join-accept', vector.accept.phy);
    expect(openJoinAccept(frame, keys)).toEqual({ ...fields, optNeg: vector.optNeg === 1 });
    expect(openJoinAccept(frame, { ...keys, key: new Uint8Array(16).fill(0x5a) })).toBeUndefined();
  });

  it('gives the session keys', () => {
    if (vector.optNeg === 1) {
      expect(hexOf(deriveJoinServerKeys(rootKey, devEui))).toEqual({
        jsIntKey: vector.jsIntKey,
        jsEncKey: vector.jsEncKey,
      });
      const appKey = fromHex(vector.appKey);
      const session = deriveSessionKeys11({ nwkKey: rootKey, appKey, joinNonce, joinEui, nonce: devNonce });
      expect(hexOf(session)).toEqual(vector.session);
      return;
    }
    const session = hexOf(deriveSessionKeys10({ rootKey, joinNonce, netId, devNonce }));
    expect(session.appSKey).toBe(vector.session.appSKey);
    // A 1.1 device without negotiation uses one key in all three places.
    const { appSKey: _, ...networkKeys } = vector.session;
    expect(new Set(Object.values(networkKeys))).toEqual(new Set([session.nwkSKey]));
  });
});

const joins11 = l2.joins.filter((vector) => vector.macVersion === '1.1');

describe.each(joins11.map((vector) => [vector.id, vector] as const))('a 1.1 device in join %s', (_id, vector) => {
  const devEui = parseEui64(vector.devEui);
  const key = fromHex(vector.nwkKey ?? '');
  const device = (nonce: number): JoinAcceptKeys => ({
    key,
    negotiated: {
      jsIntKey: deriveJoinServerKeys(key, devEui).jsIntKey,
      answers: { request: 'join', joinEui: parseEui64(vector.joinEui), nonce },
    },
  });

  it('opens the answer without knowing beforehand whether the server negotiates', () => {
    const frame = parseAs<EncryptedJoinAccept>('join-accept', vector.accept.phy);
    expect(openJoinAccept(frame, device(vector.devNonce))?.optNeg).toBe(vector.optNeg === 1);
    // Only a negotiated answer is bound to the request.
    const other = openJoinAccept(frame, device(vector.devNonce + 1));
    expect(other === undefined).toBe(vector.optNeg === 1);
  });
});

describe.each(l2.rejoins.map((vector) => [vector.id, vector] as const))('rejoin %s', (_id, vector) => {
  const joinEui = parseEui64(vector.joinEui);
  const devEui = parseEui64(vector.devEui);
  const netId = Number.parseInt(vector.netId, 16);
  const { rjCount, rejoinType } = vector;
  const nwkKey = fromHex(vector.nwkKey);
  const js = deriveJoinServerKeys(nwkKey, devEui);

  it('has its request built, read and verified', () => {
    const key = rejoinType === 1 ? js.jsIntKey : fromHex(vector.sNwkSIntKey ?? '');
    const octets = buildRejoinRequest(
      rejoinType === 1 ? { rejoinType, joinEui, devEui, rjCount, key } : { rejoinType, netId, devEui, rjCount, key },
    );
    expect(toHex(octets)).toBe(vector.request.phy);
    const frame = parseAs<RejoinRequest>('rejoin-request', vector.request.phy);
    expect(frame).toMatchObject({ rejoinType, devEui, rjCount, ...(rejoinType === 1 ? { joinEui } : { netId }) });
    expect(verifyRejoinRequest(frame, key)).toBe(true);
    expect(verifyRejoinRequest(frame, new Uint8Array(16).fill(0x5a))).toBe(false);
  });

  it('has its answer built and opened, and gives the session keys', () => {
    expect(hexOf(js)).toEqual({ jsIntKey: vector.jsIntKey, jsEncKey: vector.jsEncKey });
    const keys: JoinAcceptKeys = {
      key: js.jsEncKey,
      negotiated: { jsIntKey: js.jsIntKey, answers: { request: `rejoin-${rejoinType}`, joinEui, nonce: rjCount } },
    };
    const plain = fromHex(vector.accept.plain);
    const fields = {
      joinNonce: vector.joinNonce,
      netId,
      devAddr: parseDevAddr(vector.devAddr),
      rx1DrOffset: ((plain[11] ?? 0) >> 4) & 7,
      rx2DataRate: (plain[11] ?? 0) & 15,
      rxDelay: plain[12] ?? 0,
      ...(vector.cfList === '' ? {} : { cfList: fromHex(vector.cfList) }),
    };
    expect(toHex(buildJoinAccept(fields, keys))).toBe(vector.accept.phy);
    const frame = parseAs<EncryptedJoinAccept>('join-accept', vector.accept.phy);
    expect(openJoinAccept(frame, keys)).toEqual({ ...fields, optNeg: true });
    const appKey = fromHex(vector.appKey);
    const session = deriveSessionKeys11({ nwkKey, appKey, joinNonce: vector.joinNonce, joinEui, nonce: rjCount });
    expect(hexOf(session)).toEqual(vector.session);
  });
});

describe('what cannot be built', () => {
  const fields = { joinNonce: 1, netId: 0, devAddr: 0, rx1DrOffset: 0, rx2DataRate: 0, rxDelay: 1 };
  const keys = { key: new Uint8Array(16) };
  it.each([
    ['value-range', { ...fields, joinNonce: 2 ** 24 }],
    ['value-range', { ...fields, rx1DrOffset: 8 }],
    ['value-range', { ...fields, rx2DataRate: 16 }],
    ['value-range', { ...fields, rxDelay: 16 }],
    ['cflist-length', { ...fields, cfList: new Uint8Array(15) }],
  ])('%s', (code, wrong) => {
    expect(() => buildJoinAccept(wrong, keys)).toThrow(expect.objectContaining({ code, kind: 'caller' }));
  });
});
