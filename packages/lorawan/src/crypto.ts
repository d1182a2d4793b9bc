import { createCipheriv, createDecipheriv } from 'node:crypto';
import { CallerError } from '@airlift/kernel';

/** Octets in an AES block and in an AES-128 key. */
export const AES_BLOCK_OCTETS = 16;

/**
 * How many keys keep their prepared ciphers. Preparing one costs about as much as a dozen blocks, and a server meets
 * the same few keys per device again and again; the bound keeps a fleet of any size from holding memory.
 */
const CACHED_KEYS = 2048;

interface BlockCipher {
  update(octets: Uint8Array): Uint8Array;
}

interface PreparedKey {
  readonly encrypt: BlockCipher;
  decrypt?: BlockCipher;
  /** The two CMAC subkeys of RFC 4493 section 2.3, made at first use. */
  subkeys?: readonly [whole: Uint8Array, partial: Uint8Array];
}

const prepared = new Map<string, PreparedKey>();

/**
 * AES-128 encryption in ECB mode, without padding.
 * @param key 16 octets
 * @param blocks a multiple of 16 octets, possibly none
 * @throws CallerError `key-length` or `block-length`; the octets themselves never appear in an error
 */
export function aesEncryptBlock(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  requireWholeBlocks(blocks);
  return plainOctets(prepare(key).encrypt.update(blocks));
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
  const entry = prepare(key);
  entry.decrypt ??= newDecipher(key);
  return plainOctets(entry.decrypt.update(blocks));
}

/**
 * AES-CMAC (RFC 4493) over a message of any length.
 * @param key 16 octets
 * @returns all 16 octets; LoRaWAN message integrity codes are the first four
 * @throws CallerError `key-length`
 */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const entry = prepare(key);
  entry.subkeys ??= cmacSubkeys(entry.encrypt);
  const [whole, partial] = entry.subkeys;

  const blockCount = Math.max(1, Math.ceil(message.length / AES_BLOCK_OCTETS));
  const lastStart = (blockCount - 1) * AES_BLOCK_OCTETS;
  const tail = message.length - lastStart;
  const chain = new Uint8Array(AES_BLOCK_OCTETS);
  let state: Uint8Array = chain;
  for (let start = 0; start < lastStart; start += AES_BLOCK_OCTETS) {
    for (let i = 0; i < AES_BLOCK_OCTETS; i++) chain[i] = (state[i] ?? 0) ^ (message[start + i] ?? 0);
    state = entry.encrypt.update(chain);
  }
  const mask = tail === AES_BLOCK_OCTETS ? whole : partial;
  for (let i = 0; i < AES_BLOCK_OCTETS; i++) {
    const octet = i < tail ? (message[lastStart + i] ?? 0) : i === tail ? 0x80 : 0;
    chain[i] = (state[i] ?? 0) ^ octet ^ (mask[i] ?? 0);
  }
  return plainOctets(entry.encrypt.update(chain));
}

/** ECB ciphers keep no state between whole blocks, so one object per key serves every call. */
function prepare(key: Uint8Array): PreparedKey {
  if (key.length !== AES_BLOCK_OCTETS) throw new CallerError('key-length', 'an AES-128 key has 16 octets');
  const name = cacheName(key);
  const known = prepared.get(name);
  if (known !== undefined) return known;
  if (prepared.size >= CACHED_KEYS) {
    // Oldest first: a Map iterates in the order of insertion.
    for (const oldest of prepared.keys()) {
      prepared.delete(oldest);
      break;
    }
  }
  const cipher = createCipheriv('aes-128-ecb', key, null);
  cipher.setAutoPadding(false);
  const entry: PreparedKey = { encrypt: cipher };
  prepared.set(name, entry);
  return entry;
}

function newDecipher(key: Uint8Array): BlockCipher {
  const decipher = createDecipheriv('aes-128-ecb', key, null);
  decipher.setAutoPadding(false);
  return decipher;
}

function cacheName(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

function requireWholeBlocks(blocks: Uint8Array): void {
  if (blocks.length % AES_BLOCK_OCTETS !== 0) {
    throw new CallerError('block-length', 'AES in ECB mode needs a multiple of 16 octets');
  }
}

/** node:crypto answers with a Buffer; callers are promised a plain array with memory of its own. */
function plainOctets(octets: Uint8Array): Uint8Array {
  return new Uint8Array(octets);
}

function cmacSubkeys(encrypt: BlockCipher): readonly [Uint8Array, Uint8Array] {
  const whole = doubled(encrypt.update(new Uint8Array(AES_BLOCK_OCTETS)));
  return [whole, doubled(whole)];
}

/** Multiplication by x in GF(2^128), as RFC 4493 defines it for the subkeys. */
function doubled(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(AES_BLOCK_OCTETS);
  for (let i = 0; i < AES_BLOCK_OCTETS; i++) out[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7);
  if ((block[0] ?? 0) >> 7 === 1) out[AES_BLOCK_OCTETS - 1] = (out[AES_BLOCK_OCTETS - 1] ?? 0) ^ 0x87;
  return out;
}
