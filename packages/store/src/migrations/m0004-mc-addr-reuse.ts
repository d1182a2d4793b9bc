import type { Kysely, Migration } from 'kysely';
import type { Tables } from '../schema.ts';

/** Until when devices may listen to a group that was opened at the latest when its address is given a new column. */
const QUARANTINE_MS = 2 * 86_400_000;

/** What is needed to give a multicast address out again: its counter and when it is free. */
export const mcAddrReuse: Migration = {
  async up(db: Kysely<Tables>): Promise<void> {
    await db.schema
      .alterTable('used_mc_addrs')
      .addColumn('next_f_cnt', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable('used_mc_addrs')
      .addColumn('free_from', 'double precision', (column) => column.notNull().defaultTo(0))
      .execute();
    await db
      .updateTable('used_mc_addrs')
      .set(({ selectFrom }) => ({
        next_f_cnt: selectFrom('mc_groups')
          .select(({ fn, val }) => fn.coalesce(fn.max('mc_groups.next_f_cnt'), val(0)).as('next'))
          .whereRef('mc_groups.mc_addr', '=', 'used_mc_addrs.mc_addr'),
        free_from: selectFrom('mc_groups')
          .select(({ eb, fn, val }) =>
            eb(fn.coalesce(fn.max('mc_groups.created_at'), val(0)), '+', QUARANTINE_MS).as('free'),
          )
          .whereRef('mc_groups.mc_addr', '=', 'used_mc_addrs.mc_addr'),
      }))
      .execute();
  },
};
