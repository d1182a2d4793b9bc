// `npm start`: sets everything up, then serves with a simulated fleet. Arguments are those of `airlift serve`.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, installDependencies, root } from './setup.mjs';

const PARENT_WATCH_MS = 500;

installDependencies();
build();
const chosen = process.argv.slice(2);
const isChosen = chosen.some((arg) => arg.startsWith('--simulate')) || process.env.AIRLIFT_SIMULATE !== undefined;
const command = ['serve', '--generate-admin-password', ...(isChosen ? [] : ['--simulate', '20']), ...chosen];
process.argv = [process.argv[0], join(root, 'packages/cli/dist/main.js'), ...command];

// npm does not hand every signal on: when it is gone, nobody could stop the server any more.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, PARENT_WATCH_MS).unref();

await import(pathToFileURL(process.argv[1]));
