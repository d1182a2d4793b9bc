import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The built command. */
export const AIRLIFT = join(ROOT, 'packages/cli/dist/main.js');

/** A program that runs until it is stopped. */
export interface RunningProgram {
  /** What it printed on both streams so far. */
  output(): string;
  /** Resolves with the first match on standard output. @throws Error when the program ends, or the time is over, before */
  waitFor(pattern: RegExp, limitMs: number): Promise<RegExpExecArray>;
  stop(): Promise<void>;
}

/** Starts a program. */
export function startProgram(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): RunningProgram {
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: npm and what it starts can be told together to end.
    detached: true,
  });
  let stdout = '';
  let all = '';
  const ended = ending(child);
  const tellToEnd = (): void => {
    // npm does not pass a signal on to what its shell runs, so the whole group is told.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGTERM');
    }
  };
  // Nothing outlives an interrupted run.
  process.once('exit', tellToEnd);
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    all += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    all += chunk.toString();
  });
  return {
    output: () => all,
    waitFor: (pattern, limitMs) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout);
          if (match !== null) settle(() => resolve(match));
        };
        const settle = (how: () => void): void => {
          clearTimeout(limit);
          child.stdout.off('data', look);
          how();
        };
        const fail = (why: string): void =>
          settle(() => reject(new Error(`${command} ${args.join(' ')}: ${why} before ${pattern}:\n${all}`)));
        const limit = setTimeout(() => fail(`waited ${limitMs} ms`), limitMs);
        child.stdout.on('data', look);
        void ended.then(({ code }) => fail(`ended with code ${code}`));
        look();
      }),
    stop: async () => {
      tellToEnd();
      await ended;
      process.off('exit', tellToEnd);
    },
  };
}

/** Runs a program to its end. @throws Error when it takes longer than allowed */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly limitMs: number },
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(command, args, { cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let isLate = false;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const limit = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, options.limitMs);
  const { code } = await ending(child);
  clearTimeout(limit);
  if (isLate) throw new Error(`${command} did not end within ${options.limitMs} ms:\n${stdout}\n${stderr}`);
  return { code, stdout, stderr };
}

/** @throws Error naming the Debian package that has the program */
export function requireFile(file: string, debianPackage: string): string {
  if (!existsSync(file)) {
    throw new Error(`${file} is missing: npm test installs the Debian package ${debianPackage}, where it may`);
  }
  return file;
}

/** @throws Error when the packages are not compiled */
export function requireBuild(): string {
  if (!existsSync(AIRLIFT)) throw new Error(`${AIRLIFT} is missing: run npm run build (npm test does)`);
  return AIRLIFT;
}

/** A TCP port that nobody listens on. */
export function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A UDP port that nobody is bound to. */
export function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

function ending(child: ChildProcess): Promise<{ readonly code: number | null }> {
  return new Promise((resolve) => {
    child.on('error', () => resolve({ code: null }));
    child.on('close', (code) => resolve({ code }));
  });
}
