import { checkInteger, wrongType } from '../complaint.ts';
import type { Field } from '../field.ts';
import type { JsonValue } from '../json.ts';
import { WireError } from '../wire-error.ts';

/** Narrower limits than the octets would allow, checked in both directions. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
}

/** One octet, unsigned. */
export function u8<const N extends string>(name: N, meaning: string, limits?: Limits): Field<N, number> {
  return unsigned(name, 1, meaning, limits);
}

/** Two octets, unsigned, least significant first. */
export function u16<const N extends string>(name: N, meaning: string, limits?: Limits): Field<N, number> {
  return unsigned(name, 2, meaning, limits);
}

/** Three octets, unsigned, least significant first. */
export function u24<const N extends string>(name: N, meaning: string, limits?: Limits): Field<N, number> {
  return unsigned(name, 3, meaning, limits);
}

/** Four octets, unsigned, least significant first. */
export function u32<const N extends string>(name: N, meaning: string, limits?: Limits): Field<N, number> {
  return unsigned(name, 4, meaning, limits);
}

/** Four octets, two's complement, least significant first. */
export function i32<const N extends string>(name: N, meaning: string): Field<N, number> {
  const min = -0x8000_0000;
  const max = 0x7fff_ffff;
  return {
    shape: 'field',
    name,
    bitLength: 32,
    form: '4 octets, signed',
    meaning,
    domain: { kind: 'integer', min, max },
    read: (reader) => reader.unsigned(4) | 0,
    write: (writer, value) => writer.unsigned(value >>> 0, 4),
    check: (value, owner) => checkInteger(value, owner, name, min, max),
    toView: (value) => value,
    fromView: (json, owner) => numberFromView(json, owner, name),
  };
}

function unsigned<N extends string>(name: N, count: number, meaning: string, limits: Limits = {}): Field<N, number> {
  const min = limits.min ?? 0;
  const max = limits.max ?? 2 ** (8 * count) - 1;
  return {
    shape: 'field',
    name,
    bitLength: 8 * count,
    form: count === 1 ? '1 octet' : `${count} octets`,
    meaning,
    domain: { kind: 'integer', min, max },
    read: (reader) => {
      const at = reader.at;
      const value = reader.unsigned(count);
      if (value < min || value > max) throw new WireError('out-of-range', `${name} is ${value}`, at);
      return value;
    },
    write: (writer, value) => writer.unsigned(value, count),
    check: (value, owner) => checkInteger(value, owner, name, min, max),
    toView: (value) => value,
    fromView: (json, owner) => numberFromView(json, owner, name),
  };
}

const RADIX_TEXT = /^0(?:x[0-9a-f]+|b[01]+)$/i;

/** Reads a number as views may write it: a JSON number, or text such as `0x1F` or `0b0101`. */
export function numberFromView(json: JsonValue, owner: string, field: string): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'string' && RADIX_TEXT.test(json)) return Number(json);
  throw wrongType(owner, field, 'a number');
}
