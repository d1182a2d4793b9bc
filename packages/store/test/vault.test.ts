import { BugError, fromHex, Rng, systemEntropy } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Vault } from '../src/index.ts';

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const PLACE = 'devices/app_key/0011223344556677';

describe('Vault', () => {
  const vault = new Vault(key(1), systemEntropy);

  it('opens what it sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, place) => {
        expect(vault.open(vault.seal(text, place), place)).toBe(text);
      }),
    );
  });

  it('opens a known answer', () => {
    // AES-256-GCM test case 14 of the GCM specification (McGrew and Viega): zero key, zero nonce, one zero block,
    // no associated data.
    const sealed = concatBase64(
      '000000000000000000000000',
      'cea7403d4d606b6e074ec5d3baf39d18',
      'd0d1c8a799996bf0265b98b5d48ab919',
    );
    expect(new Vault(key(0), systemEntropy).open(`v1.${sealed}`, '')).toBe('\0'.repeat(16));
  });

  it('seals the known answer', () => {
    const zeros = { octets: (count: number) => new Uint8Array(count) };
    expect(new Vault(key(0), zeros).seal('\0'.repeat(16), '')).toBe(
      `v1.${concatBase64('000000000000000000000000', 'cea7403d4d606b6e074ec5d3baf39d18', 'd0d1c8a799996bf0265b98b5d48ab919')}`,
    );
  });

  it('never seals the same way twice', () => {
    const sealed = Array.from({ length: 50 }, () => vault.seal('same', PLACE));
    expect(new Set(sealed).size).toBe(50);
  });

  it('does not open with another key, at another place, or what was changed', () => {
    const sealed = vault.seal('2b7e151628aed2a6abf7158809cf4f3c', PLACE);
    expect(() => new Vault(key(2), systemEntropy).open(sealed, PLACE)).toThrow(BugError);
    expect(() => vault.open(sealed, 'devices/app_key/8899aabbccddeeff')).toThrow(BugError);
    const octets = Buffer.from(sealed.slice(3), 'base64');
    for (let at = 0; at < octets.length; at++) {
      const changed = Uint8Array.from(octets);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => vault.open(`v1.${Buffer.from(changed).toString('base64')}`, PLACE), `octet ${at}`).toThrow(BugError);
    }
    for (const text of ['', 'v1.', 'v1.AAAA', sealed.slice(3), `v2.${sealed.slice(3)}`, sealed.slice(0, -8)]) {
      expect(() => vault.open(text, PLACE), text).toThrow(BugError);
    }
  });

  it('takes 32 octets only, and its own copy of them', () => {
    for (const count of [0, 16, 31, 33]) {
      expect(() => new Vault(new Uint8Array(count), systemEntropy)).toThrow(
        expect.objectContaining({ code: 'master-key-invalid', kind: 'caller' }),
      );
    }
    const mine = key(3);
    const own = new Vault(mine, new Rng(1));
    const sealed = own.seal('text', PLACE);
    mine.fill(0);
    expect(own.open(sealed, PLACE)).toBe('text');
  });
});

function concatBase64(...parts: readonly string[]): string {
  return Buffer.from(fromHex(parts.join(''))).toString('base64');
}
