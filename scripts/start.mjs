// `npm start`: sets everything up, then serves with a simulated fleet. Arguments are those of `airlift serve`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, installDependencies, root } from './setup.mjs';

installDependencies();
build();
const args = process.argv.slice(2);
const simulate = args.some((arg) => arg.startsWith('--simulate')) || process.env.AIRLIFT_SIMULATE ? [] : ['--simulate', '20'];
const server = spawn(
  process.execPath,
  [join(root, 'packages/cli/dist/main.js'), 'serve', '--generate-admin-password', ...simulate, ...args],
  { stdio: 'inherit', cwd: root },
);
// The terminal sends Ctrl-C to both; this process only waits for the server to end. A supervisor signals this one alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT') server.kill(signal);
  });
}
server.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 1;
});
