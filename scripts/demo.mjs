// `npm run demo`: sets everything up, then runs `airlift demo` with the given arguments.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, installDependencies, root } from './setup.mjs';

installDependencies();
build();
const demo = spawn(process.execPath, [join(root, 'packages/cli/dist/main.js'), 'demo', ...process.argv.slice(2)], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD ?? root,
});
process.on('SIGINT', () => undefined);
demo.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
