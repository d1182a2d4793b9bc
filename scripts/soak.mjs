// `npm run soak`: everything hostile at once against one server, for some minutes; prints what held in figures.
// `-- --minutes N --devices N --seed TEXT --json` change it.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { build, installDependencies, root, run } from './setup.mjs';

installDependencies();
build();
// As deep below the root as the sources are: they find the program and what they load by their own place.
const out = join(root, '.cache', 'soak', 'run');
mkdirSync(out, { recursive: true });
const outfile = join(out, 'soak.mjs');
await bundle('test/soak/main.ts', outfile);
copyFileSync(join(root, 'test/time/support/stepping-date.mjs'), join(out, 'stepping-date.mjs'));
run(process.execPath, [outfile, ...process.argv.slice(2)]);
