import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { dataPath } from '../data-files.ts';

/** Whether a server holds the data folder; changes nothing. See `claimDataDir`. */
export function serverIsRunning(dataDir: string): boolean {
  const path = dataPath(dataDir, 'lock');
  if (!existsSync(path)) return false;
  const lock = new Sqlite(path, { readonly: true, timeout: 0 });
  try {
    lock.prepare('select 1 from sqlite_master').get();
    return false;
  } catch (error) {
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) return true;
    throw error;
  } finally {
    lock.close();
  }
}
