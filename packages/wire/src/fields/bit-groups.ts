import { BugError } from '@airlift/kernel';
import { checkInteger, outOfRange, wrongType } from '../complaint.ts';
import type { Field } from '../field.ts';
import { numberFromView } from './integers.ts';

/** `width` bits (1..24) as an unsigned integer. Bit groups follow each other from bit 0 upwards. */
export function bits<const N extends string>(name: N, width: number, meaning: string): Field<N, number> {
  const max = 2 ** width - 1;
  return {
    shape: 'field',
    name,
    bitLength: width,
    form: 'number',
    meaning,
    domain: { kind: 'integer', min: 0, max },
    read: (reader) => reader.bits(width),
    write: (writer, value) => writer.bits(value, width),
    check: (value, owner) => checkInteger(value, owner, name, 0, max),
    toView: (value) => value,
    fromView: (json, owner) => numberFromView(json, owner, name),
  };
}

/** `width` bits (2..24) as a two's complement integer. */
export function signedBits<const N extends string>(name: N, width: number, meaning: string): Field<N, number> {
  const half = 2 ** (width - 1);
  return {
    ...bits(name, width, meaning),
    form: 'signed number',
    domain: { kind: 'integer', min: -half, max: half - 1 },
    read: (reader) => {
      const value = reader.bits(width);
      return value < half ? value : value - 2 * half;
    },
    write: (writer, value) => writer.bits(value & (2 * half - 1), width),
    check: (value, owner) => checkInteger(value, owner, name, -half, half - 1),
  };
}

/** `width` bits of which each stands for something; views write `0b0101` with all digits, bit 0 last. */
export function mask<const N extends string>(name: N, width: number, meaning: string): Field<N, number> {
  return {
    ...bits(name, width, meaning),
    form: `mask, \`0b${'0'.repeat(Math.min(width, 4))}\``,
    toView: (value) => `0b${value.toString(2).padStart(width, '0')}`,
  };
}

/**
 * A single bit: a boolean in code, 0 or 1 in views, where a flag left out is clear. While the flag named
 * `meaninglessWhen` is set, views leave this one out unless it is set too.
 */
export function flag<const N extends string>(
  name: N,
  meaning: string,
  options: { readonly meaninglessWhen?: string } = {},
): Field<N, boolean> {
  return {
    shape: 'field',
    name,
    bitLength: 1,
    form: 'flag',
    meaning,
    domain: { kind: 'boolean' },
    read: (reader) => reader.bits(1) === 1,
    write: (writer, value) => writer.bits(value ? 1 : 0, 1),
    check: (value, owner) => {
      if (typeof value !== 'boolean') throw wrongType(owner, name, 'a boolean');
    },
    toView: (value) => (value ? 1 : 0),
    fromView: (json, owner) => {
      if (json === 1 || json === true) return true;
      if (json === 0 || json === false) return false;
      throw wrongType(owner, name, '0 or 1');
    },
    viewDefault: false,
    ...(options.meaninglessWhen === undefined ? {} : { meaninglessWhen: options.meaninglessWhen }),
  };
}

/**
 * Consecutive bits of which each reports one error, first name = lowest bit. In code and in views: the list of the
 * names whose bit is set, in the order of the bits; a view may leave an empty list out.
 */
export function errorBits<const N extends string, const E extends string>(
  name: N,
  names: readonly E[],
  meaning: string,
): Field<N, readonly E[]> {
  if (names.length === 0 || names.length > 24) throw new BugError(`${name} needs 1 to 24 names`);
  const isName = (value: unknown): value is E => names.some((known) => known === value);
  return {
    shape: 'field',
    name,
    bitLength: names.length,
    form: `list of ${names.map((error) => `\`${error}\``).join(', ')}`,
    meaning,
    domain: { kind: 'subset', of: names },
    read: (reader) => {
      const set = reader.bits(names.length);
      return set === 0 ? [] : names.filter((_, bit) => (set & (1 << bit)) !== 0);
    },
    write: (writer, value) => {
      let set = 0;
      for (const error of value) set |= 1 << names.indexOf(error);
      writer.bits(set, names.length);
    },
    check: (value, owner) => {
      if (!Array.isArray(value)) throw wrongType(owner, name, 'a list of error names');
      for (const error of value) if (!isName(error)) throw outOfRange(owner, name, `a list of ${names.join(', ')}`);
    },
    toView: (value) => [...value],
    fromView: (json, owner) => {
      if (!Array.isArray(json)) throw wrongType(owner, name, 'a list of error names');
      return json.map((error: unknown) => {
        if (!isName(error)) throw outOfRange(owner, name, `a list of ${names.join(', ')}`);
        return error;
      });
    },
    viewDefault: [],
  };
}
