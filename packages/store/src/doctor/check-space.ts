import { statfs } from 'node:fs/promises';
import type { Finding } from './finding.ts';

/** Octets that are free for the user of the process. */
export async function freeBytes(dataDir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dataDir);
  return bavail * bsize;
}

export function checkSpace(dataDir: string, free: number, least: number): readonly Finding[] {
  if (free >= least) return [];
  return [
    {
      check: 'space',
      what: `only ${Math.floor(free / 2 ** 20)} MiB are free`,
      where: dataDir,
      advice: 'make room on the disk: a server that cannot write answers 507 and its jobs wait',
    },
  ];
}
