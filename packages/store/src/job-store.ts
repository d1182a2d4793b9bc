import type { DeviceState, JobChange, JobDevice, JobRecord, JobStore, LedgerTotals } from '@airlift/campaign';
import { BugError, type Clock, type Eui64, type RealMs } from '@airlift/kernel';
import type { Kysely, Selectable, SelectQueryBuilder, Transaction } from 'kysely';
import { jobOf, planColumns, stateColumns } from './job-rows.ts';
import { addedTotals, addFrames, FRAME_COUNTS, totalsOf } from './ledger.ts';
import { parts } from './parts.ts';
import type { JobsTable, Tables } from './schema.ts';
import type { Vault } from './vault.ts';

/** Position of a device row that should have been there already. */
const NOT_IN_PLAN = -1;

const ENDED: readonly string[] = ['complete', 'cancelled'];

type JobQuery = SelectQueryBuilder<Tables, 'jobs', Pick<Selectable<JobsTable>, 'job_id' | 'state'>>;

/** Jobs in the database: plan and states as JSON text, beside the few columns that queries need. */
export class SqlJobStore implements JobStore {
  readonly #db: Kysely<Tables>;
  readonly #vault: Vault;
  readonly #clock: Clock<RealMs>;

  constructor(db: Kysely<Tables>, vault: Vault, clock: Clock<RealMs>) {
    this.#db = db;
    this.#vault = vault;
    this.#clock = clock;
  }

  async insert(job: JobRecord): Promise<boolean> {
    const { plan, state } = job;
    return this.#db.transaction().execute(async (trx) => {
      const result = await trx
        .insertInto('jobs')
        .values(({ selectFrom, fn, val, eb }) => ({
          ...planColumns(plan),
          ...stateColumns(this.#vault, plan.jobId, state, this.#clock.now()),
          position: selectFrom('jobs').select(eb(fn.coalesce(fn.max('position'), val(0)), '+', 1).as('next')),
        }))
        .onConflict((conflict) => conflict.column('filename').doNothing())
        .executeTakeFirst();
      if (result.numInsertedOrUpdatedRows !== 1n) return false;
      await trx
        .insertInto('job_plans')
        .values({ job_id: plan.jobId, plan: JSON.stringify(plan) })
        .execute();
      const rows = job.devices.map((device, position) => deviceRow(plan.jobId, device, position));
      for (const part of parts(rows)) await trx.insertInto('job_devices').values(part).execute();
      return true;
    });
  }

  async job(filename: string): Promise<JobRecord | undefined> {
    return (await this.#records((query) => query.where('filename', '=', filename)))[0];
  }

  async unfinished(): Promise<readonly JobRecord[]> {
    return this.#records((query) => query.where('phase', 'not in', ENDED).orderBy('created_at').orderBy('position'));
  }

  async complete(limit: number): Promise<readonly JobRecord[]> {
    return this.#records((query) =>
      query.where('phase', '=', 'complete').orderBy('ended_at', 'desc').orderBy('position', 'desc').limit(limit),
    );
  }

  async save(jobId: string, change: JobChange): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const job = await trx
        .updateTable('jobs')
        .set((eb) => ({
          ...stateColumns(this.#vault, jobId, change.state, this.#clock.now()),
          ...addedTotals(eb, change.frames),
        }))
        .where('job_id', '=', jobId)
        .returning(FRAME_COUNTS)
        .executeTakeFirst();
      if (job === undefined) throw new BugError(`job ${jobId} is gone`);
      await saveDevices(trx, jobId, change.devices);
      await addFrames(trx, jobId, change.frames, job);
    });
  }

  async ledger(jobId: string): Promise<LedgerTotals> {
    const row = await this.#db.selectFrom('jobs').selectAll().where('job_id', '=', jobId).executeTakeFirst();
    return totalsOf(row);
  }

  async clearLedger(jobId: string): Promise<void> {
    await this.#db.deleteFrom('job_frames').where('job_id', '=', jobId).execute();
  }

  async remove(jobId: string): Promise<boolean> {
    const result = await this.#db.deleteFrom('jobs').where('job_id', '=', jobId).executeTakeFirst();
    return result.numDeletedRows === 1n;
  }

  async imagesInUse(): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom('jobs')
      .select('image_sha256')
      .distinct()
      .where('phase', 'not in', ENDED)
      .orderBy('image_sha256')
      .execute();
    return rows.map((row) => row.image_sha256);
  }

  /** Jobs and their devices as of one moment. */
  async #records(narrow: (query: JobQuery) => JobQuery): Promise<JobRecord[]> {
    return this.#db
      .transaction()
      .setAccessMode('read only')
      .execute(async (trx) => {
        const records: JobRecord[] = [];
        for (const row of await narrow(trx.selectFrom('jobs').select(['job_id', 'state'])).execute()) {
          const { plan } = await trx
            .selectFrom('job_plans')
            .select('plan')
            .where('job_id', '=', row.job_id)
            .executeTakeFirstOrThrow();
          const devices = await trx
            .selectFrom('job_devices')
            .select(['dev_eui', 'state'])
            .where('job_id', '=', row.job_id)
            .orderBy('position')
            .execute();
          records.push(
            jobOf(
              this.#vault,
              { ...row, plan },
              devices.map((one) => ({ devEui: one.dev_eui as Eui64, state: JSON.parse(one.state) as DeviceState })),
            ),
          );
        }
        return records;
      });
  }
}

async function saveDevices(trx: Transaction<Tables>, jobId: string, devices: readonly JobDevice[]): Promise<void> {
  const latest = new Map(devices.map((device) => [device.devEui, device]));
  const rows = [...latest.values()].map((device) => deviceRow(jobId, device, NOT_IN_PLAN));
  for (const part of parts(rows)) {
    // One statement for many rows. All of them exist; a new one would keep the position given here.
    const saved = await trx
      .insertInto('job_devices')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['job_id', 'dev_eui']).doUpdateSet((eb) => ({ state: eb.ref('excluded.state') })),
      )
      .returning(['dev_eui', 'position'])
      .execute();
    const stranger = saved.find((row) => row.position === NOT_IN_PLAN);
    if (stranger !== undefined) throw new BugError(`job ${jobId} has no device ${stranger.dev_eui}`);
  }
}

function deviceRow(jobId: string, device: JobDevice, position: number) {
  return { job_id: jobId, dev_eui: device.devEui, position, state: JSON.stringify(device.state) };
}
