import type { Clock, RealMs } from '@airlift/kernel';
import { type Kysely, sql, type Transaction } from 'kysely';
import { damageOf } from './record-shape.ts';
import type { Tables } from './schema.ts';
import { isStorageFull } from './storage-full.ts';
import type { StoreLog } from './store-log.ts';

type Row = Readonly<Record<string, unknown>>;

interface Rule {
  readonly key: readonly string[];
  /** Tables whose rows belong to the record, and the column that says to which. */
  readonly parts: readonly (readonly [table: string, column: string])[];
  /** What happens to the row when its content is kept; it is deleted unless told otherwise. */
  readonly afterwards?: 'stays';
}

/** Every kind of record that is looked at when it is read. */
export const RECORDS = {
  devices: {
    key: ['dev_eui'],
    parts: [
      ['used_dev_nonces', 'dev_eui'],
      ['device_sessions', 'dev_eui'],
    ],
  },
  // The counter goes on, so that no SessionCnt is used again.
  device_firmware: { key: ['dev_eui'], parts: [], afterwards: 'stays' },
  device_sessions: { key: ['dev_eui', 'dev_addr'], parts: [] },
  // The counters of a closed group are remembered, so that they are not used again.
  mc_groups: { key: ['group_id'], parts: [], afterwards: 'stays' },
  jobs: {
    key: ['job_id'],
    parts: [
      ['job_plans', 'job_id'],
      ['job_sessions', 'job_id'],
      ['job_devices', 'job_id'],
      ['job_frames', 'job_id'],
      ['job_events', 'job_id'],
    ],
  },
  // The device stays in the results of its job, with a reason.
  job_devices: { key: ['job_id', 'dev_eui'], parts: [], afterwards: 'stays' },
  job_frames: { key: ['job_id', 'position'], parts: [] },
  job_events: { key: ['job_id', 'sequence'], parts: [] },
  uploads: { key: ['kind', 'name'], parts: [] },
  login_sessions: { key: ['token_hash'], parts: [] },
  login_failures: { key: ['client', 'name_hash'], parts: [] },
} as const satisfies Partial<Record<keyof Tables, Rule>>;

export type RecordTable = keyof typeof RECORDS;

/** Keys that were told of and could not be set aside; remembered so that they are told of once. */
const MOST_TOLD = 1_000;

interface Found {
  readonly row: Row;
  readonly reason: string;
}

/**
 * Lets good records through and sets damaged ones aside: their content goes to `damaged_records`, the log names them, and
 * everybody else is served as if they had never been. One bad record costs that record.
 */
export class DamagedRecords {
  readonly #db: Kysely<Tables>;
  readonly #clock: Clock<RealMs>;
  readonly #log: StoreLog;
  readonly #told = new Set<string>();

  constructor(db: Kysely<Tables>, clock: Clock<RealMs>, log: StoreLog) {
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * What `read` makes of the rows, without those that it cannot read. Not to be called within a transaction.
   * @param rowOf the row of the record's table, when more than that is read
   * @param afterwards changes the row that `stays`, in the same transaction
   */
  async sift<R, T>(
    table: RecordTable,
    rows: readonly R[],
    read: (row: R) => T,
    options: {
      readonly rowOf?: (row: R) => Row;
      readonly afterwards?: (trx: Transaction<Tables>, row: R) => Promise<void>;
    } = {},
  ): Promise<T[]> {
    const { rowOf = (row: R) => row as Row, afterwards = () => Promise.resolve() } = options;
    const good: T[] = [];
    for (const row of rows) {
      let reason: string;
      try {
        good.push(read(row));
        continue;
      } catch (error) {
        reason = damageOf(error);
      }
      await this.#setAside(table, { row: rowOf(row), reason }, (trx) => afterwards(trx, row));
    }
    return good;
  }

  /** As `sift`, for one row or none. */
  async siftOne<R, T>(table: RecordTable, row: R | undefined, read: (row: R) => T): Promise<T | undefined> {
    return row === undefined ? undefined : (await this.sift(table, [row], read))[0];
  }

  /** Names a damaged record that stays where it is and is not served. */
  tell(table: keyof Tables, key: string, reason: string): void {
    const name = `${table}/${key}`;
    if (this.#told.has(name)) return;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(name);
    this.#log({ level: 'error', message: 'a damaged record is not served', fields: { table, key, reason } });
  }

  /** Keeps the content of a record that is repaired by the caller. */
  async keep(
    trx: Transaction<Tables>,
    table: keyof Tables,
    key: string,
    reason: string,
    content: object,
  ): Promise<void> {
    const last = await trx
      .selectFrom('damaged_records')
      .select(({ fn }) => fn.max('position').as('position'))
      .executeTakeFirst();
    await trx
      .insertInto('damaged_records')
      .values({
        position: (last?.position ?? 0) + 1,
        table_name: table,
        record_key: key,
        reason,
        content: JSON.stringify(content),
        found_at: this.#clock.now(),
      })
      .execute();
  }

  /** Names a record that was set aside. */
  tellSetAside(table: keyof Tables, key: string, reason: string): void {
    this.#log({ level: 'error', message: 'a damaged record was set aside', fields: { table, key, reason } });
  }

  async #setAside(
    table: RecordTable,
    { row, reason }: Found,
    afterwards: (trx: Transaction<Tables>) => Promise<void>,
  ): Promise<void> {
    const rule: Rule = RECORDS[table];
    const key = recordKey(table, row);
    try {
      const moved = await this.#db.transaction().execute(async (trx) => {
        const where = sql.join(
          rule.key.map((column) => sql`${sql.ref(column)} = ${row[column]}`),
          sql` and `,
        );
        const { rows } = await sql<Row>`select * from ${sql.table(table)} where ${where}`.execute(trx);
        const [now] = rows;
        // Somebody may have removed or replaced it meanwhile.
        if (now === undefined || JSON.stringify(now) !== JSON.stringify(row)) return false;
        const content: Record<string, readonly Row[]> = { [table]: rows };
        for (const [part, column] of rule.parts) {
          const owner = row[rule.key[0] ?? ''];
          const belonging = sql<Row>`select * from ${sql.table(part)} where ${sql.ref(column)} = ${owner}`;
          content[part] = (await belonging.execute(trx)).rows;
        }
        await this.keep(trx, table, key, reason, content);
        if (rule.afterwards === undefined) await sql`delete from ${sql.table(table)} where ${where}`.execute(trx);
        await afterwards(trx);
        return true;
      });
      if (moved) this.tellSetAside(table, key, reason);
    } catch (error) {
      if (!isStorageFull(error)) throw error;
      // Without room to move it, it is left out all the same.
      this.tell(table, key, reason);
    }
  }
}

/** How a record is named in the log. */
export function recordKey(table: RecordTable, row: Row): string {
  return RECORDS[table].key.map((column) => String(row[column])).join('/');
}
