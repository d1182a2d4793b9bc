// What every command of a fresh clone needs first: the dependencies, and for some the compiled packages.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command with the terminal attached; ends this process with its exit code when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error !== undefined) {
    console.error(`${command} cannot be started: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** The script of a package's own command, run by this Node. */
export function bin(path) {
  return join(root, 'node_modules', path);
}

/** Installs the dependencies unless those of this very lock file are there. */
export function installDependencies() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Airlift needs Node 20.19 or newer; this is ${process.versions.node}.`);
    process.exit(1);
  }
  if (dependenciesStand()) return;
  console.error('Installing dependencies (once)...');
  // The embedded database may have to be compiled; a lighter optimisation halves the wait.
  const env = { ...process.env, CFLAGS: process.env.CFLAGS ?? '-O1', CXXFLAGS: process.env.CXXFLAGS ?? '-O1' };
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env, stdio: ['ignore', 2, 2] });
}

/** Whether what the lock file names is installed, and the compiled part fits this Node. */
function dependenciesStand() {
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    const installed = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
    for (const [path, { version, optional, link }] of Object.entries(wanted)) {
      if (!path.startsWith('node_modules/') || link) continue;
      // Packages for other platforms are optional and stay away.
      if (installed[path]?.version !== version && !(optional && installed[path] === undefined)) return false;
    }
    const Database = createRequire(join(root, 'package.json'))('better-sqlite3');
    new Database(':memory:').close();
    return true;
  } catch {
    return false;
  }
}

/** Compiles the packages unless nothing changed since the last time. */
export function build() {
  if (upToDate()) return;
  console.error('Building...');
  run(process.execPath, [bin('typescript/bin/tsc'), '-b'], { stdio: ['ignore', 2, 2] });
}

function upToDate() {
  for (const name of readdirSync(join(root, 'packages'))) {
    const info = join(root, 'packages', name, 'dist', '.tsbuildinfo');
    if (!existsSync(info)) return false;
    if (newest(join(root, 'packages', name, 'src')) > statSync(info).mtimeMs) return false;
  }
  return true;
}

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}
