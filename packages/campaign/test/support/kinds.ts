import { readFileSync } from 'node:fs';

/**
 * The kinds that a union of the sources names, read from its text: types are gone when tests run, and a kind that is
 * added must not go without a row in the tables.
 */
export function kindsOf(file: string, union: string): readonly string[] {
  const text = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
  const from = text.indexOf(`export type ${union} =`);
  if (from < 0) throw new Error(`${file} has no union ${union}`);
  const end = text.slice(from + 1).search(/^(?:export |\/\*\* [^\n]*\*\/\nexport |interface |const |function )/m);
  const body = end < 0 ? text.slice(from) : text.slice(from, from + 1 + end);
  const kinds = [...body.matchAll(/^(?: {2}\| \{| {6})\s?readonly kind: ((?:'[^']+'(?: \| )?)+)/gm)].flatMap((match) =>
    [...(match[1] ?? '').matchAll(/'([^']+)'/g)].map((one) => one[1] ?? ''),
  );
  if (kinds.length === 0) throw new Error(`no kinds in ${union}`);
  return [...new Set(kinds)];
}
