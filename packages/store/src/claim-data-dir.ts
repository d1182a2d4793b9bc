import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { CallerError } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';
import { dataPath } from './data-files.ts';

/** A server that is just going away gets so long to let go. */
const WAIT_MS = 500;

/**
 * Makes this process the only server of a data folder, until the returned function is called or the process ends,
 * however it ends. The stores themselves can be shared; two servers would run every job twice.
 * @throws CallerError `data-in-use` | `data-not-writable`
 */
export function claimDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  for (const part of ['database', 'writeAheadLog', 'sharedMemory', 'lock'] as const) {
    requireWritable(dataDir, dataPath(dataDir, part));
  }
  requireWritable(dataDir, dataDir);
  // The system releases the locks of a database with the process that holds them; Node has no other such locks.
  const lock = new Sqlite(dataPath(dataDir, 'lock'), { timeout: WAIT_MS });
  try {
    // Nothing of this reaches the disk, so that a full one does not matter.
    lock.pragma('journal_mode = MEMORY');
    lock.exec('begin exclusive');
    // A file that could only be opened for reading is not locked by the line above, and says so only here.
    lock.pragma('user_version = 1');
  } catch (error) {
    lock.close();
    if (!(error instanceof Sqlite.SqliteError)) throw error;
    if (error.code.startsWith('SQLITE_BUSY')) {
      throw new CallerError('data-in-use', `Another server is using the data folder ${dataDir}`, { cause: error });
    }
    throw notWritable(dataDir, error);
  }
  return () => lock.close();
}

/** A server that cannot store anything would let nobody in and lose every frame counter. */
function requireWritable(dataDir: string, path: string): void {
  if (!existsSync(path)) return;
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw notWritable(dataDir, error);
  }
}

function notWritable(dataDir: string, cause: unknown): CallerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CallerError(
    'data-not-writable',
    `The data folder ${dataDir} cannot be written to (${why}): mount it for writing, or give it to the user that runs the server`,
    { cause },
  );
}
