import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { onTestFinished } from 'vitest';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** The samples stand beside suites that use Vitest, which a child neither needs nor can load. */
const withoutVitest: Plugin = {
  name: 'without-vitest',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^vitest$/ }, () => ({ path: 'vitest', external: true, sideEffects: false }));
  },
};

/** A program of `test/children` as one file that Node can run. */
export async function buildChild(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.cjs`);
  await build({
    entryPoints: [join(HERE, 'children', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    conditions: ['source'],
    external: ['better-sqlite3'],
    plugins: [withoutVitest],
    logLevel: 'error',
  });
  return outfile;
}

/** A running child process. */
export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown>;
  /** Every line it has written so far. */
  readonly lines: string[] = [];
  #wake: () => void = () => {};

  constructor(command: string, args: readonly string[]) {
    // The bundle lies outside the repository; NODE_PATH lets it find the native module.
    const env = { ...process.env, NODE_PATH: NODE_MODULES };
    this.#process = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#exited = once(this.#process, 'close').then(() => this.#wake());
    createInterface(this.#process.stdout).on('line', (line) => {
      this.lines.push(line);
      this.#wake();
    });
    onTestFinished(async () => {
      await this.kill();
    });
  }

  /** Resolves when it has written so many lines, or has ended. */
  async linesOrEnd(count: number): Promise<void> {
    while (this.lines.length < count && this.#process.exitCode === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  write(text: string): void {
    this.#process.stdin.write(text);
  }

  /** SIGKILL: it gets no chance to tidy up. Resolves when it is gone and all it wrote was read. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  /** Resolves with the exit code. */
  async ended(): Promise<number | null> {
    await this.#exited;
    return this.#process.exitCode;
  }
}
