// `npm run bench`: bundles the benchmarks and runs them. `-- --json` prints JSON for machines, `-- campaign` runs only
// those of that name.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { installDependencies, root, run } from './setup.mjs';

installDependencies();
const names = process.argv.slice(2).filter((one) => !one.startsWith('--'));
const options = process.argv.slice(2).filter((one) => one.startsWith('--'));
const isChosen = (file) => names.length === 0 || names.some((name) => file === `${name}.bench.ts`);
const out = join(root, '.cache', 'bench');
mkdirSync(out, { recursive: true });
for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name, 'bench');
  if (!existsSync(folder)) continue;
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.bench.ts') && isChosen(entry))) {
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
    run(process.execPath, [outfile, ...options]);
  }
}
