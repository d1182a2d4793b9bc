import { join } from 'node:path';
import { root } from './setup.mjs';

/** Bundles a program of sources into one file that this Node runs. To be called when the dependencies are there. */
export async function bundle(entryPoint, outfile) {
  // Not imported above: a fresh clone has no bundler before its dependencies are installed.
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(root, entryPoint)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['source'],
    outfile,
    logLevel: 'error',
  });
}
