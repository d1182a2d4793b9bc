import type { Clock, RealMs } from '@airlift/kernel';
import type { Database } from 'better-sqlite3';
import { asStorageFull, isStorageFull } from './storage-full.ts';
import type { StoreLog } from './store-log.ts';

/** On a disk that is nearly full, small writes go in and large ones do not: the log hears of it no more often than this. */
const SAY_AGAIN_MS = 600_000;

/**
 * Stands at the door of the database: a write for which there is no room fails as `storage-full`, whoever asked for it.
 * The log hears that it began, and that it is over, however many writes fail between.
 */
export class StorageWatch {
  readonly #database: Database;
  readonly #log: StoreLog;
  readonly #clock: Pick<Clock<RealMs>, 'now'>;
  #full = false;
  #told = false;
  #toldAt: number | undefined;
  /** Rows changed since the connection was opened, when the statement or transaction under way began. */
  #changesBefore = 0;

  constructor(database: Database, log: StoreLog, clock: Pick<Clock<RealMs>, 'now'>) {
    this.#database = database;
    this.#log = log;
    this.#clock = clock;
  }

  /** Runs one statement. @throws CallerError `storage-full` */
  async run<T>(sql: string, execute: () => Promise<T>): Promise<T> {
    if (this.#full && !this.#database.inTransaction) this.#changesBefore = this.#changes();
    try {
      const result = await execute();
      if (this.#full) this.#succeeded(sql);
      return result;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): unknown {
    const told = asStorageFull(error);
    if (!isStorageFull(told) || this.#full) return told;
    this.#full = true;
    this.#changesBefore = this.#changes();
    const now = this.#clock.now();
    this.#told = this.#toldAt === undefined || now - this.#toldAt >= SAY_AGAIN_MS;
    if (!this.#told) return told;
    this.#toldAt = now;
    const message = 'nothing can be stored: the disk is full; reading goes on, and writing once there is room';
    this.#log({ level: 'error', message, fields: {}, cause: error });
    return told;
  }

  /** Only what was changed and committed proves that there is room again. */
  #succeeded(sql: string): void {
    if (this.#database.inTransaction || sql === 'rollback' || this.#changes() === this.#changesBefore) return;
    this.#full = false;
    if (this.#told) this.#log({ level: 'info', message: 'there is room on the disk again', fields: {} });
  }

  #changes(): number {
    return Number(this.#database.prepare('select total_changes()').pluck().get());
  }
}
