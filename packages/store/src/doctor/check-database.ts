import type Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { isDatabaseDamaged } from '../database-failure.ts';
import { MIGRATION_NAMES, migrate } from '../migrate.ts';
import type { Tables } from '../schema.ts';
import type { Finding } from './finding.ts';

/** SQLite names one fault after the other; a few tell enough. */
const MOST_FAULTS = 10;

const RESTORE = 'stop the server and put back a backup of the whole data folder';

/** Whether the file is a whole database, as far as SQLite can tell. */
export function checkIntegrity(sqlite: Sqlite.Database, where: string): readonly Finding[] {
  const finding = (what: string): Finding => ({ check: 'database', what, where, advice: RESTORE });
  try {
    const faults = sqlite.prepare(`pragma integrity_check(${MOST_FAULTS})`).pluck().all().map(String);
    return faults.filter((fault) => fault !== 'ok').map((fault) => finding(fault.replaceAll('\n', ' ')));
  } catch (error) {
    if (!isDatabaseDamaged(error) || !(error instanceof Error)) throw error;
    return [finding(error.message)];
  }
}

interface ForeignKeyFault {
  readonly table: string;
  readonly parent: string;
}

/** Whether every row belongs to something that is there. */
export function checkReferences(sqlite: Sqlite.Database): readonly Finding[] {
  const faults = new Map<string, number>();
  for (const { table, parent } of sqlite.prepare('pragma foreign_key_check').all() as ForeignKeyFault[]) {
    const where = `${table} without ${parent}`;
    faults.set(where, (faults.get(where) ?? 0) + 1);
  }
  return [...faults].map(([where, count]) => ({
    check: 'database',
    what: `${count} rows belong to a record that is gone`,
    where,
    advice: `they harm nobody; ${RESTORE} if the records are missed`,
  }));
}

/** Names of the migrations that the database has had. */
export function schemaOf(sqlite: Sqlite.Database): readonly string[] {
  return sqlite.prepare('select name from kysely_migration order by name').pluck().all().map(String);
}

export function checkSchema(names: readonly string[], where: string): readonly Finding[] {
  const unknown = names.filter((name) => !MIGRATION_NAMES.includes(name));
  if (unknown.length === 0) return [];
  return [
    {
      check: 'schema',
      what: `a later version of Airlift wrote the database (${unknown.join(', ')})`,
      where,
      advice: 'run that version, or put back a backup made before',
    },
  ];
}

/** The records of an older version are looked at as the next start of the server will find them: in the copy. */
export async function bringUpToDate(
  sqlite: Sqlite.Database,
  names: readonly string[],
  where: string,
  running: boolean,
): Promise<readonly Finding[]> {
  if (MIGRATION_NAMES.every((name) => names.includes(name))) return [];
  if (running) {
    return [
      {
        check: 'schema',
        what: 'an earlier version of Airlift is running, so that the records were not looked at',
        where,
        advice: 'run the doctor of that version, or stop the server',
      },
    ];
  }
  await migrate(new Kysely<Tables>({ dialect: new SqliteDialect({ database: sqlite }) }));
  return [];
}
