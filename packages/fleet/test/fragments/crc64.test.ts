import { toHex } from '@airlift/kernel';
import { expect, it } from 'vitest';
import { crc64 } from '../../src/fragments/crc64.ts';

it('has the check value of CRC-64 Jones', () => {
  expect(toHex(crc64(new TextEncoder().encode('123456789')))).toBe('e9c6d914c4b8d9ca');
});

it('is 0 of nothing and of zeros', () => {
  expect(toHex(crc64(new Uint8Array(0)))).toBe('0000000000000000');
  expect(toHex(crc64(new Uint8Array(100)))).toBe('0000000000000000');
});
