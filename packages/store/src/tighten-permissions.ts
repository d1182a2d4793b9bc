import { chmod, lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { DATA_FILES, dataPath } from './data-files.ts';
import type { StoreLog } from './store-log.ts';

const OTHERS = 0o077;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** Something of a data folder that others than its owner may get at. */
export interface OpenToOthers {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly isFolder: boolean;
}

/** What of our own in a data folder is open to others; the folder itself is the first. Files of others are not ours. */
export async function openToOthers(dataDir: string): Promise<readonly OpenToOthers[]> {
  // Systems without these bits report the same for everything.
  if (process.platform === 'win32') return [];
  const found: OpenToOthers[] = [];
  // The folder may be given as a link; what links in it lead to is not ours.
  await look(await realpath(dataDir), false, found);
  for (const part of Object.keys(DATA_FILES) as (keyof typeof DATA_FILES)[]) {
    await look(dataPath(dataDir, part), true, found);
  }
  return found;
}

/**
 * Takes the folder and everything of ours in it from all but its owner, whatever it was before. What belongs to another
 * user cannot be changed and is only reported: a folder that a container platform mounts for a group is like that.
 */
export async function tightenPermissions(dataDir: string, log: StoreLog): Promise<void> {
  for (const { path, mode, isFolder } of await openToOthers(dataDir)) {
    try {
      await chmod(path, isFolder ? FOLDER_MODE : FILE_MODE);
    } catch (cause) {
      const fields = { path, mode: modeText(mode) };
      log({ level: 'warn', message: 'others can get at the data, and that cannot be changed', fields, cause });
    }
  }
}

/** Permission bits as people write them. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

async function look(path: string, deep: boolean, found: OpenToOthers[]): Promise<void> {
  const entry = await lstat(path).catch(() => undefined);
  if (entry === undefined || entry.isSymbolicLink()) return;
  const isFolder = entry.isDirectory();
  if ((entry.mode & OTHERS) !== 0) found.push({ path, mode: entry.mode & 0o7777, isFolder });
  if (!deep || !isFolder) return;
  for (const name of await readdir(path).catch(() => [])) await look(join(path, name), true, found);
}
