import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { DATA_FILES, dataPath } from '../data-files.ts';

/** A database that is looked at. */
export interface Reading {
  readonly sqlite: Sqlite.Database;
  close(): Promise<void>;
}

/**
 * Opens the database of a folder without changing anything there. Beside a running server it is read in place. A database
 * that nobody has open is copied first: opening it would create or remove the files beside it.
 */
export async function openForReading(dataDir: string, running: boolean): Promise<Reading> {
  const path = dataPath(dataDir, 'database');
  if (running) {
    const sqlite = new Sqlite(path, { readonly: true, fileMustExist: true });
    return { sqlite, close: async () => void sqlite.close() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'airlift-doctor-'));
  try {
    const copy = join(folder, DATA_FILES.database);
    await copyFile(path, copy);
    const log = dataPath(dataDir, 'writeAheadLog');
    if (existsSync(log)) await copyFile(log, join(folder, DATA_FILES.writeAheadLog));
    const sqlite = new Sqlite(copy);
    return {
      sqlite,
      close: async () => {
        sqlite.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
