import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import * as kernel from '@airlift/kernel';
import { transformSync } from 'esbuild';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import * as applayer from '../src/index.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...README.matchAll(/^## (.+)\n\n```ts\n([\s\S]*?)^```$/gm)].map(
  ([, heading = '', code = '']) => [heading, code] as const,
);

const nodeRequire = createRequire(import.meta.url);
function requireForExamples(name: string): unknown {
  if (name === '@airlift/applayer') return applayer;
  if (name === '@airlift/kernel') return kernel;
  return nodeRequire(name);
}

test('every part of the library has an example', () => {
  expect(examples.map(([heading]) => heading.split(':')[0])).toEqual([
    'TS003',
    'TS004',
    'TS005',
    'TS006',
    'TS007',
    'Keys and integrity codes',
    'The erasure code',
    'Device profiles',
  ]);
});

describe('examples run', () => {
  test.each(examples)('%s', (_, code) => {
    const { code: script } = transformSync(code, { loader: 'ts', format: 'cjs', target: 'es2022' });
    compileFunction(script, ['require'])(requireForExamples);
  });
});

test('examples are well typed', () => {
  const files = new Map(
    examples.map(([, code], i) => [fileURLToPath(new URL(`example-${i}.ts`, import.meta.url)), code]),
  );
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    customConditions: ['source'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, ...rest) => {
    const code = files.get(name);
    return code === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, code, ts.ScriptTarget.ES2023, true);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const complaints = [...files.keys()].flatMap((name) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(name))
      .map((one) => ts.flattenDiagnosticMessageText(one.messageText, ' ')),
  );
  expect(complaints).toEqual([]);
}, 60_000);
