import { fromHex, toHex } from '@airlift/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockChecksums, Crc64, crc64, matchCrc64 } from '../../src/index.ts';

const CHECK = new TextEncoder().encode('123456789');

/** The definition, one bit at a time in 64-bit integers: independent of the tables under test. */
function bitwiseCrc64(octets: Uint8Array): string {
  let crc = 0n;
  for (const octet of octets) {
    crc ^= BigInt(octet);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ ((crc & 1n) * 0x95ac9329ac4bc9b5n);
  }
  return crc.toString(16).padStart(16, '0');
}

test('check value', () => {
  expect(toHex(crc64(CHECK))).toBe('e9c6d914c4b8d9ca');
  expect(toHex(crc64(new Uint8Array(0)))).toBe('0000000000000000');
});

test('agrees with the bitwise definition, in one piece or in two', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (octets, cut) => {
      expect(toHex(crc64(octets))).toBe(bitwiseCrc64(octets));
      const pieces = new Crc64().add(octets.subarray(0, cut)).add(octets.subarray(cut));
      expect(pieces.octets()).toEqual(crc64(octets));
    }),
  );
});

test('a device may include the padding or not, in either octet order', () => {
  const padded = new Uint8Array(16);
  padded.set(CHECK);
  const expected = blockChecksums(CHECK, 7);
  const answers = [
    ['unpadded', 'big-endian', crc64(CHECK)],
    ['unpadded', 'little-endian', crc64(CHECK).reverse()],
    ['padded', 'big-endian', crc64(padded)],
    ['padded', 'little-endian', crc64(padded).reverse()],
  ] as const;
  for (const [span, order, received] of answers) {
    expect(matchCrc64(received, expected)).toEqual({ span, order });
  }
  expect(matchCrc64(fromHex('1c57cae8353843b2'), expected)).toBeUndefined();
});

test('without padding both spans are one', () => {
  expect(matchCrc64(crc64(CHECK), blockChecksums(CHECK, 0))).toEqual({ span: 'unpadded', order: 'big-endian' });
});

test('a single changed bit is noticed', () => {
  const flipped = Uint8Array.from(CHECK);
  flipped[4] = (flipped[4] ?? 0) ^ 0x10;
  expect(matchCrc64(crc64(flipped), blockChecksums(CHECK, 7))).toBeUndefined();
});

test('refuses a padding that no session can have', () => {
  for (const padding of [-1, 256, 1.5]) {
    expect(() => blockChecksums(CHECK, padding)).toThrow(expect.objectContaining({ code: 'padding-invalid' }));
  }
});
