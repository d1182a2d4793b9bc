import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';

/** A new file that is being written. */
export interface WritableFile {
  /** Appends all the octets. */
  write(octets: Uint8Array): Promise<void>;
  /** Resolves when everything written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What the stores need of a file system; errors are Node's, with their `code`. Tests inject failing ones. */
export interface FilePort {
  makeDirectory(path: string): Promise<void>;
  /** Fails when the file exists. */
  create(path: string): Promise<WritableFile>;
  read(path: string): Promise<Uint8Array>;
  /** Replaces what was there, in one step. */
  rename(from: string, to: string): Promise<void>;
  /** Does nothing when the file is not there. */
  remove(path: string): Promise<void>;
  /** Names of the files, not of the folders, in a folder. */
  files(path: string): Promise<readonly string[]>;
  /** Resolves when what was created, renamed or removed in the folder is on the disk. */
  syncDirectory(path: string): Promise<void>;
}

/** The machine's file system; everything it makes belongs to its owner alone. */
export const nodeFiles: FilePort = {
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  create: async (path) => {
    const handle = await open(path, 'wx', 0o600);
    return {
      write: (octets) => handle.appendFile(octets),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  read: async (path) => new Uint8Array(await readFile(path)),
  rename,
  remove: (path) => rm(path, { force: true }),
  files: async (path) => {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  },
  syncDirectory,
};

/** Resolves when the entries of the folder are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
