import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describePackages } from '../src/index.ts';
import { COMMANDS } from './support/packages.ts';

const DOCUMENT = new URL('../COMMANDS.md', import.meta.url);

test('COMMANDS.md is what the declarations say', async () => {
  // Written anew by running the tests with --update.
  await expect(describePackages()).toMatchFileSnapshot(fileURLToPath(DOCUMENT));
});

test('every command and every field is in it', () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  for (const { command } of COMMANDS) {
    expect(text).toContain(`### ${command.name}\n`);
    for (const part of command.parts) {
      for (const field of part.shape === 'field' ? [part] : part.shape === 'when' ? part.fields : []) {
        expect(text).toContain(`| \`${field.name}\` |`);
      }
    }
  }
});
