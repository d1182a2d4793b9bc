import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CallerError } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';

/** A server that is just going away gets so long to let go. */
const WAIT_MS = 500;

/**
 * Makes this process the only server of a data folder, until the returned function is called or the process ends,
 * however it ends. The stores themselves can be shared; two servers would run every job twice.
 * @throws CallerError `data-in-use`
 */
export function claimDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // The system releases the locks of a database with the process that holds them; Node has no other such locks.
  const lock = new Sqlite(join(dataDir, 'server.lock'), { timeout: WAIT_MS });
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if (!(error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY'))) throw error;
    throw new CallerError('data-in-use', `Another server is using the data folder ${dataDir}`, { cause: error });
  }
  return () => lock.close();
}
