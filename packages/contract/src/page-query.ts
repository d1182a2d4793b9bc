import { memberError } from './fields.ts';

/** Which part of a list is asked for; without a limit, all the rest. */
export interface Page {
  readonly limit: number | undefined;
  readonly offset: number;
}

/**
 * Reads `limit` and `offset` of a query; numbers are texts there.
 * @throws CallerError `parameters-invalid`
 */
export function parsePage(query: Readonly<Record<string, unknown>>): Page {
  return { limit: whole(query, 'limit'), offset: whole(query, 'offset') ?? 0 };
}

/** The part of a list. */
export function pageOf<Item>(items: readonly Item[], page: Page): readonly Item[] {
  return items.slice(page.offset, page.limit === undefined ? undefined : page.offset + page.limit);
}

function whole(query: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const text = query[name];
  if (text === undefined || text === '') return undefined;
  if (typeof text !== 'string' || !/^\d{1,9}$/.test(text)) throw memberError(name, 'must be an integer from 0');
  return Number(text);
}
