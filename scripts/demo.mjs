// `npm run demo`: sets everything up, then runs `airlift demo` with the given arguments, from where npm was called.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, installDependencies, root } from './setup.mjs';

installDependencies();
build();
const main = join(root, 'packages/cli/dist/main.js');
process.argv = [process.argv[0], main, 'demo', ...process.argv.slice(2)];
if (process.env.INIT_CWD !== undefined) process.chdir(process.env.INIT_CWD);
await import(pathToFileURL(main));
