import { type Eui64, isEui64Text, parseEui64 } from '@airlift/kernel';
import { z } from 'zod';
import { contractError, type ErrorCode, isErrorCode } from './error-table.ts';

/** Message of an issue about a member that has to be there and is not. */
const NOT_SET = 'is not set';

/** Error option of a schema: one wording for every way of being wrong, another for being absent. */
export function worded(text: string) {
  return { error: (issue: { readonly input?: unknown }) => (isAbsent(issue.input) ? NOT_SET : text) };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** An integer, sent as a number. */
export function integer(low: number, high: number) {
  const wording = worded(`must be an integer from ${low} to ${high}`);
  return z.number(wording).int(wording).gte(low, wording).lte(high, wording);
}

/** A schema whose absence, `null` included, reads as undefined. */
export function optional<Output, Input>(schema: z.ZodType<Output, Input>) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** A text of limited length whose absence, `null` and the empty text included, reads as undefined. */
export function optionalText(limit: number) {
  return z
    .string(worded('must be a text'))
    .max(limit, { error: `must have at most ${limit} characters` })
    .nullish()
    .transform((text) => (isAbsent(text) || text === '' ? undefined : (text ?? undefined)));
}

/** An EUI-64 in any accepted notation; absence, `null` and the empty text included, reads as undefined. */
export const optionalEui = z
  .unknown()
  .optional()
  .transform((value, context): Eui64 | undefined => {
    if (isAbsent(value) || value === '') return undefined;
    if (typeof value === 'string' && isEui64Text(value)) return parseEui64(value);
    context.addIssue({ code: 'custom', message: 'must be an EUI', params: { errorCode: 'eui-invalid' } });
    return z.NEVER;
  });

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads a body by a schema.
 * @throws CallerError the most specific code among what is wrong, else `parameters-invalid` naming the first member
 */
export function readBody<Output>(schema: z.ZodType<Output>, body: unknown): Output {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw contractError('parameters-invalid', { detail: 'a JSON object is expected' });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issues: readonly Issue[] = parsed.error.issues;
  for (const issue of issues) {
    const code = specificCode(issue);
    if (code !== undefined) throw contractError(code);
  }
  const first = issues[0];
  throw memberError(first?.path.join('.') ?? '', first?.message ?? 'is unusable');
}

/** The error about one member: `[name] property is not set`, or the name and what it must be. */
export function memberError(name: string, message: string) {
  const detail = message === NOT_SET ? `[${name}] property is not set` : `${name} ${message}`;
  return contractError('parameters-invalid', { detail });
}

/** The error about a member that has to be there and is not. */
export function notSet(name: string) {
  return memberError(name, NOT_SET);
}

function specificCode(issue: Issue): ErrorCode | undefined {
  const given = issue.params?.errorCode;
  if (typeof given === 'string' && isErrorCode(given)) return given;
  return issue.path[0] === 'multicastGroupID' ? 'multicast-group-invalid' : undefined;
}
