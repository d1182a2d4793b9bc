import { closeSync, openSync } from 'node:fs';
import { type Clock, type RealMs, SystemClock } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';
import { Kysely } from 'kysely';
import { checkpoint } from './checkpoint.ts';
import { databaseMissing } from './lost-database.ts';
import { migrate } from './migrate.ts';
import type { Tables } from './schema.ts';
import { WaitingSqliteDialect } from './sqlite-dialect.ts';
import { StorageWatch } from './storage-watch.ts';
import type { StoreLog } from './store-log.ts';

/** How long a write waits for a write of another process. */
const BUSY_TIMEOUT_MS = 10_000;

/** Attempts to switch a new database to its journal mode while other processes do the same. */
const JOURNAL_ATTEMPTS = 50;

/**
 * Pages in the write-ahead log at which SQLite moves them into the database file. The default is eight times as many, so
 * that a small installation would hardly ever have anything in the file itself.
 */
const PAGES_BEFORE_CHECKPOINT = 125;

export interface OpenDatabaseOptions {
  readonly log?: StoreLog;
  /** Keeps the log short; the system's unless given. */
  readonly clock?: Pick<Clock<RealMs>, 'now'>;
  /** False when there must be something in it already. */
  readonly mayBeNew?: boolean;
}

/**
 * Opens a database file, or `:memory:`, and brings its schema up to date. Writes are on the disk when they are done:
 * write-ahead log, flushed at every commit.
 * @throws CallerError `database-missing` | `database-newer`
 */
export async function openDatabase(path: string, options: OpenDatabaseOptions = {}): Promise<Kysely<Tables>> {
  const { log = () => undefined, clock = new SystemClock(), mayBeNew = true } = options;
  makeForOwnerAlone(path);
  const sqlite = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    useWriteAheadLog(sqlite);
    if (!mayBeNew && isEmpty(sqlite)) throw databaseMissing(path);
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('foreign_keys = ON');
    sqlite.pragma(`wal_autocheckpoint = ${PAGES_BEFORE_CHECKPOINT}`);
  } catch (error) {
    sqlite.close();
    throw error;
  }
  const db = new Kysely<Tables>({ dialect: new WaitingSqliteDialect(sqlite, new StorageWatch(sqlite, log, clock)) });
  try {
    if (await migrate(db)) await checkpoint(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

function isEmpty(sqlite: Sqlite.Database): boolean {
  return sqlite.prepare('select 1 from sqlite_master limit 1').get() === undefined;
}

/** SQLite gives the files beside the database the permissions of the database. */
function makeForOwnerAlone(path: string): void {
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
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
