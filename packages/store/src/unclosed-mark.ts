import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { CallerError } from '@airlift/kernel';
import { dataPath } from './data-files.ts';
import { syncDirectory } from './file-port.ts';
import { asStorageFull, isStorageFull } from './storage-full.ts';

const TEXT = `A server has this database open, or ended without closing it. What was stored last is then in
airlift.db-wal, which belongs to airlift.db as one of its halves: keep, copy and restore both.
`;

/**
 * A file beside the database that says that its write-ahead log is needed. SQLite takes a database without its log for a
 * whole one; what was stored last would be gone without a word, frame counters among it, which must never be used twice.
 */
export class UnclosedMark {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** The mark stands, but the log is gone. Only before anybody opens the database: opening it makes an empty log. */
  get logIsMissing(): boolean {
    return existsSync(this.#path) && !existsSync(dataPath(this.#dataDir, 'writeAheadLog'));
  }

  /** @throws CallerError `database-incomplete` when the log is missing */
  requireLog(): void {
    if (!this.logIsMissing) return;
    throw new CallerError(
      'database-incomplete',
      `${dataPath(this.#dataDir, 'writeAheadLog')} is missing although the database was not closed: what was stored ` +
        `last would be lost. Put the file back, or a whole backup; if another program, such as sqlite3, has written it ` +
        `into the database, remove ${this.#path}. airlift doctor says more`,
    );
  }

  /** To be set when the log is there. On a full disk the server runs without. */
  async set(): Promise<void> {
    try {
      const file = await open(this.#path, 'w', 0o600);
      try {
        await file.writeFile(TEXT);
        await file.sync();
      } finally {
        await file.close();
      }
      // The entry of the log itself is on the disk from here on, too.
      await syncDirectory(this.#dataDir);
    } catch (error) {
      if (!isStorageFull(asStorageFull(error))) throw error;
    }
  }

  /** To be cleared when everything is in the database file, before SQLite removes the log. */
  async clear(): Promise<void> {
    await rm(this.#path, { force: true });
    await syncDirectory(this.#dataDir);
  }

  /** To be called when the database is closed: whoever closes it last removes the log, its content being in the file. */
  async clearWithoutLog(): Promise<void> {
    if (this.logIsMissing) await this.clear();
  }

  get #path(): string {
    return dataPath(this.#dataDir, 'unclosed');
  }
}
