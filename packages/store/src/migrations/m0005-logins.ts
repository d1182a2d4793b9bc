import type { Kysely, Migration } from 'kysely';
import type { Tables } from '../schema.ts';

/** Sessions take their role from the user; wrong passwords are counted by client and name, of users and of nobody. */
export const logins: Migration = {
  async up(db: Kysely<Tables>): Promise<void> {
    await db.schema.alterTable('login_sessions').dropColumn('role').execute();
    // Failures by name alone do not say where they came from. They are forgotten.
    await db.schema.dropTable('login_failures').execute();
    await db.schema
      .createTable('login_failures')
      .addColumn('client', 'text', (column) => column.notNull())
      .addColumn('name_hash', 'text', (column) => column.notNull())
      .addColumn('count', 'integer', (column) => column.notNull())
      .addColumn('locked_until', 'double precision')
      .addColumn('position', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('login_failures_source', ['name_hash', 'client'])
      .execute();
    await db.schema.createIndex('login_failures_position').on('login_failures').column('position').execute();
  },
};
