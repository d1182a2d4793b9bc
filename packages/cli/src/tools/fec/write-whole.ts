import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a whole file: beside it first, then renamed, so that nobody ever sees half of it. Pipes and devices cannot be
 * replaced and are written to.
 */
export async function writeWhole(path: string, octets: Uint8Array): Promise<void> {
  const target = await existing(path);
  if (target !== undefined && !target.isFile) return writeFile(path, octets);
  const final = target?.path ?? path;
  const temporary = join(dirname(final), `.${basename(final)}.${randomUUID()}`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(octets);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, final);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What is there already, links followed. */
async function existing(path: string): Promise<{ readonly path: string; readonly isFile: boolean } | undefined> {
  try {
    return { path: await realpath(path), isFile: (await stat(path)).isFile() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
