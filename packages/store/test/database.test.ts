import { join } from 'node:path';
import { CallerError, type RealMs, VirtualClock } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';
import { Kysely, Migrator, SqliteDialect, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { SqlAccountStore } from '../src/account-store.ts';
import { DamagedRecords } from '../src/damaged-records.ts';
import { migrate } from '../src/migrate.ts';
import { first } from '../src/migrations/m0001-first.ts';
import { openDatabase } from '../src/open-database.ts';
import type { Tables } from '../src/schema.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

async function scratchPath(): Promise<string> {
  return join(await scratchFolder(), 'test.db');
}

describe('the database', () => {
  it('flushes every commit, checks references and waits for others', async () => {
    const db = await openDatabase(await scratchPath());
    const pragma = async (name: string): Promise<unknown> =>
      Object.values((await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(db)).rows[0] ?? {})[0];
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(2);
    expect(await pragma('foreign_keys')).toBe(1);
    expect(await pragma('busy_timeout')).toBe(10_000);
    await db.destroy();
  });

  it('gets its schema when it is empty, and the same one never again', async () => {
    const path = await scratchPath();
    const schema = async (): Promise<readonly unknown[]> => {
      const db = await openDatabase(path);
      await migrate(db);
      const { rows } = await sql`select type, name, sql from sqlite_master order by type, name`.execute(db);
      await db.destroy();
      return rows;
    };
    const first = await schema();
    expect(first.length).toBeGreaterThan(20);
    expect(await schema()).toEqual(first);
  });

  it('keeps users and sessions of the first version', async () => {
    const path = await scratchPath();
    const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new Sqlite(path) }) });
    const provider = { getMigrations: async () => ({ '0001-first': first }) };
    expect((await new Migrator({ db, provider }).migrateToLatest()).error).toBeUndefined();
    await sql`insert into users (name, role, password_hash) values ('op', 'user', 'hash')`.execute(db);
    await sql`insert into login_sessions (token_hash, user_name, role, address, port, created_at, expires_at)
      values ('t', 'op', 'admin', '192.0.2.1', 1, 2, 3)`.execute(db);
    await sql`insert into login_failures (user_name, count) values ('op', 2)`.execute(db);
    await db.destroy();
    const now = await openDatabase(path);
    const accounts = new SqlAccountStore(now, new DamagedRecords(now, new VirtualClock<RealMs>(), () => undefined));
    expect(await accounts.user('op')).toEqual({ name: 'op', role: 'user', passwordHash: 'hash' });
    // The role is that of the user, not the one of the time of the login.
    expect(await accounts.session('t')).toMatchObject({ userName: 'op', role: 'user', expiresAt: 3 });
    await now.destroy();
  });

  it('keeps its content over a restart', async () => {
    const dataDir = await scratchFolder();
    const first = await scratchStore({ dataDir });
    await first.meta.set('a', '1');
    await first.meta.set('a', '2');
    await first.close();
    const { meta } = await scratchStore({ dataDir });
    expect(await meta.get('a')).toBe('2');
    expect(await meta.get('b')).toBeUndefined();
  });

  it('is not touched when a later version wrote it', async () => {
    const path = await scratchPath();
    const db = await openDatabase(path);
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01')`.execute(db);
    await db.destroy();
    await expect(openDatabase(path)).rejects.toThrow(CallerError);
    await expect(openDatabase(path)).rejects.toMatchObject({ code: 'database-newer' });
  });

  it('uses only types that PostgreSQL has too', async () => {
    const db = await openDatabase(':memory:');
    const tables = await db.introspection.getTables();
    const types = new Set(tables.flatMap((table) => table.columns.map((column) => column.dataType.toLowerCase())));
    expect([...types].sort()).toEqual(['bigint', 'double precision', 'integer', 'text']);
    await db.destroy();
  });

  it('rolls a failed transaction back and says why it failed', async () => {
    const db = await openDatabase(':memory:');
    const failing = db.transaction().execute(async (trx) => {
      await trx.insertInto('meta').values({ key: 'a', value: '1' }).execute();
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await db.selectFrom('meta').selectAll().execute()).toEqual([]);
    // SQLite itself rolls back here, so that there is nothing left to roll back.
    await sql`create trigger stop before insert on meta begin select raise(rollback, 'stopped'); end`.execute(db);
    const stopped = db
      .transaction()
      .execute((trx) => trx.insertInto('meta').values({ key: 'a', value: '1' }).execute());
    await expect(stopped).rejects.toThrow('stopped');
    expect(await db.selectFrom('meta').selectAll().execute()).toEqual([]);
    await db.destroy();
  });

  it('finishes what was asked before it closes, and then takes no more', async () => {
    const dataDir = await scratchFolder();
    const store = await scratchStore({ dataDir });
    const names = Array.from({ length: 50 }, (_, i) => `key ${i}`);
    const writes = names.map((name) => store.accounts.saveFirstUser({ name, role: 'admin', passwordHash: 'x' }));
    await store.close();
    expect((await Promise.all(writes)).filter((one) => one)).toHaveLength(1);
    await expect(store.meta.set('late', 'x')).rejects.toThrow();
    await expect(store.meta.get('late')).rejects.toThrow();
  });

  it('reads a job and its devices as of one moment', async () => {
    // A reading transaction must not keep another process from writing.
    const path = await scratchPath();
    const [one, two] = [await openDatabase(path), await openDatabase(path)];
    await one
      .transaction()
      .setAccessMode('read only')
      .execute(async (trx) => {
        const before = await trx.selectFrom('meta').selectAll().execute();
        await two.insertInto('meta').values({ key: 'a', value: '1' }).execute();
        expect(await trx.selectFrom('meta').selectAll().execute()).toEqual(before);
      });
    expect(await one.selectFrom('meta').selectAll().execute()).toHaveLength(1);
    await one.destroy();
    await two.destroy();
  });
});
