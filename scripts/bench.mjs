// `npm run bench`: bundles the benchmarks and runs them. `-- --json` prints JSON for machines.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { installDependencies, root, run } from './setup.mjs';

installDependencies();
const out = join(root, '.cache', 'bench');
mkdirSync(out, { recursive: true });
for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name, 'bench');
  if (!existsSync(folder)) continue;
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.bench.ts'))) {
    const outfile = join(out, file.replace(/\.ts$/, '.mjs'));
    await bundle({
      entryPoints: [join(folder, file)],
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      conditions: ['source'],
      outfile,
      logLevel: 'error',
    });
    run(process.execPath, [outfile, ...process.argv.slice(2)]);
  }
}
