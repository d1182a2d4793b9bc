import type { Kysely, Migration } from 'kysely';
import type { Tables } from '../schema.ts';

/** When a job let go of its image, by the clock that tells how long images are kept. */
export const releasedAt: Migration = {
  async up(db: Kysely<Tables>): Promise<void> {
    await db.schema.alterTable('jobs').addColumn('released_at', 'double precision').execute();
    // Where the air's time was faster than real time, jobs have ended in the future.
    const now = Date.now();
    await db
      .updateTable('jobs')
      .set((eb) => ({ released_at: eb.case().when('ended_at', '>', now).then(now).else(eb.ref('ended_at')).end() }))
      .execute();
  },
};
