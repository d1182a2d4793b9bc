import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CallerError,
  concatOctets,
  eui64FromLittleEndian,
  eui64LittleEndian,
  formatEui64,
  fromHex,
  isEui64Text,
  littleEndian,
  parseEui64,
  readLittleEndian,
  sameOctets,
  toHex,
} from '../src/index.ts';

describe('hexadecimal text', () => {
  it('is read in both cases and written in lower case', () => {
    expect(toHex(fromHex('00fFaB'))).toBe('00ffab');
  });

  it('refuses odd lengths and other characters', () => {
    for (const text of ['0', 'zz', '0g', '0x00', ' 00']) expect(() => fromHex(text)).toThrow(CallerError);
  });

  it('round-trips', () => {
    fc.assert(fc.property(fc.uint8Array(), (octets) => sameOctets(fromHex(toHex(octets)), octets)));
  });
});

describe('little-endian integers', () => {
  it('round-trip up to six octets', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), (count, n) => {
        const value = n % 2 ** (8 * count);
        expect(readLittleEndian(littleEndian(value, count), 0, count)).toBe(value);
      }),
    );
  });

  it('put the least significant octet first', () => {
    expect(toHex(littleEndian(0x0001020304, 5))).toBe('0403020100');
    expect(readLittleEndian(fromHex('ff04030201'), 1, 4)).toBe(0x01020304);
  });
});

describe('joining', () => {
  it('keeps the order and copies', () => {
    const first = Uint8Array.of(1, 2);
    const whole = concatOctets(first, new Uint8Array(0), Uint8Array.of(3));
    first[0] = 9;
    expect([...whole]).toEqual([1, 2, 3]);
  });
});

describe('EUI-64', () => {
  it.each(['008000FF00000002', '00:80:00:ff:00:00:00:02', '00.80.00.FF.00.00.00.02', '00-80-00-ff-00-00-00-02'])(
    'reads %s',
    (text) => {
      expect(formatEui64(parseEui64(text))).toBe('00-80-00-ff-00-00-00-02');
    },
  );

  it.each(['', '00-80-00-ff-00-00-00', '00-80:00-ff-00-00-00-02', 'zz-80-00-ff-00-00-00-02', '0080-00ff00000002'])(
    'refuses "%s"',
    (text) => {
      expect(isEui64Text(text)).toBe(false);
      expect(() => parseEui64(text)).toThrow('Invalid device EUI format');
    },
  );

  it('turns round for the air', () => {
    const eui = parseEui64('0102030405060708');
    expect(toHex(eui64LittleEndian(eui))).toBe('0807060504030201');
    expect(eui64FromLittleEndian(eui64LittleEndian(eui))).toBe(eui);
  });
});
