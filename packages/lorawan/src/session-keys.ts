import { concatOctets, type Eui64, eui64LittleEndian, littleEndian } from '@airlift/kernel';
import { AES_BLOCK_OCTETS, aesEncryptBlock } from './crypto.ts';
import type { SessionKeys10, SessionKeys11 } from './frame-keys.ts';
import { unsigned } from './unsigned.ts';

/**
 * Session keys after a join without negotiation (LoRaWAN 1.0.x, and 1.1 with OptNeg 0).
 * @param exchange.rootKey AppKey of a 1.0.x device; NwkKey of a 1.1 device, which then derives all its keys from it
 * @throws CallerError `value-range`, `key-length`
 */
export function deriveSessionKeys10(exchange: {
  readonly rootKey: Uint8Array;
  readonly joinNonce: number;
  readonly netId: number;
  readonly devNonce: number;
}): SessionKeys10 {
  const fields = concatOctets(
    littleEndian(unsigned(exchange.joinNonce, 24, 'JoinNonce'), 3),
    littleEndian(unsigned(exchange.netId, 24, 'NetID'), 3),
    littleEndian(unsigned(exchange.devNonce, 16, 'DevNonce'), 2),
  );
  return {
    macVersion: '1.0',
    nwkSKey: derive(exchange.rootKey, 0x01, fields),
    appSKey: derive(exchange.rootKey, 0x02, fields),
  };
}

/**
 * Session keys after a negotiated join or rejoin (LoRaWAN 1.1 section 6.2.5, OptNeg 1).
 * @param exchange.nonce DevNonce of the join-request, or RJcount of the rejoin-request
 * @throws CallerError `value-range`, `key-length`
 */
export function deriveSessionKeys11(exchange: {
  readonly nwkKey: Uint8Array;
  readonly appKey: Uint8Array;
  readonly joinNonce: number;
  readonly joinEui: Eui64;
  readonly nonce: number;
}): SessionKeys11 {
  const fields = concatOctets(
    littleEndian(unsigned(exchange.joinNonce, 24, 'JoinNonce'), 3),
    eui64LittleEndian(exchange.joinEui),
    littleEndian(unsigned(exchange.nonce, 16, 'DevNonce or RJcount'), 2),
  );
  return {
    macVersion: '1.1',
    fNwkSIntKey: derive(exchange.nwkKey, 0x01, fields),
    sNwkSIntKey: derive(exchange.nwkKey, 0x03, fields),
    nwkSEncKey: derive(exchange.nwkKey, 0x04, fields),
    appSKey: derive(exchange.appKey, 0x02, fields),
  };
}

/** Keys that last as long as NwkKey does and protect the join exchanges of LoRaWAN 1.1 (section 6.1.1.3). */
export interface JoinServerKeys {
  /** Integrity of negotiated join-accepts and of rejoin-requests of type 1. */
  readonly jsIntKey: Uint8Array;
  /** Encrypts the join-accepts that answer rejoin-requests. */
  readonly jsEncKey: Uint8Array;
}

/**
 * Derives the join-server keys of one device.
 * @throws CallerError `key-length`
 */
export function deriveJoinServerKeys(nwkKey: Uint8Array, devEui: Eui64): JoinServerKeys {
  const fields = eui64LittleEndian(devEui);
  return { jsIntKey: derive(nwkKey, 0x06, fields), jsEncKey: derive(nwkKey, 0x05, fields) };
}

function derive(root: Uint8Array, label: number, fields: Uint8Array): Uint8Array {
  const block = new Uint8Array(AES_BLOCK_OCTETS);
  block[0] = label;
  block.set(fields, 1);
  return aesEncryptBlock(root, block);
}
