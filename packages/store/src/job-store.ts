import type {
  JobChange,
  JobDevice,
  JobRecord,
  JobStore,
  LedgerFrame,
  LedgerTotals,
  RecordedEvent,
  SessionState,
} from '@airlift/campaign';
import { BugError, type Clock, type Eui64, type RealMs, steadyMs } from '@airlift/kernel';
import type { Kysely, Selectable, SelectQueryBuilder, Transaction } from 'kysely';
import type { DamagedRecords } from './damaged-records.ts';
import { addEvents, eventOf } from './event-rows.ts';
import {
  damagedDeviceState,
  type JobParts,
  jobDeviceOf,
  jobOf,
  planColumns,
  sessionRow,
  stateColumns,
} from './job-rows.ts';
import { addedTotals, addFrames, FRAME_COUNTS, frameOf, totalsOf } from './ledger.ts';
import { parts } from './parts.ts';
import type { JobDevicesTable, JobsTable, Tables } from './schema.ts';
import type { Vault } from './vault.ts';

/** Position of a device row that should have been there already. */
const NOT_IN_PLAN = -1;

const ENDED: readonly string[] = ['complete', 'cancelled'];

type JobQuery = SelectQueryBuilder<Tables, 'jobs', Selectable<JobsTable>>;

/** Events that nobody needs once the frames of the job are forgotten. */
const PASSING_EVENTS: readonly string[] = ['asked', 'said'];

/** A job as it is stored. */
interface JobRows extends JobParts {
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

  async insert(job: JobRecord, events: JobChange['events']): Promise<boolean> {
    const { plan, state } = job;
    return this.#db.transaction().execute(async (trx) => {
      const result = await trx
        .insertInto('jobs')
        .values(({ selectFrom, fn, val, eb }) => ({
          ...planColumns(plan),
          ...stateColumns(state, this.#clock.now()),
          last_event: events.length,
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
      await this.#saveSessions(trx, plan.jobId, job.sessions);
      await addEvents(trx, plan.jobId, events, events.length);
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

  async save(jobId: string, version: number, change: JobChange): Promise<boolean> {
    return this.#db.transaction().execute(async (trx) => {
      const job = await trx
        .updateTable('jobs')
        .set((eb) => ({
          ...stateColumns(change.state, this.#clock.now()),
          ...addedTotals(eb, change.frames),
          version: version + 1,
          last_event: eb('last_event', '+', change.events.length),
        }))
        .where('job_id', '=', jobId)
        .where('version', '=', version)
        .returning([...FRAME_COUNTS, 'last_event'])
        .executeTakeFirst();
      if (job === undefined) {
        await requireJob(trx, jobId);
        return false;
      }
      await this.#saveSessions(trx, jobId, change.sessions);
      await saveDevices(trx, jobId, change.devices);
      await addFrames(trx, jobId, change.frames, job);
      await addEvents(trx, jobId, change.events, job.last_event);
      return true;
    });
  }

  async ledger(jobId: string): Promise<LedgerTotals> {
    const row = await this.#db.selectFrom('jobs').selectAll().where('job_id', '=', jobId).executeTakeFirst();
    return totalsOf(row);
  }

  async frames(jobId: string, from: number, limit: number): Promise<readonly LedgerFrame[]> {
    const rows = await this.#db
      .selectFrom('job_frames')
      .selectAll()
      .where('job_id', '=', jobId)
      // Positions go on when frames were forgotten; the first that is left is the first.
      .where('position', '>=', ({ selectFrom }) =>
        selectFrom('job_frames as all')
          .select(({ eb, fn }) => eb(fn.min('all.position'), '+', from).as('first'))
          .where('all.job_id', '=', jobId),
      )
      .orderBy('position')
      .limit(limit)
      .execute();
    return this.#damaged.sift('job_frames', rows, frameOf);
  }

  async events(jobId: string, from: number, limit: number): Promise<readonly RecordedEvent[]> {
    const rows = await this.#db
      .selectFrom('job_events')
      .selectAll()
      .where('job_id', '=', jobId)
      .where('sequence', '>=', from)
      .orderBy('sequence')
      .limit(limit)
      .execute();
    return this.#damaged.sift('job_events', rows, eventOf);
  }

  async clearLedger(jobId: string): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await trx.deleteFrom('job_frames').where('job_id', '=', jobId).execute();
      await trx.deleteFrom('job_events').where('job_id', '=', jobId).where('kind', 'in', PASSING_EVENTS).execute();
    });
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
    const read = (rows: JobRows): JobRecord => jobOf(this.#vault, rows, devices.get(rows) ?? []);
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
          const sessions = await trx
            .selectFrom('job_sessions')
            .selectAll()
            .where('job_id', '=', job.job_id)
            .orderBy('number')
            .execute();
          found.push({ job, plan: plan?.plan, sessions, devices });
        }
        return found;
      });
  }

  async #saveSessions(trx: Transaction<Tables>, jobId: string, sessions: readonly SessionState[]): Promise<void> {
    const latest = new Map(sessions.map((session) => [session.number, session]));
    const rows = [...latest.values()].map((session) => sessionRow(this.#vault, jobId, session));
    for (const part of parts(rows)) {
      await trx
        .insertInto('job_sessions')
        .values(part)
        .onConflict((conflict) =>
          conflict.columns(['job_id', 'number']).doUpdateSet((eb) => ({ state: eb.ref('excluded.state') })),
        )
        .execute();
    }
  }
}

async function requireJob(trx: Transaction<Tables>, jobId: string): Promise<void> {
  const job = await trx.selectFrom('jobs').select('job_id').where('job_id', '=', jobId).executeTakeFirst();
  if (job === undefined) throw new BugError(`job ${jobId} is gone`);
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
