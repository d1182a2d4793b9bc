import { CallerError, type RealMs, VirtualClock } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { StoreLogEntry } from '../src/index.ts';
import { openDatabase } from '../src/open-database.ts';
import { StorageWatch } from '../src/storage-watch.ts';

describe('a database without room', () => {
  it('fails writes as storage-full, statements and whole transactions, and says so once', async () => {
    const log: StoreLogEntry[] = [];
    const db = await openDatabase(':memory:', { log: (entry) => log.push(entry) });
    await sql`pragma max_page_count = 1`.execute(db);
    const write = (key: string) => db.insertInto('meta').values({ key, value: 'x'.repeat(10_000) });
    await expect(write('a').execute()).rejects.toMatchObject({ kind: 'caller', code: 'storage-full' });
    await expect(
      db.transaction().execute((trx) => sql`insert into meta values ('b', ${'x'.repeat(10_000)})`.execute(trx)),
    ).rejects.toMatchObject({ code: 'storage-full' });
    expect(await db.selectFrom('meta').selectAll().execute()).toEqual([]);
    expect(log).toMatchObject([{ level: 'error' }]);
    await sql`pragma max_page_count = 100000`.execute(db);
    // What changes nothing proves nothing.
    await db.deleteFrom('meta').where('key', '=', 'nobody').execute();
    expect(log).toHaveLength(1);
    await write('c').execute();
    expect(log).toMatchObject([{ level: 'error' }, { level: 'info' }]);
    await db.destroy();
  });

  it.each(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'ENOSPC', 'EDQUOT', 'EFBIG'])(
    'is one error, also for %s',
    async (code) => {
      const database = new Sqlite(':memory:');
      const watch = new StorageWatch(database, () => undefined, new VirtualClock<RealMs>());
      const failing = watch.run('insert', () => Promise.reject(Object.assign(new Error('no'), { code })));
      await expect(failing).rejects.toThrow(CallerError);
      await expect(watch.run('select', () => Promise.reject(new Error('other')))).rejects.toThrow('other');
      database.close();
    },
  );

  it('that takes some writes and refuses others is told of once in ten minutes', async () => {
    const clock = new VirtualClock<RealMs>();
    const database = new Sqlite(':memory:');
    database.exec('create table t (x)');
    const log: StoreLogEntry[] = [];
    const watch = new StorageWatch(database, (entry) => log.push(entry), clock);
    const fail = () =>
      watch.run('insert', () => Promise.reject(Object.assign(new Error('no'), { code: 'SQLITE_FULL' })));
    const succeed = () => watch.run('insert', async () => database.exec('insert into t values (1)'));
    for (let second = 0; second < 599; second++) {
      await expect(fail()).rejects.toThrow(CallerError);
      await succeed();
      await clock.advance(1_000);
    }
    expect(log.map(({ level }) => level)).toEqual(['error', 'info']);
    await clock.advance(1_000);
    await expect(fail()).rejects.toThrow(CallerError);
    expect(log).toHaveLength(3);
    database.close();
  });
});
