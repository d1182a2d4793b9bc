import { BugError, CallerError } from '@airlift/kernel';
import { holds } from './condition.ts';
import type { Field, FieldsOf, Part, Values, When } from './field.ts';
import type { JsonValue, ViewFields } from './json.ts';
import type { OctetReader } from './octet-reader.ts';
import type { OctetWriter } from './octet-writer.ts';

/** `up`: from the device to the server. `down`: from the server to the device. */
export type CommandDirection = 'up' | 'down';

/** How the versions of a specification, and devices' deviations from it, are told apart. */
export type VersionId = string | number;

/** What is declared of a command; everything else follows from it. */
export interface CommandDeclaration<
  N extends string,
  D extends CommandDirection,
  V extends VersionId,
  P extends readonly Part[],
> {
  /** Name as the specification spells it. */
  readonly name: N;
  /** The octet that announces the command. */
  readonly cid: number;
  readonly direction: D;
  /** The versions in which the command has this layout. */
  readonly versions: readonly V[];
  /** What the command is for. */
  readonly doc: string;
  /** Where it is specified. */
  readonly section: string;
  /** Its fields in the order on air. */
  readonly parts: P;
  /** Nothing else may be sent in the same frame. */
  readonly alone?: boolean;
}

/** A declared command. `F` is the type of its fields. */
export interface Command<
  N extends string = string,
  F = unknown,
  D extends CommandDirection = CommandDirection,
  V extends VersionId = VersionId,
> {
  readonly name: N;
  readonly cid: number;
  readonly direction: D;
  readonly versions: readonly V[];
  readonly doc: string;
  readonly section: string;
  readonly parts: readonly Part[];
  readonly alone: boolean;
  /** Reads the fields; the CID has been read already. @throws WireError */
  readFields(reader: OctetReader): F;
  /**
   * Writes CID and fields.
   * @throws CallerError `field-missing`, `field-unknown`, `field-not-allowed`, `field-type`, `field-out-of-range`,
   * `field-inconsistent`
   */
  write(writer: OctetWriter, fields: F): void;
  /** The readable form of the fields. */
  view(fields: F): ViewFields;
  /** Fields from their readable form. @throws CallerError as `write` */
  fromView(view: ViewFields): F;
}

/** One command with its values, as it is sent or was received. */
export interface Message<N extends string = string, F = unknown> {
  readonly name: N;
  readonly fields: F;
}

/** The union of the messages that the commands of union `C` can carry, told apart by `name`. */
export type MessageOf<C extends Command> = C extends { readonly name: infer N extends string }
  ? C extends { readFields(reader: OctetReader): infer F }
    ? Message<N, F>
    : never
  : never;

/**
 * Makes a command of its declaration.
 * @throws BugError when bit groups do not fill whole octets, names repeat, or a condition names no earlier field
 */
export function command<
  const N extends string,
  const D extends CommandDirection,
  const V extends VersionId,
  const P extends readonly Part[],
>(declaration: CommandDeclaration<N, D, V, P>): Command<N, FieldsOf<P>, D, V> {
  const { name, parts } = declaration;
  checkDeclaration(name, parts);
  const fieldNames = new Set(parts.flatMap(fieldsOfPart).map((field) => field.name));
  return {
    name,
    cid: declaration.cid,
    direction: declaration.direction,
    versions: declaration.versions,
    doc: declaration.doc,
    section: declaration.section,
    parts,
    alone: declaration.alone ?? false,
    readFields: (reader) => readParts(parts, reader) as FieldsOf<P>,
    write: (writer, fields) => {
      refuseUnknown(name, fieldNames, fields);
      writer.unsigned(declaration.cid, 1);
      for (const part of parts) writePart(part, writer, name, fields as Values);
    },
    view: (fields) => viewOf(parts, fields as Values),
    fromView: (view) => {
      refuseUnknown(name, fieldNames, view);
      const fields = valuesFromView(parts, view, name);
      checkValues(parts, fields, name);
      return fields as FieldsOf<P>;
    },
  };
}

/** The named fields of a part, in order. */
export function fieldsOfPart(part: Part): readonly Field[] {
  switch (part.shape) {
    case 'field':
      return [part];
    case 'when':
      return part.fields;
    case 'rfu':
      return [];
  }
}

function readParts(parts: readonly Part[], reader: OctetReader): Values {
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

function writePart(part: Part, writer: OctetWriter, owner: string, values: Values): void {
  if (part.shape === 'rfu') {
    writer.bits(0, part.bitLength);
    return;
  }
  for (const field of presentFields(part, values, owner)) {
    field.check(values[field.name], owner, values);
    field.write(writer, values[field.name]);
  }
}

function checkValues(parts: readonly Part[], values: Values, owner: string): void {
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

function refuseUnknown(owner: string, known: ReadonlySet<string>, given: unknown): void {
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

function viewOf(parts: readonly Part[], values: Values): ViewFields {
  const view: Record<string, JsonValue> = {};
  for (const field of parts.flatMap(fieldsOfPart)) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (field.meaninglessWhen !== undefined && values[field.meaninglessWhen] === true && value === field.viewDefault) {
      continue;
    }
    view[field.name] = field.toView(value);
  }
  return view;
}

function valuesFromView(parts: readonly Part[], view: ViewFields, owner: string): Values {
  const values: Record<string, unknown> = {};
  for (const field of parts.flatMap(fieldsOfPart)) {
    const json = view[field.name];
    if (json !== undefined) values[field.name] = field.fromView(json, owner);
    else if (field.viewDefault !== undefined) values[field.name] = field.viewDefault;
  }
  return values;
}

function checkDeclaration(name: string, parts: readonly Part[]): void {
  const earlier = new Set<string>();
  let offset = 0;
  const refer = (to: string): void => {
    if (!earlier.has(to)) throw new BugError(`${name}: no earlier field ${to}`);
  };
  for (const part of parts) {
    if (part.shape === 'rfu') {
      offset += part.bitLength;
      continue;
    }
    if (part.shape === 'when' && part.condition.kind !== 'remaining') refer(part.condition.field);
    for (const field of fieldsOfPart(part)) {
      const whole = field.bitLength === undefined || field.bitLength % 8 === 0;
      if (whole && offset % 8 !== 0) throw new BugError(`${name}.${field.name} does not start on an octet`);
      if (earlier.has(field.name)) throw new BugError(`${name} has two fields ${field.name}`);
      if (field.domain.kind === 'records') {
        refer('countIn' in field.domain.count ? field.domain.count.countIn : field.domain.count.bitsSetIn);
      }
      earlier.add(field.name);
      offset += field.bitLength ?? 0;
    }
  }
  if (offset % 8 !== 0) throw new BugError(`${name} does not end on an octet`);
}
