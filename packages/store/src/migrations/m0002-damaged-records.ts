import type { Kysely, Migration } from 'kysely';
import type { Tables } from '../schema.ts';

/** Where records go that cannot be read, so that they are neither served nor lost. */
export const damagedRecords: Migration = {
  async up(db: Kysely<Tables>): Promise<void> {
    await db.schema
      .createTable('damaged_records')
      .addColumn('position', 'bigint', (column) => column.primaryKey())
      .addColumn('table_name', 'text', (column) => column.notNull())
      .addColumn('record_key', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('found_at', 'double precision', (column) => column.notNull())
      .execute();
  },
};
