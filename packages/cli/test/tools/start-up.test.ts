import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Packages that a file and the files it imports load at once; imports of types and those in actions do not count. */
function loadedBy(file: URL, seen = new Set<string>(), packages = new Set<string>()): Set<string> {
  if (seen.has(file.href)) return packages;
  seen.add(file.href);
  for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm,
  )) {
    if (from.startsWith('.')) loadedBy(new URL(from, file), seen, packages);
    else packages.add(from);
  }
  return packages;
}

test('nothing heavy is loaded before a tool is called', () => {
  const packages = loadedBy(new URL('../../src/tools/index.ts', import.meta.url));
  expect([...packages].sort()).toEqual(['@airlift/kernel', 'commander', 'node:events']);
});
