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
  mac?: PreparedMac;
}

interface PreparedMac {
  /** AES in CBC mode, whose last output block is the code. */
  readonly chain: BlockCipher;
  lastOutput: Uint8Array;
  readonly subkeys: Subkeys;
}

/** Masks of the last block, RFC 4493 section 2.3: for one of 16 octets, and for one that had to be filled up. */
interface Subkeys {
  readonly whole: Uint8Array;
  readonly partial: Uint8Array;
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
  entry.mac ??= prepareMac(entry.encrypt, key);
  const { chain, subkeys } = entry.mac;

  const blockCount = Math.max(1, Math.ceil(message.length / AES_BLOCK_OCTETS));
  const masked = new Uint8Array(blockCount * AES_BLOCK_OCTETS);
  masked.set(message);
  const lastStart = masked.length - AES_BLOCK_OCTETS;
  const isWhole = message.length === masked.length;
  if (!isWhole) masked[message.length] = 0x80;
  xorInto(masked, lastStart, isWhole ? subkeys.whole : subkeys.partial);
  // A CBC cipher goes on from its last output. Taking that away from the first block makes it start afresh, which is
  // several times faster than a new cipher for every message.
  xorInto(masked, 0, entry.mac.lastOutput);
  entry.mac.lastOutput = plainOctets(chain.update(masked).subarray(lastStart));
  return plainOctets(entry.mac.lastOutput);
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

function prepareMac(encrypt: BlockCipher, key: Uint8Array): PreparedMac {
  const zeros = new Uint8Array(AES_BLOCK_OCTETS);
  const chain = createCipheriv('aes-128-cbc', key, zeros);
  chain.setAutoPadding(false);
  const whole = doubled(encrypt.update(zeros));
  return { chain, lastOutput: zeros, subkeys: { whole, partial: doubled(whole) } };
}

function xorInto(octets: Uint8Array, offset: number, block: Uint8Array): void {
  for (let i = 0; i < AES_BLOCK_OCTETS; i++) octets[offset + i] = (octets[offset + i] ?? 0) ^ (block[i] ?? 0);
}

/** Multiplication by x in GF(2^128), as RFC 4493 defines it for the subkeys. */
function doubled(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(AES_BLOCK_OCTETS);
  for (let i = 0; i < AES_BLOCK_OCTETS; i++) out[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7);
  if ((block[0] ?? 0) >> 7 === 1) out[AES_BLOCK_OCTETS - 1] = (out[AES_BLOCK_OCTETS - 1] ?? 0) ^ 0x87;
  return out;
}
