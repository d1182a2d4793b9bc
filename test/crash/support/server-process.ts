import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pause, SystemClock } from '@airlift/kernel';

/** The program as `npm run build` leaves it. */
const PROGRAM = join(fileURLToPath(new URL('../../../', import.meta.url)), 'packages/cli/dist/main.js');
const READY_WITHIN_MS = 30_000;
const realTime = new SystemClock();

export const ADMIN_PASSWORD = 'Correct-horse-battery-7';

export interface ServerSettings {
  readonly dataDir: string;
  /** 0 or nothing lets the system choose. */
  readonly httpsPort?: number;
  /** Plain HTTP is off by default; 0 lets the system choose. */
  readonly httpPort?: number;
  readonly udpPort?: number;
  readonly timeScale?: number;
  /** Unix seconds. */
  readonly timeAnchor?: number;
  readonly logLevel?: string;
  /** Largest file that the process may write, in blocks of 1024 octets; none by default. */
  readonly fileSizeLimit?: number;
  /** Module that the process loads before the program, and variables for it. */
  readonly preload?: { readonly url: string; readonly env: Readonly<Record<string, string>> };
  /** Seconds without a request after which a login ends. */
  readonly sessionTimeout?: number;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `airlift serve` as a process of its own, on loopback. */
export class ServerProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #startedAt: number;
  #stdout = '';
  #stderr = '';
  #running = true;

  /** Starts the process without waiting for anything. */
  constructor(settings: ServerSettings) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm run build makes it`);
    const option = (flag: string, value: string | number | undefined): string[] =>
      value === undefined ? [] : [flag, String(value)];
    const options = [
      ...['serve', '--data', settings.dataDir, '--host', '127.0.0.1', '--udp-host', '127.0.0.1'],
      ...option('--https-port', settings.httpsPort ?? 0),
      ...option('--http-port', settings.httpPort),
      ...option('--udp-port', settings.udpPort ?? 0),
      ...option('--time-scale', settings.timeScale),
      ...option('--time-anchor', settings.timeAnchor),
      ...option('--log-level', settings.logLevel),
    ];
    const env =
      settings.sessionTimeout === undefined ? {} : { AIRLIFT_SESSION_TIMEOUT: String(settings.sessionTimeout) };
    const limit = settings.fileSizeLimit === undefined ? '' : `ulimit -f ${settings.fileSizeLimit} && `;
    this.#startedAt = performance.now();
    // `exec` makes the shell the server itself, so that signals reach it.
    const { preload } = settings;
    const program = [...(preload === undefined ? [] : ['--import', preload.url]), PROGRAM];
    this.#child = spawn('bash', ['-c', `${limit}exec "$0" "$@"`, process.execPath, ...program, ...options], {
      env: { PATH: process.env.PATH, AIRLIFT_ADMIN_PASSWORD: ADMIN_PASSWORD, ...env, ...preload?.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#running = false;
        resolve({ code, signal });
      });
    });
  }

  /** Starts the process and waits until it has said everything that it says at its start. */
  static async start(settings: ServerSettings): Promise<ServerProcess> {
    const server = new ServerProcess(settings);
    await server.ready();
    return server;
  }

  /** Resolves to the milliseconds that the start took. */
  async ready(): Promise<number> {
    while (!/^(Administrator|Commissioning)/m.test(this.#stdout)) {
      const waitedMs = performance.now() - this.#startedAt;
      if (!this.#running || waitedMs > READY_WITHIN_MS) {
        await this.kill();
        throw new Error(`The server did not start:\n${this.#stdout}${this.#stderr}`);
      }
      await pause(realTime, 5);
    }
    return performance.now() - this.#startedAt;
  }

  get running(): boolean {
    return this.#running;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get httpsPort(): number {
    return Number(/https:\/\/localhost:(\d+)/.exec(this.#stdout)?.[1]);
  }

  get httpPort(): number {
    return Number(/http:\/\/localhost:(\d+)/.exec(this.#stdout)?.[1]);
  }

  get udpPort(): number {
    return Number(/UDP port (\d+)/.exec(this.#stdout)?.[1]);
  }

  /** Standard output so far. */
  get said(): string {
    return this.#stdout;
  }

  /** Standard error so far: the log, and whatever else goes there. */
  get log(): string {
    return this.#stderr;
  }

  /** Log lines at level error or above, and all that is no log line: stacks, warnings of Node. */
  get complaints(): readonly string[] {
    return this.#stderr.split('\n').filter((line) => line !== '' && !/^\{"level":[1-4]0,/.test(line));
  }

  kill(): Promise<Exit> {
    return this.signal('SIGKILL');
  }

  signal(name: NodeJS.Signals): Promise<Exit> {
    if (this.#running) this.#child.kill(name);
    return this.exited;
  }
}
