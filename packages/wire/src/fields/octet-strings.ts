import { fromHex, toHex } from '@airlift/kernel';
import { checkInteger, checkOctets, outOfRange, wrongType } from '../complaint.ts';
import type { Field } from '../field.ts';
import type { JsonValue } from '../json.ts';

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

/** Exactly `count` octets in the order on air; views write lower-case hexadecimal text. Decoded values are views of the frame. */
export function octets<const N extends string>(name: N, count: number, meaning: string): Field<N, Uint8Array> {
  return {
    shape: 'field',
    name,
    bitLength: 8 * count,
    form: `${count} octets, hexadecimal in order on air`,
    meaning,
    domain: { kind: 'octets', minLength: count, maxLength: count },
    read: (reader) => reader.octets(count),
    write: (writer, value) => writer.octets(value),
    check: (value, owner) => checkOctets(value, owner, name, count, count),
    toView: (value) => toHex(value),
    fromView: (json, owner) => octetsFromView(json, owner, name),
  };
}

/** All octets up to the end of the frame, at most `maxLength`. Decoded values are views of the frame, not copies. */
export function rest<const N extends string>(name: N, maxLength: number, meaning: string): Field<N, Uint8Array> {
  return {
    shape: 'field',
    name,
    bitLength: undefined,
    form: 'the rest of the frame, hexadecimal',
    meaning,
    domain: { kind: 'octets', minLength: 0, maxLength },
    read: (reader) => reader.rest(),
    write: (writer, value) => writer.octets(value),
    check: (value, owner) => checkOctets(value, owner, name, 0, maxLength),
    toView: (value) => toHex(value),
    fromView: (json, owner) => octetsFromView(json, owner, name),
  };
}

/**
 * An address or a version: four octets, least significant first; an unsigned number in code. Views write eight
 * upper-case hexadecimal digits, most significant first, and accept either case, a leading `0x` and plain numbers.
 */
export function hex32<const N extends string>(name: N, meaning: string): Field<N, number> {
  return {
    shape: 'field',
    name,
    bitLength: 32,
    form: '4 octets, 8 hexadecimal digits',
    meaning,
    domain: { kind: 'integer', min: 0, max: 0xffff_ffff },
    read: (reader) => reader.unsigned(4),
    write: (writer, value) => writer.unsigned(value, 4),
    check: (value, owner) => checkInteger(value, owner, name, 0, 0xffff_ffff),
    toView: (value) => value.toString(16).toUpperCase().padStart(8, '0'),
    fromView: (json, owner) => {
      if (typeof json === 'number') return json;
      const digits = typeof json === 'string' ? /^(?:0x)?([0-9a-f]{1,8})$/i.exec(json)?.[1] : undefined;
      if (digits === undefined) throw wrongType(owner, name, 'up to eight hexadecimal digits');
      return Number.parseInt(digits, 16);
    },
  };
}

function octetsFromView(json: JsonValue, owner: string, field: string): Uint8Array {
  if (typeof json !== 'string') throw wrongType(owner, field, 'hexadecimal text');
  if (!HEX.test(json)) throw outOfRange(owner, field, 'hexadecimal text with two digits an octet');
  return fromHex(json);
}
