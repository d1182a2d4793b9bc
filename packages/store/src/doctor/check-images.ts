import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type Sqlite from 'better-sqlite3';
import { dataPath } from '../data-files.ts';
import { isSha256Text } from '../image-files.ts';
import type { Finding } from './finding.ts';

/** Whether every image is there as it was received. */
export async function checkImages(dataDir: string, sqlite: Sqlite.Database): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const sha256 of imageNames(sqlite)) {
    const where = join(dataPath(dataDir, 'images'), sha256);
    const used = usersOf(sqlite, sha256);
    const advice = `upload the file again${used === '' ? '' : `; it is that of ${used}`}`;
    if (!existsSync(where)) findings.push({ check: 'image', what: 'the image is missing', where, advice });
    else if ((await hashOf(where)) !== sha256) {
      findings.push({ check: 'image', what: 'the image is not what was uploaded', where, advice });
    }
  }
  return findings;
}

/** Files that nothing in the database speaks of. Beside a running server some of them may just be coming. */
export async function checkStrays(
  dataDir: string,
  sqlite: Sqlite.Database,
  running: boolean,
): Promise<readonly Finding[]> {
  if (running) return [];
  const images = dataPath(dataDir, 'images');
  const known = new Set(imageNames(sqlite));
  const strays = (await namesIn(images)).filter((name) => name !== 'incoming' && !known.has(name));
  const halves = await namesIn(join(images, 'incoming'));
  const drafts = (await namesIn(dataDir)).filter((name) => /^(secret\.key\.[0-9a-f]+|tls\.json\.new)$/.test(name));
  return [
    ...strays.map((name) => stray(join(images, name), isSha256Text(name) ? 'at its next clean-up' : undefined)),
    ...halves.map((name) => stray(join(images, 'incoming', name), 'at its next start')),
    ...drafts.map((name) => stray(join(dataDir, name), undefined)),
  ];
}

function stray(where: string, goes: string | undefined): Finding {
  const advice = goes === undefined ? 'remove it' : `nothing: the server removes it ${goes}`;
  return { check: 'stray', what: 'a file that nothing needs', where, advice };
}

function imageNames(sqlite: Sqlite.Database): readonly string[] {
  return sqlite.prepare('select sha256 from images').pluck().all().map(String).filter(isSha256Text);
}

function usersOf(sqlite: Sqlite.Database, sha256: string): string {
  const names = sqlite
    .prepare(
      `select 'upload ' || name from uploads where sha256 = @sha256
       union all select 'job ' || filename from jobs where image_sha256 = @sha256 and ended_at is null`,
    )
    .pluck()
    .all({ sha256 });
  return names.map(String).join(', ');
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return existsSync(folder) ? readdir(folder) : [];
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
