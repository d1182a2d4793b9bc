import { readFileSync } from 'node:fs';

/** Parses one of the repository's known-answer files. */
export function vectors<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../vectors/${file}`, import.meta.url), 'utf8')) as T;
}
