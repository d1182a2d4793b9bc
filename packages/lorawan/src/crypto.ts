import { createDecipheriv } from 'node:crypto';
import { CallerError } from '@airlift/kernel';
import { encryptWords, expandKey, newRoundKeys, putWord, type RoundKeys, wordAt } from './aes128.ts';

/** Octets in an AES block and in an AES-128 key. */
export const AES_BLOCK_OCTETS = 16;

// Used again for every call: nothing here calls back, and a frame should leave no garbage but itself.
const roundKeys = newRoundKeys();
const block = new Int32Array(4);
const subkey = new Int32Array(4);

/**
 * AES-128 encryption in ECB mode, without padding.
 * @param key 16 octets
 * @param blocks a multiple of 16 octets, possibly none
 * @throws CallerError `key-length` or `block-length`; the octets themselves never appear in an error
 */
export function aesEncryptBlock(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  requireWholeBlocks(blocks);
  const keys = prepared(key);
  const encrypted = new Uint8Array(blocks.length);
  for (let at = 0; at < blocks.length; at += AES_BLOCK_OCTETS) {
    for (let i = 0; i < 4; i++) block[i] = wordAt(blocks, at + 4 * i);
    encryptWords(block, keys);
    for (let i = 0; i < 4; i++) putWord(encrypted, at + 4 * i, block[i] as number);
  }
  return encrypted;
}

/**
 * AES-128 decryption in ECB mode, without padding. LoRaWAN uses it to "encrypt" join-accepts and multicast keys, so
 * that a device needs the encryption direction only.
 * @param key 16 octets
 * @param blocks a multiple of 16 octets, possibly none
 * @throws CallerError `key-length` or `block-length`
 */
export function aesDecryptBlock(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  requireWholeBlocks(blocks);
  requireKey(key);
  const decipher = createDecipheriv('aes-128-ecb', key, null);
  decipher.setAutoPadding(false);
  // node:crypto answers with a Buffer; callers are promised a plain array with memory of its own.
  return new Uint8Array(decipher.update(blocks));
}

/**
 * AES-CMAC (RFC 4493) over a message of any length.
 * @param key 16 octets
 * @returns all 16 octets; LoRaWAN message integrity codes are the first four
 * @throws CallerError `key-length`
 */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const keys = prepared(key);
  const lastStart = Math.max(0, Math.ceil(message.length / AES_BLOCK_OCTETS) - 1) * AES_BLOCK_OCTETS;
  const isWhole = message.length === lastStart + AES_BLOCK_OCTETS;
  subkey.fill(0);
  encryptWords(subkey, keys);
  doubleSubkey();
  if (!isWhole) doubleSubkey();
  block.fill(0);
  for (let at = 0; at <= lastStart; at += AES_BLOCK_OCTETS) {
    for (let i = 0; i < 4; i++) {
      let word = wordAt(message, at + 4 * i);
      if (at === lastStart) {
        word ^= subkey[i] as number;
        if (!isWhole) word ^= endMark(message.length - at - 4 * i);
      }
      block[i] = (block[i] as number) ^ word;
    }
    encryptWords(block, keys);
  }
  const code = new Uint8Array(AES_BLOCK_OCTETS);
  for (let i = 0; i < 4; i++) putWord(code, 4 * i, block[i] as number);
  return code;
}

/** The bit that follows a message which ends after so many octets of a word; nothing when it does not end there. */
function endMark(octets: number): number {
  return octets < 0 || octets > 3 ? 0 : 0x80 << (24 - 8 * octets);
}

/** Multiplication by x in GF(2^128), as RFC 4493 defines it for the subkeys. */
function doubleSubkey(): void {
  const carry = (subkey[0] as number) < 0 ? 0x87 : 0;
  for (let i = 0; i < 4; i++) subkey[i] = ((subkey[i] as number) << 1) | ((subkey[i + 1] ?? 0) >>> 31);
  subkey[3] = (subkey[3] as number) ^ carry;
}

function prepared(key: Uint8Array): RoundKeys {
  requireKey(key);
  expandKey(key, roundKeys);
  return roundKeys;
}

function requireKey(key: Uint8Array): void {
  if (key.length !== AES_BLOCK_OCTETS) throw new CallerError('key-length', 'an AES-128 key has 16 octets');
}

function requireWholeBlocks(blocks: Uint8Array): void {
  if (blocks.length % AES_BLOCK_OCTETS !== 0) {
    throw new CallerError('block-length', 'AES in ECB mode needs a multiple of 16 octets');
  }
}
