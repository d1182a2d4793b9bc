import { createRequire } from 'node:module';
import { Rng, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { buildDataFrame, openDataFrame, parsePhyPayload, type SessionKeys10 } from '../src/index.ts';

interface OraclePacket {
  getPHYPayload(): Buffer;
  readonly MIC: Buffer;
  readonly FCnt: Buffer;
  readonly DevAddr: Buffer;
}

interface Oracle {
  fromWire(octets: Buffer): OraclePacket;
  fromFields(
    fields: Readonly<Record<string, unknown>>,
    appSKey: Buffer,
    nwkSKey: Buffer,
    appKey: undefined,
    fCntMsb: Buffer,
  ): OraclePacket;
  verifyMIC(packet: OraclePacket, nwkSKey: Buffer, appKey: undefined, fCntMsb: Buffer): boolean;
  decrypt(packet: OraclePacket, appSKey: Buffer, nwkSKey: Buffer, fCntMsb: Buffer): Buffer;
}

// Its declarations do not match its module format, hence the shape stated above.
const oracle = createRequire(import.meta.url)('lora-packet') as Oracle;

describe('frames of LoRaWAN 1.0 against lora-packet', () => {
  it.each(Array.from({ length: 60 }, (_, i) => `oracle-${i}`))('random frame of seed %s', (seed) => {
    const rng = new Rng(seed);
    const keys: SessionKeys10 = { macVersion: '1.0', nwkSKey: rng.octets(16), appSKey: rng.octets(16) };
    const [nwkSKey, appSKey] = [Buffer.from(keys.nwkSKey), Buffer.from(keys.appSKey)];
    const fCnt = rng.chance(0.5) ? rng.below(0x10000) : rng.u32();
    const devAddr = rng.u32();
    const fPort = rng.below(224);
    const payload = rng.octets(1 + rng.below(200));
    const fOpts = fPort === 0 ? new Uint8Array(0) : rng.octets(rng.below(16));
    const up = rng.chance(0.5);
    const confirmed = rng.chance(0.5);
    const fCtrl = { adr: rng.chance(0.5), ack: rng.chance(0.5) };
    const common = { confirmed, devAddr, fCnt, fOpts, fPort, payload, fCtrl, keys };
    const octets = buildDataFrame(up ? { ...common, direction: 'up' } : { ...common, direction: 'down' });

    const high = Math.floor(fCnt / 0x10000);
    const fCntMsb = Buffer.from([high & 255, high >> 8]);
    const theirs = oracle.fromWire(Buffer.from(octets));
    expect(oracle.verifyMIC(theirs, nwkSKey, undefined, fCntMsb)).toBe(true);
    expect(toHex(oracle.decrypt(theirs, appSKey, nwkSKey, fCntMsb))).toBe(toHex(payload));
    expect(theirs.DevAddr.readUInt32BE()).toBe(devAddr);
    expect(theirs.FCnt.readUInt16BE()).toBe(fCnt % 0x10000);

    const built = oracle.fromFields(
      {
        MType: `${confirmed ? 'Confirmed' : 'Unconfirmed'} Data ${up ? 'Up' : 'Down'}`,
        DevAddr: theirs.DevAddr,
        FCtrl: { ADR: fCtrl.adr, ACK: fCtrl.ack, ADRACKReq: false, FPending: false },
        FCnt: fCnt % 0x10000,
        FOpts: Buffer.from(fOpts),
        FPort: fPort,
        payload: Buffer.from(payload),
      },
      appSKey,
      nwkSKey,
      undefined,
      fCntMsb,
    );
    expect(toHex(built.getPHYPayload())).toBe(toHex(octets));
    const frame = parsePhyPayload(Uint8Array.from(built.getPHYPayload()));
    if (frame.type !== 'data') throw new Error(`read as ${frame.type}`);
    expect(openDataFrame(frame, { keys, fCnt })).toEqual({ fOpts, payload });
  });
});
