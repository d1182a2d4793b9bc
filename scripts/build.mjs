import { bin, installDependencies, run } from './setup.mjs';

installDependencies();
run(process.execPath, [bin('typescript/bin/tsc'), '-b']);
