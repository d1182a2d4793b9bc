import { CallerError } from './errors.ts';

const HEX_DIGITS = '0123456789abcdef';

/** Lower-case hexadecimal text, two digits an octet, no separators. */
export function toHex(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += HEX_DIGITS.charAt(octet >> 4) + HEX_DIGITS.charAt(octet & 15);
  return text;
}

/**
 * Octets of hexadecimal text in either case, without separators.
 * @throws CallerError `hex-invalid` when the text has another character or an odd number of digits
 */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new CallerError('hex-invalid', 'not hexadecimal text with two digits an octet');
  }
  const octets = new Uint8Array(text.length / 2);
  for (let i = 0; i < octets.length; i++) octets[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return octets;
}

/** One new array holding all the parts in order. */
export function concatOctets(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Same length and same octets. Not constant time: for tests and lookups, never for secrets. */
export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The octets in the opposite order, in a new array. */
export function reversedOctets(octets: Uint8Array): Uint8Array {
  return Uint8Array.from(octets).reverse();
}

/** `count` octets, least significant first; `value` must be an integer in 0 .. 2^(8*count)-1, count at most 6. */
export function littleEndian(value: number, count: number): Uint8Array {
  const octets = new Uint8Array(count);
  let rest = value;
  for (let i = 0; i < count; i++) {
    octets[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return octets;
}

/** The unsigned integer whose `count` octets (at most 6) start at `offset`, least significant first. */
export function readLittleEndian(octets: Uint8Array, offset: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (octets[offset + i] ?? 0);
  return value;
}
