import type Sqlite from 'better-sqlite3';
import type { Selectable } from 'kysely';
import { loginFailuresOf, loginSessionOf, userOf } from '../account-store.ts';
import { recordKey } from '../damaged-records.ts';
import { deviceOf, groupOf, sessionOf } from '../device-rows.ts';
import { jobDeviceOf, jobOf } from '../job-rows.ts';
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
  const planOf = sqlite.prepare('select plan from job_plans where job_id = ?').pluck();
  look(
    'devices',
    (row) => recordKey('devices', { ...row }),
    (row) => deviceOf(vault, row),
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
    (row) => jobOf(vault, row, planOf.get(row.job_id) as string | undefined, []),
    'the server sets the job aside at its next start; then schedule it again',
  );
  look('job_devices', (row) => recordKey('job_devices', { ...row }), jobDeviceOf, RUN_AGAIN);
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
