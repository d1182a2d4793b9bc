import { AirliftError, BugError } from '@airlift/kernel';
import { z } from 'zod';

/** A record cannot be read. The message says why in words without values: they might be secrets. */
export class DamagedRecord extends Error {
  override readonly name = 'DamagedRecord';
}

/** A check for every member of a type, so that a new member cannot be forgotten. */
export type ShapeOf<T> = { readonly [K in keyof T]-?: z.ZodType };

/** As `ShapeOf`, for every kind of a union, so that a new kind cannot be forgotten either. */
export type KindShapes<T extends { readonly kind: string }> = {
  readonly [K in T['kind']]: ShapeOf<Omit<Extract<T, { readonly kind: K }>, 'kind'>>;
};

/** Most findings that a reason lists. */
const MOST_ISSUES = 3;

export const text = z.string();
export const count = z.int().min(0);
export const uint32 = z.int().min(0).max(0xffff_ffff);
export const instant = z.number();
export const flag = z.union([z.literal(0), z.literal(1)]);
export const eui64 = z.string().regex(/^[0-9a-f]{16}$/);
export const key128 = z.string().regex(/^[0-9a-f]{32}$/);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A schema that looks at the members it knows and lets further ones be. */
export function shape(members: Readonly<Record<string, z.ZodType>>): z.ZodType {
  return z.looseObject(members);
}

/** A schema for a union of kinds. */
export function byKind<T extends { readonly kind: string }>(kinds: KindShapes<T>): z.ZodType {
  const members = Object.entries<Readonly<Record<string, z.ZodType>>>(kinds).map(([kind, shapes]) =>
    z.looseObject({ kind: z.literal(kind), ...shapes }),
  );
  const [first, ...rest] = members;
  if (first === undefined) throw new BugError('a union without kinds');
  return z.discriminatedUnion('kind', [first, ...rest]);
}

/** A schema for a union of words; one that is left out or that there is not is a type error. */
export function oneOf<T extends string>(words: Readonly<Record<T, true>>): z.ZodType {
  return z.enum(Object.keys(words));
}

/**
 * @param column of the value, when it is not a whole row
 * @throws DamagedRecord when the value does not have the shape
 */
export function requireShape(schema: z.ZodType, value: unknown, column?: string): void {
  const { error } = schema.safeParse(value);
  if (error === undefined) return;
  const start = column === undefined ? [] : [column];
  const issues = error.issues.map(({ path, message }) => `${[...start, ...path].join('.')}: ${message}`);
  const more = issues.length > MOST_ISSUES ? [`${issues.length - MOST_ISSUES} more`] : [];
  throw new DamagedRecord([...issues.slice(0, MOST_ISSUES), ...more].join('; '));
}

/** @throws DamagedRecord */
export function readJson(json: string, column: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The parser's own words quote what it read.
    throw new DamagedRecord(`${column}: not JSON`);
  }
}

/** Why reading a record failed, if the record is at fault; other errors are ours and are thrown on. */
export function damageOf(error: unknown): string {
  if (error instanceof DamagedRecord) return error.message;
  // Sealed texts that do not open, and EUIs that are none.
  if (error instanceof AirliftError) return error.message;
  throw error;
}
