import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OctetReader, OctetWriter } from '../src/index.ts';

test('bit groups are taken from the lowest bit upwards, across octets', () => {
  const reader = new OctetReader(Uint8Array.of(0b1010_0101, 0b1100_0011));
  expect(reader.bits(3)).toBe(0b101);
  expect(reader.bits(7)).toBe(0b11_10100);
  expect(reader.bits(6)).toBe(0b110000);
  expect(reader.remaining).toBe(0);
});

test('two bit groups in a 16-bit little-endian word', () => {
  const writer = new OctetWriter();
  writer.bits(1024, 14);
  writer.bits(2, 2);
  expect(writer.finish()).toEqual(Uint8Array.of(0x00, 0x84));
});

test('whatever is written as bits is read back', () => {
  const groups = fc.array(
    fc.integer({ min: 1, max: 24 }).chain((width) => fc.tuple(fc.constant(width), fc.nat(2 ** width - 1))),
  );
  fc.assert(
    fc.property(groups, (list) => {
      const writer = new OctetWriter(1);
      for (const [width, value] of list) writer.bits(value, width);
      writer.bits(0, 7);
      const reader = new OctetReader(writer.finish());
      for (const [width, value] of list) expect(reader.bits(width)).toBe(value);
    }),
  );
});

test('unsigned integers are little-endian, up to four octets', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.nat(0xffff_ffff), (count, seed) => {
      const value = seed % 2 ** (8 * count);
      const writer = new OctetWriter(1);
      writer.unsigned(value, count);
      const octets = writer.finish();
      const sum = octets.reduce((total, octet, i) => total + octet * 2 ** (8 * i), 0);
      expect([octets.length, sum]).toEqual([count, value]);
      expect(new OctetReader(octets).unsigned(count)).toBe(value);
    }),
  );
});

test('reading stays within its range', () => {
  const reader = new OctetReader(Uint8Array.of(1, 2, 3, 4), 1, 3);
  expect(reader.peek()).toBe(2);
  expect(reader.peekRest()).toEqual(Uint8Array.of(2, 3));
  expect(reader.rest()).toEqual(Uint8Array.of(2, 3));
  expect(reader.peek()).toBeUndefined();
  expect(() => reader.unsigned(1)).toThrow(expect.objectContaining({ code: 'truncated', offset: 3 }));
  expect(() => reader.bits(1)).toThrow(expect.objectContaining({ code: 'truncated' }));
});

test('a writer grows without losing anything', () => {
  const writer = new OctetWriter(1);
  const long = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
  writer.unsigned(7, 1);
  writer.octets(long);
  writer.unsigned(9, 1);
  expect(writer.length).toBe(302);
  expect(writer.finish()).toEqual(Uint8Array.of(7, ...long, 9));
});

test('a writer that starts again remembers nothing, not even half an octet', () => {
  const writer = new OctetWriter();
  writer.unsigned(7, 1);
  writer.bits(1, 3);
  writer.restart().bits(0xf0, 8);
  expect(writer.finish()).toEqual(Uint8Array.of(0xf0));
});
