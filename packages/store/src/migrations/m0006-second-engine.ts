import { type Kysely, type Migration, sql } from 'kysely';
import type { Tables } from '../schema.ts';
import { convertJobs } from './m0006-jobs.ts';

/**
 * What the second campaign engine keeps: versions, sessions and events of jobs, the gateways of each frame, and what
 * campaigns know of a device apart from what the network knows of it.
 *
 * Jobs of the first engine stay. Those that have ended keep their results. Those that are to come will run. Those that
 * were running are scheduled again, all of their devices waiting, and start anew: what the first engine knew of a session
 * under way is not enough for the second to go on with it. The groups of their sessions are closed here, since nobody
 * knows of them afterwards.
 */
export const secondEngine: Migration = {
  async up(db: Kysely<Tables>): Promise<void> {
    await createJobTables(db);
    await moveFirmware(db);
    await convertJobs(db);
  },
};

async function createJobTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .alterTable('jobs')
    .addColumn('version', 'bigint', (column) => column.notNull().defaultTo(1))
    .execute();
  await db.schema
    .alterTable('jobs')
    .addColumn('last_event', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createTable('job_sessions')
    .addColumn('job_id', 'text', (column) => column.notNull().references('jobs.job_id').onDelete('cascade'))
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('job_sessions_key', ['job_id', 'number'])
    .execute();
  await db.schema
    .alterTable('job_frames')
    .addColumn('session', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .alterTable('job_frames')
    .addColumn('gateways', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();
  await db.schema
    .createTable('job_events')
    .addColumn('job_id', 'text', (column) => column.notNull().references('jobs.job_id').onDelete('cascade'))
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('at', 'double precision', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('job_events_key', ['job_id', 'sequence'])
    .execute();
}

async function moveFirmware(db: Kysely<Tables>): Promise<void> {
  // No reference to the devices of the network: the row is there before the device, and its counter without one.
  await db.schema
    .createTable('device_firmware')
    .addColumn('dev_eui', 'text', (column) => column.primaryKey())
    .addColumn('provisioned', 'integer', (column) => column.notNull())
    .addColumn('gen_app_key_sealed', 'text')
    .addColumn('fuota_profile', 'text')
    .addColumn('next_session_cnt', 'integer', (column) => column.notNull())
    .execute();
  await sql`insert into device_firmware (dev_eui, provisioned, gen_app_key_sealed, fuota_profile, next_session_cnt)
    select dev_eui, 1, gen_app_key_sealed, fuota_profile, 0 from devices`.execute(db);
  await db.schema.alterTable('devices').dropColumn('gen_app_key_sealed').execute();
  await db.schema.alterTable('devices').dropColumn('fuota_profile').execute();
}
