import { chmod, copyFile, cp, mkdir, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { claimDataDir, type StoreLogEntry } from '../src/index.ts';
import { buildChild, Child } from './child.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

/** A folder as a killed server leaves it: copied while the store is open. */
async function killedFolder(): Promise<string> {
  const dataDir = await scratchFolder();
  const store = await scratchStore({ dataDir });
  await store.meta.set('a', '1');
  const copy = join(await scratchFolder(), 'copy');
  await cp(dataDir, copy, { recursive: true });
  return copy;
}

describe('a data folder that can only be read', () => {
  it('is not served', async () => {
    const folder = await scratchFolder();
    const program = await buildChild('unprivileged-claim', folder);
    const dataDir = join(folder, 'data');
    claimDataDir(dataDir)();
    await chmod(folder, 0o755);
    await chmod(program, 0o644);
    // With a lock file that may be read: SQLite opens it, and gives a lock that locks nobody out.
    await chmod(join(dataDir, 'server.lock'), 0o444);
    await chmod(dataDir, 0o555);
    const child = new Child(process.execPath, [program, dataDir]);
    await child.ended();
    await chmod(dataDir, 0o755);
    expect(child.lines).toEqual(['caller data-not-writable']);
  });

  it('is told from one whose lock file alone cannot be written', async () => {
    const folder = await scratchFolder();
    const program = await buildChild('unprivileged-claim', folder);
    const dataDir = join(folder, 'data');
    claimDataDir(dataDir)();
    await chmod(folder, 0o755);
    await chmod(program, 0o644);
    await chmod(join(dataDir, 'server.lock'), 0o444);
    await chmod(dataDir, 0o777);
    const child = new Child(process.execPath, [program, dataDir]);
    await child.ended();
    expect(child.lines).toEqual(['caller data-not-writable']);
  });
});

describe('permissions', () => {
  it('are taken from all but the owner, whatever they were before', async () => {
    const dataDir = await scratchFolder();
    await (await scratchStore({ dataDir })).close();
    await mkdir(join(dataDir, 'sim'));
    await writeFile(join(dataDir, 'tls.json'), '{}');
    await writeFile(join(dataDir, 'images', 'incoming', '1-left'), '');
    await writeFile(join(dataDir, 'notes of the operator'), '');
    const folders = ['.', 'images', 'images/incoming', 'sim'];
    const files = ['airlift.db', 'secret.key', 'tls.json'];
    for (const name of folders) await chmod(join(dataDir, name), 0o755);
    for (const name of [...files, 'notes of the operator']) await chmod(join(dataDir, name), 0o644);
    const store = await scratchStore({ dataDir });
    await store.images.keep(new Uint8Array(10));
    for (const name of folders) expect(await modeOf(join(dataDir, name)), name).toBe(0o700);
    for (const name of [...files, 'airlift.db-wal', 'airlift.db-shm', 'airlift.db-unclosed']) {
      expect(await modeOf(join(dataDir, name)), name).toBe(0o600);
    }
    for (const name of (await readdir(join(dataDir, 'images'))).filter((one) => one !== 'incoming')) {
      expect(await modeOf(join(dataDir, 'images', name))).toBe(0o600);
    }
    expect(await modeOf(join(dataDir, 'notes of the operator'))).toBe(0o644);
  });

  it('are right from the start in a new folder, and in one behind a link', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'disk'), { mode: 0o755 });
    await symlink(join(folder, 'disk'), join(folder, 'data'));
    const umask = process.umask(0o022);
    try {
      await scratchStore({ dataDir: join(folder, 'data') });
    } finally {
      process.umask(umask);
    }
    expect(await modeOf(join(folder, 'disk'))).toBe(0o700);
    for (const name of ['airlift.db', 'airlift.db-wal', 'airlift.db-shm', 'secret.key']) {
      expect(await modeOf(join(folder, 'disk', name)), name).toBe(0o600);
    }
  });
});

describe('the write-ahead log', () => {
  it('holds nothing of a new installation but what came after its set-up', async () => {
    const dataDir = await scratchFolder();
    await scratchStore({ dataDir });
    const copy = join(await scratchFolder(), 'airlift.db');
    await copyFile(join(dataDir, 'airlift.db'), copy);
    const alone = new Sqlite(copy);
    expect(alone.prepare('select name from kysely_migration').all()).not.toEqual([]);
    alone.close();
  });

  it('is moved into the database when asked to, and is gone after a stop', async () => {
    const dataDir = await scratchFolder();
    const store = await scratchStore({ dataDir });
    await store.meta.set('a', '1');
    await store.checkpoint();
    const copy = join(await scratchFolder(), 'airlift.db');
    await copyFile(join(dataDir, 'airlift.db'), copy);
    const alone = new Sqlite(copy);
    expect(alone.prepare('select value from meta').pluck().all()).toEqual(['1']);
    alone.close();
    await store.close();
    expect((await readdir(dataDir)).filter((name) => name.startsWith('airlift.db'))).toEqual(['airlift.db']);
  });

  it('is taken up after a kill', async () => {
    const store = await scratchStore({ dataDir: await killedFolder() });
    expect(await store.meta.get('a')).toBe('1');
  });

  it('is missed when it is gone after a kill, until somebody says that it is not needed', async () => {
    const dataDir = await killedFolder();
    await rm(join(dataDir, 'airlift.db-wal'));
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(scratchStore({ dataDir })).rejects.toMatchObject({ kind: 'caller', code: 'database-incomplete' });
    }
    await rm(join(dataDir, 'airlift.db-unclosed'));
    expect(await (await scratchStore({ dataDir })).meta.get('a')).toBeUndefined();
  });
});

describe('a lost database', () => {
  it.each([
    ['missing', (path: string) => rm(path)],
    ['empty', (path: string) => truncate(path)],
    [
      'another one without tables',
      async (path: string) => {
        await rm(path);
        const empty = new Sqlite(path);
        empty.pragma('journal_mode = WAL');
        empty.close();
      },
    ],
  ])('is not replaced by a new one: %s', async (_what, lose) => {
    const dataDir = await scratchFolder();
    await (await scratchStore({ dataDir })).close();
    await lose(join(dataDir, 'airlift.db'));
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(scratchStore({ dataDir })).rejects.toMatchObject({ kind: 'caller', code: 'database-missing' });
    }
    await rm(join(dataDir, 'secret.key'));
    await scratchStore({ dataDir });
  });

  it.each([
    ['no database at all', (path: string) => writeFile(path, 'this is a text and no database. '.repeat(1_000))],
    ['one cut short', (path: string) => truncate(path, 10_000)],
  ])('says so when it is damaged: %s', async (_what, damage) => {
    const dataDir = await scratchFolder();
    await (await scratchStore({ dataDir })).close();
    await damage(join(dataDir, 'airlift.db'));
    await expect(scratchStore({ dataDir })).rejects.toMatchObject({ kind: 'caller', code: 'database-damaged' });
  });
});

describe('a folder of another user', () => {
  it('is reported when it cannot be taken from others', async () => {
    const { tightenPermissions } = await import('../src/tighten-permissions.ts');
    const log: StoreLogEntry[] = [];
    // The system's own: nobody may change these.
    await tightenPermissions('/proc/self', (entry) => log.push(entry));
    expect(log).toMatchObject([{ level: 'warn', fields: { mode: '0555' } }]);
  });
});
