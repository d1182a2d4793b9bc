/*
 * AES-128, encryption only, by tables (FIPS 197; four tables that hold SubBytes and MixColumns together). LoRaWAN
 * enciphers a handful of blocks under one of very many keys, and a call into node:crypto costs as much as a dozen blocks
 * here, its preparation of a key twice that. There is nobody who could measure how long a table look-up takes: what an
 * attacker sees of a frame's arrival goes through an event loop, a socket and the air.
 */

const SBOX = new Uint8Array(256);
const TABLES = [new Int32Array(256), new Int32Array(256), new Int32Array(256), new Int32Array(256)] as const;

function double(value: number): number {
  return ((value << 1) ^ (value & 0x80 ? 0x11b : 0)) & 255;
}

function rotated(octet: number, by: number): number {
  return ((octet << by) | (octet >> (8 - by))) & 255;
}

function fillTables(): void {
  // p runs through all powers of 3, q through their inverses.
  let p = 1;
  let q = 1;
  do {
    p ^= double(p);
    q ^= q << 1;
    q ^= q << 2;
    q = (q ^ (q << 4)) & 255;
    if ((q & 0x80) !== 0) q ^= 0x09;
    SBOX[p] = q ^ rotated(q, 1) ^ rotated(q, 2) ^ rotated(q, 3) ^ rotated(q, 4) ^ 0x63;
  } while (p !== 1);
  SBOX[0] = 0x63;
  for (let octet = 0; octet < 256; octet++) {
    const s = SBOX[octet] as number;
    const column = (double(s) << 24) | (s << 16) | (s << 8) | (double(s) ^ s);
    TABLES.forEach((table, place) => {
      table[octet] = place === 0 ? column : (column >>> (8 * place)) | (column << (32 - 8 * place));
    });
  }
}

fillTables();

const ROUND_KEY_WORDS = 44;
const LAST_ROUND = 40;

/** The round keys of a key of 16 octets. */
export type RoundKeys = Int32Array;

/** A block of 16 octets as four words, the first octet in the uppermost bits. */
export type BlockWords = Int32Array;

export function newRoundKeys(): RoundKeys {
  return new Int32Array(ROUND_KEY_WORDS);
}

/** Writes the round keys of `key` to `target`. */
export function expandKey(key: Uint8Array, target: RoundKeys): void {
  for (let i = 0; i < 4; i++) target[i] = wordAt(key, 4 * i);
  let constant = 1;
  for (let i = 4; i < ROUND_KEY_WORDS; i++) {
    let word = target[i - 1] as number;
    if (i % 4 === 0) {
      word = (sub(word >>> 16) << 24) | (sub(word >>> 8) << 16) | (sub(word) << 8) | sub(word >>> 24);
      word ^= constant << 24;
      constant = double(constant);
    }
    target[i] = (target[i - 4] as number) ^ word;
  }
}

/** Encrypts a block in place. */
export function encryptWords(block: BlockWords, keys: RoundKeys): void {
  const [t0, t1, t2, t3] = TABLES;
  let a = (block[0] as number) ^ (keys[0] as number);
  let b = (block[1] as number) ^ (keys[1] as number);
  let c = (block[2] as number) ^ (keys[2] as number);
  let d = (block[3] as number) ^ (keys[3] as number);
  for (let k = 4; k < LAST_ROUND; k += 4) {
    const e = mixed(t0, t1, t2, t3, a, b, c, d) ^ (keys[k] as number);
    const f = mixed(t0, t1, t2, t3, b, c, d, a) ^ (keys[k + 1] as number);
    const g = mixed(t0, t1, t2, t3, c, d, a, b) ^ (keys[k + 2] as number);
    const h = mixed(t0, t1, t2, t3, d, a, b, c) ^ (keys[k + 3] as number);
    a = e;
    b = f;
    c = g;
    d = h;
  }
  block[0] = last(a, b, c, d) ^ (keys[LAST_ROUND] as number);
  block[1] = last(b, c, d, a) ^ (keys[LAST_ROUND + 1] as number);
  block[2] = last(c, d, a, b) ^ (keys[LAST_ROUND + 2] as number);
  block[3] = last(d, a, b, c) ^ (keys[LAST_ROUND + 3] as number);
}

/** The four octets from `at` on as a word; what lies beyond the end counts as 0. */
export function wordAt(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] ?? 0) << 24) | ((octets[at + 1] ?? 0) << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0)
  );
}

/** Writes a word as four octets. */
export function putWord(octets: Uint8Array, at: number, word: number): void {
  octets[at] = word >>> 24;
  octets[at + 1] = word >>> 16;
  octets[at + 2] = word >>> 8;
  octets[at + 3] = word;
}

/** SubBytes, ShiftRows and MixColumns for one column. */
function mixed(
  t0: Int32Array,
  t1: Int32Array,
  t2: Int32Array,
  t3: Int32Array,
  a: number,
  b: number,
  c: number,
  d: number,
): number {
  return (
    (t0[a >>> 24] as number) ^
    (t1[(b >>> 16) & 255] as number) ^
    (t2[(c >>> 8) & 255] as number) ^
    (t3[d & 255] as number)
  );
}

/** SubBytes and ShiftRows for one column. */
function last(a: number, b: number, c: number, d: number): number {
  return (sub(a >>> 24) << 24) | (sub(b >>> 16) << 16) | (sub(c >>> 8) << 8) | sub(d);
}

function sub(value: number): number {
  return SBOX[value & 255] as number;
}
