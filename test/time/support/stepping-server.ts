import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerProcess, type ServerSettings } from '../../crash/support/server-process.ts';
import { until } from '../../crash/support/waiting.ts';

const PRELOAD = new URL('./stepping-date.mjs', import.meta.url).href;
const NOTICED_WITHIN_MS = 10_000;

/** A server process whose date can be set while it runs, and between two of its lives. */
export class SteppingServer {
  readonly process: ServerProcess;
  readonly #dateFile: string;
  #steps = 0;

  private constructor(process: ServerProcess, dateFile: string) {
    this.process = process;
    this.#dateFile = dateFile;
  }

  /** Starts with a date that is ahead of the machine's by so much. */
  static async start(settings: ServerSettings, aheadMs = 0): Promise<SteppingServer> {
    const dateFile = join(settings.dataDir, 'date-of-the-test');
    await writeFile(dateFile, String(aheadMs));
    const preload = { url: PRELOAD, env: { AIRLIFT_TEST_DATE_FILE: dateFile } };
    return new SteppingServer(await ServerProcess.start({ ...settings, logLevel: 'warn', preload }), dateFile);
  }

  /** Sets the date ahead of the machine's and waits until the server says that it has noticed. */
  async setDate(aheadMs: number): Promise<void> {
    await writeFile(this.#dateFile, String(aheadMs));
    process.kill(this.process.pid, 'SIGUSR2');
    this.#steps += 1;
    await until('the server notices that its date stepped', NOTICED_WITHIN_MS, () => {
      return this.process.log.split('the date of this machine stepped').length > this.#steps;
    });
  }
}
