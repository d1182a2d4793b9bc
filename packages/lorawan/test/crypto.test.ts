import { createCipheriv } from 'node:crypto';
import { CallerError, fromHex, toHex } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aesCmac, aesDecryptBlock, aesEncryptBlock } from '../src/index.ts';

const KEY = fromHex('2b7e151628aed2a6abf7158809cf4f3c');
const MESSAGE = fromHex(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
);

describe('AES-CMAC', () => {
  it.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('gives the value of RFC 4493 for %i octets', (length, mac) => {
    expect(toHex(aesCmac(KEY, MESSAGE.subarray(0, length)))).toBe(mac);
  });
});

describe('AES-CMAC of many messages under few keys', () => {
  it('does not depend on what was computed before', () => {
    const octets = (max: number) => fc.uint8Array({ maxLength: max });
    const plainCmac = (key: Uint8Array, message: Uint8Array): string => {
      const ecb = (block: Uint8Array): Uint8Array => {
        const cipher = createCipheriv('aes-128-ecb', key, null);
        cipher.setAutoPadding(false);
        return new Uint8Array(cipher.update(block));
      };
      const double = (value: bigint): bigint => {
        const shifted = (value << 1n) & ((1n << 128n) - 1n);
        return value >> 127n === 1n ? shifted ^ 0x87n : shifted;
      };
      const number = (block: Uint8Array): bigint => BigInt(`0x${toHex(block)}`);
      const block = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(32, '0'));
      const whole = double(number(ecb(new Uint8Array(16))));
      let state = 0n;
      const count = Math.max(1, Math.ceil(message.length / 16));
      for (let i = 0; i < count; i++) {
        const part = message.subarray(16 * i, 16 * i + 16);
        const filled = new Uint8Array(16);
        filled.set(part);
        if (part.length < 16) filled[part.length] = 0x80;
        const mask = i < count - 1 ? 0n : part.length === 16 ? whole : double(whole);
        state = number(ecb(block(state ^ number(filled) ^ mask)));
      }
      return toHex(block(state));
    };
    const keys = [KEY, new Uint8Array(16), new Uint8Array(16).fill(0xff)];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), octets(80)), { maxLength: 12 }), (messages) => {
        for (const [which, message] of messages) {
          const key = keys[which] ?? KEY;
          expect(toHex(aesCmac(key, message))).toBe(plainCmac(key, message));
        }
      }),
    );
  });
});

describe('AES-128 blocks', () => {
  it('gives the value of FIPS-197 appendix C.1 both ways', () => {
    const key = fromHex('000102030405060708090a0b0c0d0e0f');
    const plain = fromHex('00112233445566778899aabbccddeeff');
    const secret = fromHex('69c4e0d86a7b0430d8cdb78070b4c55a');
    expect(aesEncryptBlock(key, plain)).toEqual(secret);
    expect(aesDecryptBlock(key, secret)).toEqual(plain);
  });

  it('answers plain arrays with memory of their own', () => {
    const first = aesEncryptBlock(KEY, new Uint8Array(16));
    const copy = Uint8Array.from(first);
    aesEncryptBlock(KEY, new Uint8Array(16).fill(9));
    expect(first).toEqual(copy);
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
  });

  it('decrypts what it encrypted, and equals a fresh cipher, for any key and number of blocks', () => {
    const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(
        octets(16),
        fc.nat(6).chain((n) => octets(16 * n)),
        (key, blocks) => {
          const fresh = createCipheriv('aes-128-ecb', key, null);
          fresh.setAutoPadding(false);
          const secret = aesEncryptBlock(key, blocks);
          expect(secret).toEqual(new Uint8Array(fresh.update(blocks)));
          expect(aesDecryptBlock(key, secret)).toEqual(blocks);
        },
      ),
    );
  });

  it('stays right when far more keys are used than are kept prepared', () => {
    const key = new Uint8Array(16);
    const before = toHex(aesCmac(key, MESSAGE));
    for (let i = 1; i <= 5000; i++)
      aesEncryptBlock(Uint8Array.of(i & 255, i >> 8, ...new Uint8Array(14)), new Uint8Array(16));
    expect(toHex(aesCmac(key, MESSAGE))).toBe(before);
  });

  it('refuses other lengths without naming the octets', () => {
    const short = fromHex('5ec4e75ec4e75ec4e7');
    for (const attempt of [
      () => aesEncryptBlock(short, new Uint8Array(16)),
      () => aesCmac(short, MESSAGE),
      () => aesDecryptBlock(KEY, short),
    ]) {
      expect(attempt).toThrow(CallerError);
      expect(attempt).not.toThrow(/5ec4/i);
    }
  });
});
