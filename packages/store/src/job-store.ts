import type { JobChange, JobDevice, JobRecord, JobStore, LedgerTotals } from '@airlift/campaign';
import { BugError, type Clock, type Eui64, type RealMs, steadyMs } from '@airlift/kernel';
import type { Kysely, Selectable, SelectQueryBuilder, Transaction } from 'kysely';
import type { DamagedRecords } from './damaged-records.ts';
import { damagedDeviceState, jobDeviceOf, jobOf, planColumns, stateColumns } from './job-rows.ts';
import { addedTotals, addFrames, FRAME_COUNTS, totalsOf } from './ledger.ts';
import { parts } from './parts.ts';
import type { JobDevicesTable, JobsTable, Tables } from './schema.ts';
import type { Vault } from './vault.ts';

/** Position of a device row that should have been there already. */
const NOT_IN_PLAN = -1;

const ENDED: readonly string[] = ['complete', 'cancelled'];

type JobQuery = SelectQueryBuilder<Tables, 'jobs', Selectable<JobsTable>>;

/** A job as it is stored. */
interface JobRows {
  readonly job: Selectable<JobsTable>;
  readonly plan: string | undefined;
  readonly devices: readonly Selectable<JobDevicesTable>[];
}

/** Jobs in the database: plan and states as JSON text, beside the few columns that queries need. */
export class SqlJobStore implements JobStore {
  readonly #db: Kysely<Tables>;
  readonly #vault: Vault;
  readonly #damaged: DamagedRecords;
  readonly #clock: Clock<RealMs>;

  constructor(db: Kysely<Tables>, vault: Vault, damaged: DamagedRecords, clock: Clock<RealMs>) {
    this.#db = db;
    this.#vault = vault;
    this.#damaged = damaged;
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

  async #records(narrow: (query: JobQuery) => JobQuery): Promise<JobRecord[]> {
    const jobs = await this.#rows(narrow);
    const devices = new Map<JobRows, readonly JobDevice[]>();
    for (const job of jobs) devices.set(job, await this.#devicesOf(job));
    const read = (rows: JobRows): JobRecord => jobOf(this.#vault, rows.job, rows.plan, devices.get(rows) ?? []);
    return this.#damaged.sift('jobs', jobs, read, { rowOf: ({ job }) => ({ ...job }) });
  }

  /** Devices whose state cannot be read have failed: nobody knows what they hold. */
  async #devicesOf({ job, devices }: JobRows): Promise<readonly JobDevice[]> {
    // When it was damaged is not known; it was good when the job last did something.
    const failed = damagedDeviceState(steadyMs(job.last_frame_at ?? job.created_at));
    const good = await this.#damaged.sift('job_devices', devices, jobDeviceOf, {
      afterwards: async (trx, row) => {
        await trx
          .updateTable('job_devices')
          .set({ state: JSON.stringify(failed) })
          .where('job_id', '=', row.job_id)
          .where('dev_eui', '=', row.dev_eui)
          .execute();
      },
    });
    if (good.length === devices.length) return good;
    const states = new Map(good.map(({ devEui, state }) => [devEui, state]));
    return devices.map(({ dev_eui }) => ({
      devEui: dev_eui as Eui64,
      state: states.get(dev_eui as Eui64) ?? failed,
    }));
  }

  /** Jobs and their devices as of one moment. */
  async #rows(narrow: (query: JobQuery) => JobQuery): Promise<readonly JobRows[]> {
    return this.#db
      .transaction()
      .setAccessMode('read only')
      .execute(async (trx) => {
        const found: JobRows[] = [];
        for (const job of await narrow(trx.selectFrom('jobs').selectAll()).execute()) {
          const plan = await trx
            .selectFrom('job_plans')
            .select('plan')
            .where('job_id', '=', job.job_id)
            .executeTakeFirst();
          const devices = await trx
            .selectFrom('job_devices')
            .selectAll()
            .where('job_id', '=', job.job_id)
            .orderBy('position')
            .execute();
          found.push({ job, plan: plan?.plan, devices });
        }
        return found;
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
