// `npm run soak`: everything hostile at once against one server, for some minutes; prints what held in figures.
// `-- --minutes N --devices N --seed TEXT --json` change it.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { build, installDependencies, root, run } from './setup.mjs';

installDependencies();
build();
// As deep below the root as the sources are: they find the program and what they load by their own place.
const out = join(root, '.cache', 'soak', 'run');
mkdirSync(out, { recursive: true });
const outfile = join(out, 'soak.mjs');
await bundle({
  entryPoints: [join(root, 'test/soak/main.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['source'],
  outfile,
  logLevel: 'error',
});
copyFileSync(join(root, 'test/time/support/stepping-date.mjs'), join(out, 'stepping-date.mjs'));
run(process.execPath, [outfile, ...process.argv.slice(2)]);
