import { join } from 'node:path';

/** What lies in a data folder, by name; every part of the store finds its files through this table. */
export const DATA_FILES = {
  database: 'airlift.db',
  /** Holds what was committed and is not in the database file yet. */
  writeAheadLog: 'airlift.db-wal',
  sharedMemory: 'airlift.db-shm',
  /** There while a database is open; see `UnclosedMark`. */
  unclosed: 'airlift.db-unclosed',
  lock: 'server.lock',
  masterKey: 'secret.key',
  images: 'images',
  /** Made by the server: the self-signed certificate with its key. */
  tls: 'tls.json',
  /** What simulated devices received. */
  simulation: 'sim',
} as const;

/** Path of a part of a data folder. */
export function dataPath(dataDir: string, part: keyof typeof DATA_FILES): string {
  return join(dataDir, DATA_FILES[part]);
}
