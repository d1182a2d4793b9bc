import { concatOctets, type Eui64, eui64LittleEndian, littleEndian } from '@airlift/kernel';
import { aesCmac } from './crypto.ts';
import { sameMic } from './data-security.ts';
import { type JoinRequest, MIC_OCTETS, type RejoinRequest } from './phy-payload.ts';
import { unsigned } from './unsigned.ts';

/**
 * Builds a join-request (23 octets).
 * @param fields.rootKey AppKey of a 1.0.x device, NwkKey of a 1.1 device
 * @throws CallerError `value-range`, `key-length`
 */
export function buildJoinRequest(fields: {
  readonly joinEui: Eui64;
  readonly devEui: Eui64;
  readonly devNonce: number;
  readonly rootKey: Uint8Array;
}): Uint8Array {
  return withMic(
    fields.rootKey,
    concatOctets(
      Uint8Array.of(0x00),
      eui64LittleEndian(fields.joinEui),
      eui64LittleEndian(fields.devEui),
      littleEndian(unsigned(fields.devNonce, 16, 'DevNonce'), 2),
    ),
  );
}

/** Whether the join-request was made by a holder of this key. To be checked before its nonce is looked at. */
export function verifyJoinRequest(frame: JoinRequest, rootKey: Uint8Array): boolean {
  return verifyPlainMic(frame.octets, rootKey);
}

/** A rejoin-request of LoRaWAN 1.1 to build; `key` is SNwkSIntKey for types 0 and 2, JSIntKey for type 1. */
export type RejoinRequestFields =
  | {
      readonly rejoinType: 0 | 2;
      readonly netId: number;
      readonly devEui: Eui64;
      readonly rjCount: number;
      readonly key: Uint8Array;
    }
  | {
      readonly rejoinType: 1;
      readonly joinEui: Eui64;
      readonly devEui: Eui64;
      readonly rjCount: number;
      readonly key: Uint8Array;
    };

/**
 * Builds a rejoin-request (19 octets for types 0 and 2, 24 for type 1).
 * @throws CallerError `value-range`, `key-length`
 */
export function buildRejoinRequest(fields: RejoinRequestFields): Uint8Array {
  const origin =
    fields.rejoinType === 1 ? eui64LittleEndian(fields.joinEui) : littleEndian(unsigned(fields.netId, 24, 'NetID'), 3);
  return withMic(
    fields.key,
    concatOctets(
      Uint8Array.of(0xc0, fields.rejoinType),
      origin,
      eui64LittleEndian(fields.devEui),
      littleEndian(unsigned(fields.rjCount, 16, 'RJcount'), 2),
    ),
  );
}

/** Whether the rejoin-request was made by a holder of this key: SNwkSIntKey for types 0 and 2, JSIntKey for type 1. */
export function verifyRejoinRequest(frame: RejoinRequest, key: Uint8Array): boolean {
  return verifyPlainMic(frame.octets, key);
}

function withMic(key: Uint8Array, message: Uint8Array): Uint8Array {
  return concatOctets(message, aesCmac(key, message).subarray(0, MIC_OCTETS));
}

function verifyPlainMic(octets: Uint8Array, key: Uint8Array): boolean {
  const end = octets.length - MIC_OCTETS;
  return sameMic(octets.subarray(end), aesCmac(key, octets.subarray(0, end)).subarray(0, MIC_OCTETS));
}
