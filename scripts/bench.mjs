// `npm run bench`: bundles the benchmarks and runs them. `-- --json` prints JSON for machines, `-- campaign` runs only
// those of that name.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { installDependencies, root, run } from './setup.mjs';

installDependencies();
const ENDING = '.bench.ts';
const benches = readdirSync(join(root, 'packages'))
  .map((name) => join('packages', name, 'bench'))
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readdirSync(join(root, folder)).map((file) => ({ folder, file })))
  .filter(({ file }) => file.endsWith(ENDING));
const words = process.argv.slice(2);
// Whatever is no name of a benchmark belongs to the option before it.
const isName = (word) => benches.some(({ file }) => file === `${word}${ENDING}`);
const stray = words.find((word, i) => !word.startsWith('--') && !isName(word) && !words[i - 1]?.startsWith('--'));
if (stray !== undefined) {
  console.error(
    `no benchmark ${stray}; there are ${benches.map(({ file }) => file.slice(0, -ENDING.length)).join(', ')}`,
  );
  process.exit(2);
}
const names = words.filter(isName);
const options = words.filter((word) => !isName(word));
const out = join(root, '.cache', 'bench');
mkdirSync(out, { recursive: true });
for (const { folder, file } of benches) {
  if (names.length > 0 && !names.includes(file.slice(0, -ENDING.length))) continue;
  const outfile = join(out, file.replace(/\.ts$/, '.mjs'));
  await bundle(join(folder, file), outfile);
  run(process.execPath, [outfile, ...options]);
}
