import { CallerError } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';

/** SQLite's codes for a file that is not, or no longer, a database. */
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB)/;

/** Whether the error says that the database file itself is damaged. */
export function isDatabaseDamaged(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && DAMAGED.test(error.code);
}

/** When a database is opened, what SQLite says against it becomes a CallerError; other errors stay as they are. */
export function asOpeningFailure(error: unknown, path: string): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  if (!isDatabaseDamaged(error)) {
    return new CallerError('database-unusable', `${path} cannot be used: ${error.message}`, { cause: error });
  }
  return new CallerError(
    'database-damaged',
    `${path} is damaged (${error.message}): put back a backup of the data folder; airlift doctor says what is damaged`,
    { cause: error },
  );
}
