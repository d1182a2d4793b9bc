import { existsSync, statSync } from 'node:fs';
import { CallerError } from '@airlift/kernel';
import { dataPath } from './data-files.ts';

/**
 * Whether the folder has a master key: then it has a database, too. The key is made last at the first start, when the
 * database is in its file; it never stands alone. To be asked before looking for the database: another process may be
 * making both.
 */
export function hasMasterKey(dataDir: string): boolean {
  return existsSync(dataPath(dataDir, 'masterKey'));
}

/** Whether there is a file with anything in it. */
export function hasDatabaseFile(dataDir: string): boolean {
  const path = dataPath(dataDir, 'database');
  return existsSync(path) && statSync(path).size > 0;
}

/** @throws CallerError `database-missing` */
export function requireDatabaseFile(dataDir: string): void {
  if (!hasDatabaseFile(dataDir)) throw databaseMissing(dataPath(dataDir, 'database'));
}

/** An empty database in the place of a lost one would start without a word. */
export function databaseMissing(path: string): CallerError {
  return new CallerError(
    'database-missing',
    `${path} is missing or empty, although secret.key beside it shows that there was a database: put back a backup of ` +
      'the data folder, or remove secret.key as well to begin with nothing',
  );
}
