import { digestOf } from './block-digests.ts';

/** CRC-64 "Jones", reflected: polynomial 0xad93d23594c935a9 with its bits in reverse, in two 32-bit halves. */
const POLY_HIGH = 0x95ac9329;
const POLY_LOW = 0xac4bc9b5;

const TABLE_HIGH = new Uint32Array(256);
const TABLE_LOW = new Uint32Array(256);

for (let octet = 0; octet < 256; octet++) {
  let high = 0;
  let low = octet;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | ((high & 1) << 31);
    high >>>= 1;
    if (carry === 1) {
      high ^= POLY_HIGH;
      low ^= POLY_LOW;
    }
  }
  TABLE_HIGH[octet] = high;
  TABLE_LOW[octet] = low;
}

/**
 * The CRC-64 with which MultiTech devices check a received block: initial value 0, nothing added at the end; of
 * "123456789" it is e9c6d914c4b8d9ca.
 * @returns eight octets, most significant first
 */
export function crc64(octets: Uint8Array): Uint8Array {
  return digestOf('crc64', octets, computed);
}

function computed(octets: Uint8Array): Uint8Array {
  let high = 0;
  let low = 0;
  for (const octet of octets) {
    const index = (low ^ octet) & 255;
    low = ((low >>> 8) | (high << 24)) ^ (TABLE_LOW[index] ?? 0);
    high = (high >>> 8) ^ (TABLE_HIGH[index] ?? 0);
  }
  const code = new Uint8Array(8);
  const view = new DataView(code.buffer);
  view.setUint32(0, high >>> 0);
  view.setUint32(4, low >>> 0);
  return code;
}
