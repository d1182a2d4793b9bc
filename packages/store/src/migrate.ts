import { CallerError } from '@airlift/kernel';
import { type Kysely, type MigrationProvider, Migrator } from 'kysely';
import { first } from './migrations/m0001-first.ts';
import { damagedRecords } from './migrations/m0002-damaged-records.ts';
import { releasedAt } from './migrations/m0003-released-at.ts';
import { mcAddrReuse } from './migrations/m0004-mc-addr-reuse.ts';
import { logins } from './migrations/m0005-logins.ts';
import { secondEngine } from './migrations/m0006-second-engine.ts';
import type { Tables } from './schema.ts';

/** Every migration by name; names sort in the order of application. Code instead of files, so that a bundle has them. */
const MIGRATIONS = {
  '0001-first': first,
  '0002-damaged-records': damagedRecords,
  '0003-released-at': releasedAt,
  '0004-mc-addr-reuse': mcAddrReuse,
  '0005-logins': logins,
  '0006-second-engine': secondEngine,
};

const provider: MigrationProvider = { getMigrations: async () => MIGRATIONS };

/** Names of all migrations, in the order of application. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS);

/**
 * Brings the schema up to date, all pending migrations in one transaction; processes that start at once wait for each
 * other. Does nothing when the schema is up to date; true when there was something to do.
 * @throws CallerError `database-newer` when a later version of the program wrote the database
 */
export async function migrate(db: Kysely<Tables>): Promise<boolean> {
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return (results ?? []).length > 0;
  if (error instanceof Error && error.message.startsWith('corrupted migrations')) {
    throw new CallerError('database-newer', 'the database was written by another version of Airlift', { cause: error });
  }
  throw error;
}
