import type Sqlite from 'better-sqlite3';
import type { Selectable } from 'kysely';
import { loginFailuresOf, loginSessionOf, userOf } from '../account-store.ts';
import { recordKey } from '../damaged-records.ts';
import { deviceOf, groupOf, sessionOf } from '../device-rows.ts';
import { eventOf } from '../event-rows.ts';
import { jobDeviceOf, jobOf } from '../job-rows.ts';
import { frameOf } from '../ledger.ts';
import { firmwareOf } from '../provisioning-store.ts';
import { damageOf, requireShape } from '../record-shape.ts';
import { IMAGE_ROW, UPLOAD_ROW } from '../row-shapes.ts';
import type { Tables } from '../schema.ts';
import type { Opener } from '../vault.ts';
import type { Finding } from './finding.ts';

type Row<T extends keyof Tables> = Selectable<Tables[T]>;

const SERVER_ACTS = 'the server sets it aside at its next start and serves everything else; then enter it anew';

/** When the master key does not fit, everything but the sealed texts is looked at. */
const WITHOUT_KEY: Opener = { open: () => '00'.repeat(16) };

/** Reads every record as the server would. */
export function checkRecords(sqlite: Sqlite.Database, vault: Opener = WITHOUT_KEY): readonly Finding[] {
  const findings: Finding[] = [];
  const look = <T extends keyof Tables>(
    table: T,
    keyOf: (row: Row<T>) => string,
    read: (row: Row<T>) => unknown,
    advice = SERVER_ACTS,
    query = `select * from ${table}`,
  ): void => {
    for (const row of sqlite.prepare(query).iterate() as IterableIterator<Row<T>>) {
      try {
        read(row);
      } catch (error) {
        findings.push({ check: 'record', what: damageOf(error), where: `${table} ${keyOf(row)}`, advice });
      }
    }
  };
  const planOf = sqlite.prepare<[string], string>('select plan from job_plans where job_id = ?').pluck();
  const sessionsOf = sqlite.prepare<[string], Row<'job_sessions'>>(
    'select * from job_sessions where job_id = ? order by number',
  );
  look(
    'devices',
    (row) => recordKey('devices', { ...row }),
    (row) => deviceOf(vault, row),
  );
  look(
    'device_firmware',
    (row) => recordKey('device_firmware', { ...row }),
    (row) => firmwareOf(vault, row),
    'jobs skip the device: enter its key and profile anew',
  );
  look(
    'device_sessions',
    (row) => recordKey('device_sessions', { ...row }),
    (row) => sessionOf(vault, row),
    JOINS_AGAIN,
  );
  look(
    'mc_groups',
    (row) => recordKey('mc_groups', { ...row }),
    (row) => groupOf(vault, row),
    'the server closes the group at its next start, and its job opens another',
    'select * from mc_groups where open = 1',
  );
  look(
    'jobs',
    (row) => `${recordKey('jobs', { ...row })} (${row.filename})`,
    (job) =>
      jobOf(
        vault,
        { job, plan: planOf.get(job.job_id) as string | undefined, sessions: sessionsOf.all(job.job_id) },
        [],
      ),
    'the server sets the job aside at its next start; then schedule it again',
  );
  look('job_devices', (row) => recordKey('job_devices', { ...row }), jobDeviceOf, RUN_AGAIN);
  look('job_frames', (row) => recordKey('job_frames', { ...row }), frameOf, LOG_HAS_A_GAP);
  look('job_events', (row) => recordKey('job_events', { ...row }), eventOf, LOG_HAS_A_GAP);
  look(
    'uploads',
    (row) => recordKey('uploads', { ...row }),
    (row) => requireShape(UPLOAD_ROW, row),
    UPLOAD_AGAIN,
  );
  look(
    'images',
    (row) => row.sha256,
    (row) => requireShape(IMAGE_ROW, row),
    UPLOAD_AGAIN,
  );
  look('users', (row) => row.name, userOf, USER_IS_LOST);
  look('login_sessions', (row) => recordKey('login_sessions', { ...row }), loginSessionOf, 'the user logs in again');
  look('login_failures', (row) => recordKey('login_failures', { ...row }), loginFailuresOf, 'the count starts anew');
  return findings;
}

const JOINS_AGAIN = 'the server sets it aside at its next start, and the device joins again';
const LOG_HAS_A_GAP = 'the server sets it aside when the log of the job is read, which then has a gap';
const RUN_AGAIN = 'the device counts as failed in the job: run the update again for it';
const UPLOAD_AGAIN = 'upload the file again';
const USER_IS_LOST = 'the user cannot log in: put back a backup, or let another administrator set the user up anew';

interface SetAside {
  readonly position: number;
  readonly table_name: string;
  readonly record_key: string;
  readonly reason: string;
  readonly found_at: number;
}

/** Records that the server has set aside. */
export function checkSetAside(sqlite: Sqlite.Database, database: string): readonly Finding[] {
  const rows = sqlite
    .prepare('select position, table_name, record_key, reason, found_at from damaged_records order by position')
    .all() as SetAside[];
  return rows.map(({ position, table_name, record_key, reason, found_at }) => ({
    check: 'set-aside',
    what: `set aside on ${new Date(found_at).toISOString()}: ${reason}`,
    where: `${table_name} ${record_key}`,
    advice:
      'enter it anew if it is needed; its content is kept until you stop the server and run ' +
      `sqlite3 ${database} "delete from damaged_records where position = ${position}"`,
  }));
}
