import {
  CallerError,
  concatOctets,
  type Eui64,
  eui64LittleEndian,
  littleEndian,
  readLittleEndian,
} from '@airlift/kernel';
import { aesCmac, aesDecryptBlock, aesEncryptBlock } from './crypto.ts';
import { sameMic } from './data-security.ts';
import type { DevAddr } from './dev-addr.ts';
import { type EncryptedJoinAccept, MIC_OCTETS } from './phy-payload.ts';
import { unsigned } from './unsigned.ts';

/** What a join-accept tells the device (section 6.2.5). */
export interface JoinAcceptFields {
  /** 24 bits. 1.0.4 and 1.1 devices want it growing; common stacks refuse 0 at the first join. */
  readonly joinNonce: number;
  /** 24 bits. */
  readonly netId: number;
  readonly devAddr: DevAddr;
  /** 0..7, see `Region.rx1DataRate`. */
  readonly rx1DrOffset: number;
  /** Data-rate index of the second receive window, 0..15. */
  readonly rx2DataRate: number;
  /** Seconds from the end of an uplink to RX1, 0..15; 0 and 1 both mean one second. */
  readonly rxDelay: number;
  /** 16 octets, see `encodeCfListFrequencies` and `encodeCfListMasks`. */
  readonly cfList?: Uint8Array;
}

/** A join-accept in the clear. */
export interface JoinAccept extends JoinAcceptFields {
  /** OptNeg: the server speaks 1.1 and the session uses the keys of 1.1. */
  readonly optNeg: boolean;
}

/** The request that a negotiated join-accept answers; it is part of what the integrity code covers. */
export interface JoinExchange {
  readonly request: 'join' | 'rejoin-0' | 'rejoin-1' | 'rejoin-2';
  readonly joinEui: Eui64;
  /** DevNonce, or RJcount of a rejoin-request. */
  readonly nonce: number;
}

/** Keys of a join-accept. */
export interface JoinAcceptKeys {
  /** AES key: AppKey (1.0.x), NwkKey (1.1), or JSEncKey when a rejoin-request is answered. */
  readonly key: Uint8Array;
  /**
   * Present for LoRaWAN 1.1 with OptNeg 1: integrity under JSIntKey. A device of 1.1 passes it always, since it learns
   * only from the decrypted answer whether the server negotiated.
   */
  readonly negotiated?: { readonly jsIntKey: Uint8Array; readonly answers: JoinExchange };
}

const JOIN_REQUEST_TYPES = { join: 0xff, 'rejoin-0': 0, 'rejoin-1': 1, 'rejoin-2': 2 } as const;
const OPT_NEG = 0x80;

/**
 * Builds a join-accept as it goes on air: "encrypted" with the AES decryption, so that devices need one direction only.
 * The OptNeg bit is set when `keys.negotiated` is given.
 * @returns 17 octets, or 33 with a CFList
 * @throws CallerError `value-range`, `cflist-length`, `key-length`
 */
export function buildJoinAccept(fields: JoinAcceptFields, keys: JoinAcceptKeys): Uint8Array {
  if (fields.cfList !== undefined && fields.cfList.length !== 16) {
    throw new CallerError('cflist-length', 'a CFList has 16 octets');
  }
  const dlSettings =
    (keys.negotiated === undefined ? 0 : OPT_NEG) |
    (unsigned(fields.rx1DrOffset, 3, 'RX1DROffset') << 4) |
    unsigned(fields.rx2DataRate, 4, 'RX2DataRate');
  const message = concatOctets(
    Uint8Array.of(0x20),
    littleEndian(unsigned(fields.joinNonce, 24, 'JoinNonce'), 3),
    littleEndian(unsigned(fields.netId, 24, 'NetID'), 3),
    littleEndian(unsigned(fields.devAddr, 32, 'DevAddr'), 4),
    Uint8Array.of(dlSettings, unsigned(fields.rxDelay, 4, 'RxDelay')),
    fields.cfList ?? new Uint8Array(0),
  );
  const mic = joinAcceptMic(message, keys);
  return concatOctets(message.subarray(0, 1), aesDecryptBlock(keys.key, concatOctets(message.subarray(1), mic)));
}

/**
 * Decrypts a join-accept and checks its integrity, as the device does. Devices that share a key take each other's
 * 1.0.x answers: nothing in the frame names the device.
 * @returns undefined when the integrity code is wrong
 * @throws CallerError `key-length`
 */
export function openJoinAccept(frame: EncryptedJoinAccept, keys: JoinAcceptKeys): JoinAccept | undefined {
  const plain = concatOctets(frame.octets.subarray(0, 1), aesEncryptBlock(keys.key, frame.octets.subarray(1)));
  const end = plain.length - MIC_OCTETS;
  const message = plain.subarray(0, end);
  const dlSettings = plain[11] ?? 0;
  const optNeg = keys.negotiated !== undefined && (dlSettings & OPT_NEG) !== 0;
  const micKeys = optNeg ? keys : { key: keys.key };
  if (!sameMic(plain.subarray(end), joinAcceptMic(message, micKeys))) return undefined;
  return {
    joinNonce: readLittleEndian(plain, 1, 3),
    netId: readLittleEndian(plain, 4, 3),
    devAddr: readLittleEndian(plain, 7, 4),
    optNeg,
    rx1DrOffset: (dlSettings >> 4) & 7,
    rx2DataRate: dlSettings & 15,
    rxDelay: (plain[12] ?? 0) & 15,
    ...(end > 13 ? { cfList: plain.slice(13, end) } : {}),
  };
}

function joinAcceptMic(message: Uint8Array, keys: JoinAcceptKeys): Uint8Array {
  const { negotiated } = keys;
  if (negotiated === undefined) return aesCmac(keys.key, message).subarray(0, MIC_OCTETS);
  const { request, joinEui, nonce } = negotiated.answers;
  const covered = concatOctets(
    Uint8Array.of(JOIN_REQUEST_TYPES[request]),
    eui64LittleEndian(joinEui),
    littleEndian(unsigned(nonce, 16, 'DevNonce or RJcount'), 2),
    message,
  );
  return aesCmac(negotiated.jsIntKey, covered).subarray(0, MIC_OCTETS);
}
