import { CallerError, fromHex, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import {
  buildDataFrame,
  buildMulticastFrame,
  type DataFrame,
  type DownlinkContent,
  openDataFrame,
  openMulticastFrame,
  parseDevAddr,
  parsePhyPayload,
  type SessionKeys,
  type UplinkContent,
  verifyDataMic,
} from '../src/index.ts';
import { type FrameVector, l2, vectors } from './vectors.ts';

const hex = (text: string | undefined): Uint8Array => fromHex(text ?? '');

function keysOf(vector: FrameVector): SessionKeys {
  const { keys } = vector;
  return vector.macVersion === '1.0'
    ? { macVersion: '1.0', nwkSKey: hex(keys.nwkSKey), appSKey: hex(keys.appSKey) }
    : {
        macVersion: '1.1',
        fNwkSIntKey: hex(keys.fNwkSIntKey),
        sNwkSIntKey: hex(keys.sNwkSIntKey),
        nwkSEncKey: hex(keys.nwkSEncKey),
        appSKey: hex(keys.appSKey),
      };
}

function contentOf(vector: FrameVector): UplinkContent | DownlinkContent {
  const { fCtrl } = vector;
  const bit = (mask: number): boolean => (fCtrl & mask) !== 0;
  const common = {
    confirmed: vector.mtype.startsWith('conf'),
    devAddr: parseDevAddr(vector.devAddr),
    fCnt: vector.fCnt,
    fOpts: hex(vector.fOptsPlain),
    ...(vector.fPort === null ? {} : { fPort: vector.fPort, payload: hex(vector.payloadPlain) }),
    keys: keysOf(vector),
    confFCnt: vector.confFCnt ?? 0,
  };
  return vector.mtype.endsWith('Up')
    ? {
        ...common,
        direction: 'up',
        fCtrl: { adr: bit(0x80), adrAckReq: bit(0x40), ack: bit(0x20), classB: bit(0x10) },
        radio: { txDr: vector.txDr ?? 0, txCh: vector.txCh ?? 0 },
      }
    : { ...common, direction: 'down', fCtrl: { adr: bit(0x80), ack: bit(0x20), fPending: bit(0x10) } };
}

function parseData(octets: Uint8Array): DataFrame {
  const frame = parsePhyPayload(octets);
  if (frame.type !== 'data') throw new Error(`not a data frame but ${frame.type}`);
  return frame;
}

const secretsOf = (vector: FrameVector) => ({
  keys: keysOf(vector),
  fCnt: vector.fCnt,
  confFCnt: vector.confFCnt ?? 0,
  radio: { txDr: vector.txDr ?? 0, txCh: vector.txCh ?? 0 },
});

describe.each(l2.frames.map((vector) => [`${vector.id} ${vector.note}`, vector] as const))('%s', (_name, vector) => {
  it('is built', () => {
    expect(toHex(buildDataFrame(contentOf(vector)))).toBe(vector.phy);
  });

  it('is read', () => {
    const frame = parseData(fromHex(vector.phy));
    expect(frame).toMatchObject({
      direction: vector.mtype.endsWith('Up') ? 'up' : 'down',
      confirmed: vector.mtype.startsWith('conf'),
      devAddr: parseDevAddr(vector.devAddr),
      fCnt16: vector.fCntWire,
      fCtrl: contentOf(vector).fCtrl,
    });
    expect(frame.fPort ?? null).toBe(vector.fPort);
    expect(toHex(frame.fOpts)).toBe(vector.fOptsWire);
    expect(toHex(frame.frmPayload)).toBe(vector.payloadWire ?? '');
    expect(toHex(frame.mic)).toBe(vector.mic);
  });

  it('is opened, and not with anything wrong', () => {
    const frame = parseData(fromHex(vector.phy));
    const opened = openDataFrame(frame, secretsOf(vector));
    expect(opened).toEqual({ fOpts: hex(vector.fOptsPlain), payload: hex(vector.payloadPlain) });

    const otherFCnt = (vector.fCnt + 0x10000) % 0x1_0000_0000;
    expect(openDataFrame(frame, { ...secretsOf(vector), fCnt: otherFCnt })).toBeUndefined();
    for (let i = 1; i < vector.phy.length / 2; i++) {
      const damaged = fromHex(vector.phy);
      damaged[i] = (damaged[i] ?? 0) ^ 1;
      let readable: DataFrame;
      try {
        readable = parseData(damaged);
      } catch {
        continue;
      }
      expect(verifyDataMic(readable, secretsOf(vector))).toBe(false);
    }
  });
});

describe('LoRaWAN 1.1', () => {
  const withOldForm = l2.frames.filter((vector) => vector.fOptsWirePre111 !== undefined);

  it.each(withOldForm)('$id encrypts FOpts in the form of the first text when asked', (vector) => {
    const frame = parseData(buildDataFrame({ ...contentOf(vector), fOptsForm: 'original' }));
    expect(toHex(frame.fOpts)).toBe(vector.fOptsWirePre111);
    expect(openDataFrame(frame, { ...secretsOf(vector), fOptsForm: 'original' })?.fOpts).toEqual(
      hex(vector.fOptsPlain),
    );
  });

  it.each(l2.frames.filter((vector) => vector.txDr !== undefined))(
    '$id can be half verified without knowing its channel, and fails with a wrong one',
    (vector) => {
      const frame = parseData(fromHex(vector.phy));
      const secrets = secretsOf(vector);
      expect(verifyDataMic(frame, { ...secrets, radio: 'unknown' })).toBe(true);
      expect(verifyDataMic(frame, { ...secrets, radio: 'unknown', fCnt: vector.fCnt + 1 })).toBe(false);
      expect(verifyDataMic(frame, { ...secrets, radio: { ...secrets.radio, txCh: secrets.radio.txCh ^ 1 } })).toBe(
        false,
      );
    },
  );

  it('has to be told the data rate and channel of an uplink', () => {
    const vector = withOldForm.find((candidate) => candidate.txDr !== undefined);
    if (vector === undefined) throw new Error('no such vector');
    const { keys, fCnt } = secretsOf(vector);
    expect(() => openDataFrame(parseData(fromHex(vector.phy)), { keys, fCnt })).toThrow(
      expect.objectContaining({ code: 'radio-missing' }),
    );
  });

  it('mixes the acknowledged counter into downlinks with ACK only', () => {
    const keys: SessionKeys = {
      macVersion: '1.1',
      fNwkSIntKey: new Uint8Array(16).fill(1),
      sNwkSIntKey: new Uint8Array(16).fill(2),
      nwkSEncKey: new Uint8Array(16).fill(3),
      appSKey: new Uint8Array(16).fill(4),
    };
    const build = (ack: boolean, confFCnt: number) =>
      toHex(buildDataFrame({ direction: 'down', devAddr: 1, fCnt: 9, fCtrl: { ack }, keys, confFCnt }));
    expect(build(false, 5)).toBe(build(false, 0));
    expect(build(true, 5)).not.toBe(build(true, 0));
    // Lower 16 bits only.
    expect(build(true, 0x10005)).toBe(build(true, 5));
  });
});

describe('what cannot be built', () => {
  const keys: SessionKeys = { macVersion: '1.0', nwkSKey: new Uint8Array(16), appSKey: new Uint8Array(16) };
  const base: DownlinkContent = { direction: 'down', devAddr: 1, fCnt: 0, keys };
  it.each<[string, DownlinkContent]>([
    ['fopts-too-long', { ...base, fOpts: new Uint8Array(16) }],
    ['fport0-with-fopts', { ...base, fPort: 0, fOpts: new Uint8Array(1) }],
    ['payload-without-fport', { ...base, payload: new Uint8Array(1) }],
    ['frame-too-long', { ...base, fPort: 1, payload: new Uint8Array(243) }],
    ['value-range', { ...base, fCnt: 0x1_0000_0000 }],
    ['value-range', { ...base, devAddr: -1 }],
    ['value-range', { ...base, fPort: 256 }],
    ['key-length', { ...base, keys: { ...keys, nwkSKey: new Uint8Array(15) } }],
  ])('%s', (code, content) => {
    expect(() => buildDataFrame(content)).toThrow(CallerError);
    expect(() => buildDataFrame(content)).toThrow(expect.objectContaining({ code }));
  });

  it('but the longest frame can', () => {
    expect(buildDataFrame({ ...base, fPort: 1, payload: new Uint8Array(242) })).toHaveLength(255);
  });
});

interface KeyVectors {
  readonly derivations: readonly ({ readonly name: string } & Readonly<Record<string, string>>)[];
  readonly multicast_frame: readonly {
    readonly name: string;
    readonly keys_of: string;
    readonly fcnt32: number;
    readonly fport: number;
    readonly frm_payload: string;
    readonly phy_payload: string;
  }[];
}

describe('multicast frames', () => {
  const known = vectors<KeyVectors>('keys.json');

  it.each(known.multicast_frame)('$name is built and opened', (vector) => {
    const group = known.derivations.find((chain) => chain.name === vector.keys_of);
    if (group === undefined) throw new Error(`no keys ${vector.keys_of}`);
    const find = (name: RegExp): string => Object.entries(group).find(([key]) => name.test(key))?.[1] ?? '';
    const keys = { mcNwkSKey: hex(find(/^mc_?nwk_?s_?key$/i)), mcAppSKey: hex(find(/^mc_?app_?s_?key$/i)) };
    const mcAddr = parseDevAddr(find(/^mc_?addr$/i));
    const payload = fromHex(vector.frm_payload);
    const octets = buildMulticastFrame({ mcAddr, fCnt: vector.fcnt32, fPort: vector.fport, payload, keys });
    expect(toHex(octets)).toBe(vector.phy_payload);
    expect(openMulticastFrame(parseData(octets), keys, vector.fcnt32)).toEqual(payload);
    expect(openMulticastFrame(parseData(octets), keys, vector.fcnt32 + 1)).toBeUndefined();
  });

  it('cannot carry MAC commands, and frames that do are not opened', () => {
    const keys = { mcNwkSKey: new Uint8Array(16), mcAppSKey: new Uint8Array(16).fill(1) };
    const session: SessionKeys = { macVersion: '1.0', nwkSKey: keys.mcNwkSKey, appSKey: keys.mcAppSKey };
    expect(() => buildMulticastFrame({ mcAddr: 1, fCnt: 0, fPort: 0, payload: Uint8Array.of(6), keys })).toThrow(
      expect.objectContaining({ code: 'multicast-fport' }),
    );
    const base: DownlinkContent = { direction: 'down', devAddr: 1, fCnt: 0, keys: session };
    const payload = Uint8Array.of(1);
    for (const content of [
      { ...base, fPort: 0, payload },
      { ...base, fPort: 1, payload, confirmed: true },
      { ...base, fPort: 1, payload, fOpts: Uint8Array.of(6) },
      { ...base, fPort: 1, payload, fCtrl: { ack: true } },
      base,
    ]) {
      expect(openMulticastFrame(parseData(buildDataFrame(content)), keys, 0)).toBeUndefined();
    }
    const up: UplinkContent = { ...base, direction: 'up', fCtrl: {}, fPort: 1, payload };
    expect(openMulticastFrame(parseData(buildDataFrame(up)), keys, 0)).toBeUndefined();
    expect(openMulticastFrame(parseData(buildDataFrame({ ...base, fPort: 1, payload })), keys, 0)).toEqual(payload);
  });
});
