import { CallerError } from '@airlift/kernel';
import { holds } from './condition.ts';
import type { Field, Part, When } from './field.ts';
import type { OctetReader } from './octet-reader.ts';
import type { OctetWriter } from './octet-writer.ts';
import type { Values } from './values.ts';

/** Reads all parts of a command whose CID has been read. @throws WireError */
export function readParts(parts: readonly Part[], reader: OctetReader): Values {
  const values: Record<string, unknown> = {};
  for (const part of parts) {
    if (part.shape === 'field') values[part.name] = part.read(reader, values);
    else if (part.shape === 'rfu') reader.bits(part.bitLength);
    else if (holds(part.condition, values, reader.remaining) || part.alsoPresent?.(reader.peekRest()) === true) {
      for (const field of part.fields) values[field.name] = field.read(reader, values);
    }
  }
  return values;
}

/** Checks and writes one part. @throws CallerError `field-…` */
export function writePart(part: Part, writer: OctetWriter, owner: string, values: Values): void {
  if (part.shape === 'rfu') {
    writer.bits(0, part.bitLength);
    return;
  }
  for (const field of presentFields(part, values, owner)) {
    field.check(values[field.name], owner, values);
    field.write(writer, values[field.name]);
  }
}

/** Refuses values that cannot be written. @throws CallerError `field-…` */
export function checkValues(parts: readonly Part[], values: Values, owner: string): void {
  for (const part of parts) {
    for (const field of presentFields(part, values, owner)) field.check(values[field.name], owner, values);
  }
}

/** The fields of the part that go on air for these values; all of them are there. */
function presentFields(part: Part, values: Values, owner: string): readonly Field[] {
  if (part.shape === 'rfu') return [];
  if (part.shape === 'field') {
    if (values[part.name] === undefined) throw new CallerError('field-missing', `${owner}.${part.name} is missing`);
    return [part];
  }
  const missing = part.fields.find((field) => values[field.name] === undefined);
  const given = part.fields.find((field) => values[field.name] !== undefined);
  if (part.condition.kind !== 'remaining' && holds(part.condition, values, 0)) {
    if (missing !== undefined) throw new CallerError('field-missing', `${owner}.${missing.name} is missing`);
    return part.fields;
  }
  if (given === undefined) return [];
  if (!mayBeGiven(part)) {
    throw new CallerError('field-not-allowed', `${owner}.${given.name} is not sent with these values`);
  }
  if (missing !== undefined) throw new CallerError('field-missing', `${owner}.${missing.name} is missing`);
  return part.fields;
}

function mayBeGiven(part: When): boolean {
  return part.condition.kind === 'remaining' || part.alsoPresent !== undefined;
}

/** Refuses what is no object, and members that no field has. @throws CallerError `field-type`, `field-unknown` */
export function refuseUnknown(owner: string, known: ReadonlySet<string>, given: unknown): void {
  if (typeof given !== 'object' || given === null) {
    throw new CallerError('field-type', `the fields of ${owner} must be an object`);
  }
  for (const key of Object.keys(given)) {
    if (!known.has(key)) {
      const names = known.size === 0 ? 'none' : [...known].join(', ');
      throw new CallerError('field-unknown', `${owner} has no field ${key}; its fields: ${names}`);
    }
  }
}
