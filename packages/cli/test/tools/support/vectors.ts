import { readFileSync } from 'node:fs';

/** A file of the repository's known answers; the caller states the part of its shape it relies on. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../../vectors/${name}`, import.meta.url), 'utf8')) as T;
}
