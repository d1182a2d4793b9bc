import type { Condition } from './condition.ts';
import type { JsonValue } from './json.ts';
import type { OctetReader } from './octet-reader.ts';
import type { OctetWriter } from './octet-writer.ts';
import type { Values } from './values.ts';

/** Which values a field can hold; enough to generate all of them. */
export type Domain =
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'steps'; readonly ranges: readonly StepRange[] }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'octets'; readonly minLength: number; readonly maxLength: number }
  | { readonly kind: 'subset'; readonly of: readonly string[] }
  | { readonly kind: 'records'; readonly count: RecordCount; readonly parts: readonly Part[] };

/** The numbers `min`, `min + step`, … up to `max`. */
export interface StepRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** Where the number of records stands: in an earlier count, or as the number of bits set in an earlier mask. */
export type RecordCount = { readonly countIn: string } | { readonly bitsSetIn: string };

/**
 * One named value of a command. `T` is the type in code; the readable form (view) is JSON.
 * A field is data and four pure functions, so that encoder, decoder, view, documentation and generator share it.
 */
export interface Field<N extends string = string, T = unknown> {
  readonly shape: 'field';
  readonly name: N;
  /** Length on air in bits; undefined when it depends on other fields or on the length of the frame. */
  readonly bitLength: number | undefined;
  /** What stands on air and how the view writes it, in a few words; for the documentation. */
  readonly form: string;
  /** What the value means and in which unit. */
  readonly meaning: string;
  readonly domain: Domain;
  read(reader: OctetReader, earlier: Values): T;
  write(writer: OctetWriter, value: T): void;
  /**
   * Refuses values that cannot be written.
   * @throws CallerError `field-type`, `field-out-of-range`, `field-inconsistent`
   */
  check(value: unknown, owner: string, all: Values): void;
  toView(value: T): JsonValue;
  /** @throws CallerError `field-type` when the JSON does not have the field's form; the range is left to `check` */
  fromView(json: JsonValue, owner: string): T;
  /** The value meant when a view leaves the field out; undefined when it must be given. */
  readonly viewDefault?: T;
  /** Other names that views may use for the field, such as the spelling of another version. */
  readonly alsoCalled?: readonly string[];
  /** Name of a flag: while that is set and this field has its `viewDefault`, views leave this field out. */
  readonly meaninglessWhen?: string;
}

/** Bits reserved for future use: sent as 0, ignored on receipt. */
export interface Rfu {
  readonly shape: 'rfu';
  readonly bitLength: number;
}

/** Fields that are on air only while a condition over earlier fields, or over the frame's length, holds. */
export interface When<P extends readonly Field[] = readonly Field[]> {
  readonly shape: 'when';
  readonly condition: Condition;
  readonly fields: P;
  /**
   * Some devices send the fields although the condition does not hold. Given the octets that follow, says whether the
   * fields are to be read from them all the same. Encoders then also accept the fields when they are given.
   */
  readonly alsoPresent?: (rest: Uint8Array) => boolean;
}

/** One element of a command's declaration, in the order on air. */
export type Part = Field | Rfu | When;

/** The value type of a field. */
export type ValueOf<F> = F extends { read(reader: OctetReader, earlier: Values): infer T } ? T : never;

type FieldIn<P> = Extract<P, { shape: 'field' }>;
// Distributes over the parts, so that a declaration without conditional fields yields none.
type OptionalFieldIn<P> = P extends { shape: 'when'; fields: infer Fs extends readonly Field[] } ? Fs[number] : never;
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The TypeScript type of a command's fields, derived from its declaration. */
export type FieldsOf<Ps extends readonly Part[]> = Flat<
  { [F in FieldIn<Ps[number]> as F['name']]: ValueOf<F> } & {
    [F in OptionalFieldIn<Ps[number]> as F['name']]?: ValueOf<F>;
  }
>;

/** The same field, which views may also call by other names. */
export function alsoCalled<N extends string, T>(field: Field<N, T>, ...names: string[]): Field<N, T> {
  return { ...field, alsoCalled: names };
}

/** Reserved bits. */
export function rfu(bitLength: number): Rfu {
  return { shape: 'rfu', bitLength };
}

/** Fields present only while `condition` holds; see `When.alsoPresent` for devices that send them anyway. */
export function when<const P extends readonly Field[]>(
  condition: Condition,
  fields: P,
  alsoPresent?: (rest: Uint8Array) => boolean,
): When<P> {
  return alsoPresent === undefined
    ? { shape: 'when', condition, fields }
    : { shape: 'when', condition, fields, alsoPresent };
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
