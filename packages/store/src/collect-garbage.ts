import type { RealMs } from '@airlift/kernel';
import type { ExpressionBuilder, Kysely, Transaction } from 'kysely';
import type { ImageFiles } from './image-files.ts';
import type { Tables } from './schema.ts';

/** An upload is kept this long, and this long after the last job that used it has ended. */
export const UPLOAD_TTL_MS = 24 * 3_600_000;

/** An image without a name stays this long, so that the job it was kept for can be stored. */
export const UNNAMED_IMAGE_TTL_MS = 3_600_000;

/**
 * Removes what is no longer wanted:
 * - the names of uploads older than `UPLOAD_TTL_MS` that no job needs;
 * - images, rows and files, that have no name, that no job needs, and that nobody asked to keep within
 *   `UNNAMED_IMAGE_TTL_MS`.
 *
 * A job needs its image until `UPLOAD_TTL_MS` after its end. Returns how many files were removed.
 */
export async function collectGarbage(db: Kysely<Tables>, files: ImageFiles, now: RealMs): Promise<number> {
  await forgetOldUploads(db, now);
  let removed = 0;
  const unwanted = await db.selectFrom('images').select('sha256').where(isUnwanted(now)).execute();
  for (const { sha256 } of unwanted) {
    // File and row go inside one write transaction: who keeps the same content again waits until both are gone.
    await db.transaction().execute(async (trx) => {
      const result = await trx
        .deleteFrom('images')
        .where('sha256', '=', sha256)
        .where(isUnwanted(now))
        .executeTakeFirst();
      if (result.numDeletedRows !== 1n) return;
      await files.remove(sha256);
      removed += 1;
    });
  }
  return removed + (await removeStrays(db, files));
}

async function forgetOldUploads(db: Kysely<Tables>, now: RealMs): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const forgotten = await trx
      .deleteFrom('uploads')
      .where('uploaded_at', '<=', now - UPLOAD_TTL_MS)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('jobs')
              .select('job_id')
              .whereRef('image_sha256', '=', 'uploads.sha256')
              .where((eb) => eb.or([eb('released_at', 'is', null), eb('released_at', '>', now - UPLOAD_TTL_MS)])),
          ),
        ),
      )
      .returning('sha256')
      .execute();
    // A job may just have looked the name up: its image gets the time that every unnamed one has.
    for (const { sha256 } of forgotten) {
      await trx.updateTable('images').set({ kept_at: now }).where('sha256', '=', sha256).execute();
    }
  });
}

function isUnwanted(now: RealMs) {
  return ({ eb, and, not, exists, selectFrom }: ExpressionBuilder<Tables, 'images'>) =>
    and([
      eb('kept_at', '<=', now - UNNAMED_IMAGE_TTL_MS),
      not(exists(selectFrom('uploads').select('name').whereRef('uploads.sha256', '=', 'images.sha256'))),
      not(
        exists(
          selectFrom('jobs')
            .select('job_id')
            .whereRef('image_sha256', '=', 'images.sha256')
            .where((job) => job.or([job('released_at', 'is', null), job('released_at', '>', now - UPLOAD_TTL_MS)])),
        ),
      ),
    ]);
}

/** Files without a row: a row is always there before its file, so nobody is about to add one. */
async function removeStrays(db: Kysely<Tables>, files: ImageFiles): Promise<number> {
  let removed = 0;
  for (const sha256 of await files.finished()) {
    if (await hasRow(db, sha256)) continue;
    await db.transaction().execute(async (trx) => {
      if (await hasRow(trx, sha256)) return;
      await files.remove(sha256);
      removed += 1;
    });
  }
  return removed;
}

async function hasRow(db: Kysely<Tables> | Transaction<Tables>, sha256: string): Promise<boolean> {
  const row = await db.selectFrom('images').select('sha256').where('sha256', '=', sha256).executeTakeFirst();
  return row !== undefined;
}
