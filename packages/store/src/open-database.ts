import Sqlite from 'better-sqlite3';
import { Kysely } from 'kysely';
import { migrate } from './migrate.ts';
import type { Tables } from './schema.ts';
import { WaitingSqliteDialect } from './sqlite-dialect.ts';
import type { StoreLog } from './store-log.ts';

/** How long a write waits for a write of another process. */
const BUSY_TIMEOUT_MS = 10_000;

/** Attempts to switch a new database to its journal mode while other processes do the same. */
const JOURNAL_ATTEMPTS = 50;

/**
 * Opens a database file, or `:memory:`, and brings its schema up to date. Writes are on the disk when they are done:
 * write-ahead log, flushed at every commit.
 */
export async function openDatabase(path: string, log: StoreLog = () => undefined): Promise<Kysely<Tables>> {
  const sqlite = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    useWriteAheadLog(sqlite);
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('foreign_keys = ON');
  } catch (error) {
    sqlite.close();
    throw error;
  }
  const db = new Kysely<Tables>({ dialect: new WaitingSqliteDialect(sqlite, log) });
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

/** SQLite does not wait for the lock that this switch needs: it fails at once when two processes switch together. */
function useWriteAheadLog(sqlite: Sqlite.Database): void {
  for (let attempt = 1; ; attempt++) {
    try {
      sqlite.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || attempt === JOURNAL_ATTEMPTS) throw error;
      // A transaction waits with the busy timeout until the other process is done.
      sqlite.exec('begin immediate; rollback');
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
