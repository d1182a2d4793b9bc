// `npm run lint`: format and lint rules, promise rules, types, and the direction of the arrows between packages.
import { bin, build, installDependencies, run } from './setup.mjs';

installDependencies();
run(process.execPath, [bin('@biomejs/biome/bin/biome'), 'ci', '.']);
// The typed rules resolve packages through what is compiled.
build();
run(process.execPath, [bin('eslint/bin/eslint.js'), 'packages', '--max-warnings=0']);
run(process.execPath, [bin('typescript/bin/tsc'), '-p', 'tsconfig.check.json', '--noEmit']);
run(process.execPath, [
  bin('dependency-cruiser/bin/dependency-cruise.mjs'),
  '--config',
  '.dependency-cruiser.cjs',
  'packages',
]);
