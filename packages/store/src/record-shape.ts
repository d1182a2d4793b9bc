import { AirliftError } from '@airlift/kernel';
import { z } from 'zod';

/** A record cannot be read. The message says why in words without values: they might be secrets. */
export class DamagedRecord extends Error {
  override readonly name = 'DamagedRecord';
}

/** A check for every member of a type, so that a new member cannot be forgotten. */
export type ShapeOf<T> = { readonly [K in keyof T]-?: z.ZodType };

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

/** @throws DamagedRecord when the value does not have the shape */
export function requireShape(schema: z.ZodType, value: unknown): void {
  const { error } = schema.safeParse(value);
  if (error === undefined) return;
  const issues = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
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
