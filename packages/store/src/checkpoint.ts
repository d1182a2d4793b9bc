import { type Kysely, sql } from 'kysely';
import type { Tables } from './schema.ts';

/** Moves what can be moved at once from the write-ahead log into the database file; keeps nobody waiting. */
export async function checkpoint(db: Kysely<Tables>): Promise<void> {
  await sql`pragma wal_checkpoint(passive)`.execute(db);
}

/**
 * Moves everything into the database file and empties the log; waits for other processes that read or write. False when
 * they did not let go.
 */
export async function finalCheckpoint(db: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql<{ readonly busy: number }>`pragma wal_checkpoint(truncate)`.execute(db);
  return rows[0]?.busy === 0;
}
