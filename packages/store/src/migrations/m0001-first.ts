import type { Kysely, Migration } from 'kysely';
import type { Tables } from '../schema.ts';

/** The first schema. A migration that was released is never changed; another one follows it. */
export const first: Migration = {
  async up(db: Kysely<Tables>): Promise<void> {
    await createServerTables(db);
    await createNetworkTables(db);
    await createJobTables(db);
    await createFileTables(db);
    await createAccountTables(db);
  },
};

async function createServerTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('meta')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('vault')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('check_sealed', 'text', (column) => column.notNull())
    .execute();
}

async function createNetworkTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('devices')
    .addColumn('dev_eui', 'text', (column) => column.primaryKey())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('join_eui', 'text', (column) => column.notNull())
    .addColumn('app_key_sealed', 'text', (column) => column.notNull())
    .addColumn('gen_app_key_sealed', 'text')
    .addColumn('device_class', 'text', (column) => column.notNull())
    .addColumn('device_profile_id', 'text')
    .addColumn('network_profile_id', 'text')
    .addColumn('fuota_profile', 'text')
    .addColumn('created_at', 'double precision', (column) => column.notNull())
    .addColumn('last_dev_nonce', 'integer')
    .addColumn('last_join_nonce', 'integer')
    .addColumn('join_count', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('devices_position').on('devices').column('position').execute();

  await db.schema
    .createTable('used_dev_nonces')
    .addColumn('dev_eui', 'text', (column) => column.notNull().references('devices.dev_eui').onDelete('cascade'))
    .addColumn('dev_nonce', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('used_dev_nonces_key', ['dev_eui', 'dev_nonce'])
    .execute();

  await db.schema
    .createTable('device_sessions')
    .addColumn('dev_eui', 'text', (column) => column.notNull().references('devices.dev_eui').onDelete('cascade'))
    .addColumn('dev_addr', 'bigint', (column) => column.notNull())
    .addColumn('nwk_s_key_sealed', 'text', (column) => column.notNull())
    .addColumn('app_s_key_sealed', 'text', (column) => column.notNull())
    .addColumn('join_nonce', 'integer', (column) => column.notNull())
    .addColumn('dev_nonce', 'integer', (column) => column.notNull())
    .addColumn('joined_at', 'double precision', (column) => column.notNull())
    .addColumn('confirmed', 'integer', (column) => column.notNull())
    .addColumn('last_f_cnt_up', 'bigint')
    .addColumn('next_f_cnt_down', 'bigint', (column) => column.notNull())
    .addColumn('rx_delay_s', 'integer', (column) => column.notNull())
    .addColumn('rx1_dr_offset', 'integer', (column) => column.notNull())
    .addColumn('rx2_data_rate', 'integer', (column) => column.notNull())
    .addColumn('rx2_frequency_hz', 'bigint', (column) => column.notNull())
    .addColumn('last_uplink', 'text')
    .addPrimaryKeyConstraint('device_sessions_key', ['dev_eui', 'dev_addr'])
    .execute();
  await db.schema.createIndex('device_sessions_dev_addr').on('device_sessions').column('dev_addr').execute();

  await db.schema
    .createTable('mc_groups')
    .addColumn('group_id', 'text', (column) => column.primaryKey())
    .addColumn('mc_addr', 'bigint', (column) => column.notNull())
    .addColumn('mc_nwk_s_key_sealed', 'text')
    .addColumn('mc_app_s_key_sealed', 'text')
    .addColumn('frequency_hz', 'bigint', (column) => column.notNull())
    .addColumn('data_rate', 'integer', (column) => column.notNull())
    .addColumn('gateway_euis', 'text', (column) => column.notNull())
    .addColumn('first_f_cnt', 'bigint', (column) => column.notNull())
    .addColumn('next_f_cnt', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'double precision', (column) => column.notNull())
    .addColumn('open', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('used_mc_addrs')
    .addColumn('mc_addr', 'bigint', (column) => column.primaryKey())
    .execute();
}

async function createJobTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('jobs')
    .addColumn('job_id', 'text', (column) => column.primaryKey())
    .addColumn('filename', 'text', (column) => column.notNull().unique())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('created_at', 'double precision', (column) => column.notNull())
    .addColumn('ended_at', 'double precision')
    .addColumn('image_sha256', 'text', (column) => column.notNull())
    .addColumn('plain_frames', 'integer', (column) => column.notNull())
    .addColumn('parity_frames', 'integer', (column) => column.notNull())
    .addColumn('status_frames', 'integer', (column) => column.notNull())
    .addColumn('message_frames', 'integer', (column) => column.notNull())
    .addColumn('airtime_ms', 'double precision', (column) => column.notNull())
    .addColumn('first_frame_at', 'double precision')
    .addColumn('last_frame_at', 'double precision')
    .addColumn('state', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('jobs_phase').on('jobs').columns(['phase', 'ended_at']).execute();
  await db.schema.createIndex('jobs_image').on('jobs').column('image_sha256').execute();
  await db.schema.createIndex('jobs_position').on('jobs').column('position').execute();

  await db.schema
    .createTable('job_plans')
    .addColumn('job_id', 'text', (column) => column.primaryKey().references('jobs.job_id').onDelete('cascade'))
    .addColumn('plan', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('job_devices')
    .addColumn('job_id', 'text', (column) => column.notNull().references('jobs.job_id').onDelete('cascade'))
    .addColumn('dev_eui', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('job_devices_key', ['job_id', 'dev_eui'])
    .execute();

  await db.schema
    .createTable('job_frames')
    .addColumn('job_id', 'text', (column) => column.notNull().references('jobs.job_id').onDelete('cascade'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('f_cnt', 'bigint', (column) => column.notNull())
    .addColumn('sent_at', 'double precision', (column) => column.notNull())
    .addColumn('airtime_ms', 'double precision', (column) => column.notNull())
    .addPrimaryKeyConstraint('job_frames_key', ['job_id', 'position'])
    .execute();
}

async function createFileTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('images')
    .addColumn('sha256', 'text', (column) => column.primaryKey())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('kept_at', 'double precision', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('uploads')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull().references('images.sha256'))
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('uploaded_at', 'double precision', (column) => column.notNull())
    .addPrimaryKeyConstraint('uploads_key', ['kind', 'name'])
    .execute();
  await db.schema.createIndex('uploads_position').on('uploads').column('position').execute();
  await db.schema.createIndex('uploads_image').on('uploads').column('sha256').execute();
}

async function createAccountTables(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('login_sessions')
    .addColumn('token_hash', 'text', (column) => column.primaryKey())
    .addColumn('user_name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('port', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'double precision', (column) => column.notNull())
    .addColumn('expires_at', 'double precision', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('login_sessions_user').on('login_sessions').column('user_name').execute();
  await db.schema.createIndex('login_sessions_expiry').on('login_sessions').column('expires_at').execute();
  await db.schema
    .createTable('login_failures')
    .addColumn('user_name', 'text', (column) => column.primaryKey())
    .addColumn('count', 'integer', (column) => column.notNull())
    .addColumn('locked_until', 'double precision')
    .execute();
}
