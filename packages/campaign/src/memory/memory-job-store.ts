import { BugError, type Eui64, type SteadyMs } from '@airlift/kernel';
import type { JobPlan } from '../job-plan.ts';
import type { JobState } from '../job-state.ts';
import type { JobChange, JobDevice, JobRecord, JobStore, LedgerFrame, LedgerTotals } from '../stores.ts';

interface StoredJob {
  readonly plan: JobPlan;
  state: JobState;
  /** In the order of the plan. */
  readonly devices: Map<Eui64, JobDevice>;
  readonly frames: LedgerFrame[];
}

/** A `JobStore` that forgets everything with the process; for tests and simulations. */
export class MemoryJobStore implements JobStore {
  /** In the order of insertion. */
  readonly #jobs = new Map<string, StoredJob>();

  async insert(job: JobRecord): Promise<boolean> {
    if (this.#records().some((record) => record.plan.filename === job.plan.filename)) return false;
    if (this.#jobs.has(job.plan.jobId)) throw new BugError(`job ${job.plan.jobId} exists already`);
    const devices = new Map(job.devices.map((device) => [device.devEui, device]));
    this.#jobs.set(job.plan.jobId, { plan: job.plan, state: job.state, devices, frames: [] });
    return true;
  }

  async job(filename: string): Promise<JobRecord | undefined> {
    return this.#records().find((record) => record.plan.filename === filename);
  }

  async unfinished(): Promise<readonly JobRecord[]> {
    return this.#records()
      .filter((record) => record.state.kind !== 'complete' && record.state.kind !== 'cancelled')
      .sort((a, b) => a.plan.createdAt - b.plan.createdAt);
  }

  async complete(limit: number): Promise<readonly JobRecord[]> {
    return this.#records()
      .reverse()
      .map((record) => ({ record, at: completedAt(record) }))
      .filter((entry) => entry.at !== undefined)
      .sort((a, b) => (b.at ?? 0) - (a.at ?? 0))
      .slice(0, limit)
      .map((entry) => entry.record);
  }

  async save(jobId: string, change: JobChange): Promise<void> {
    const stored = this.#jobs.get(jobId);
    if (stored === undefined) throw new BugError(`job ${jobId} is gone`);
    const unknown = change.devices.filter(({ devEui }) => !stored.devices.has(devEui));
    if (unknown.length > 0) {
      throw new BugError(`job ${jobId} has no device ${unknown.map(({ devEui }) => devEui).join(', ')}`);
    }
    for (const device of change.devices) stored.devices.set(device.devEui, device);
    stored.state = change.state;
    stored.frames.push(...change.frames);
  }

  async ledger(jobId: string): Promise<LedgerTotals> {
    const totals = { plain: 0, parity: 0, status: 0, message: 0, airtimeMs: 0 };
    let firstAt: SteadyMs | undefined;
    let lastAt: SteadyMs | undefined;
    for (const frame of this.#jobs.get(jobId)?.frames ?? []) {
      totals[frame.kind] += 1;
      totals.airtimeMs += frame.airtimeMs;
      if (firstAt === undefined || frame.at < firstAt) firstAt = frame.at;
      if (lastAt === undefined || frame.at > lastAt) lastAt = frame.at;
    }
    return { ...totals, firstAt, lastAt };
  }

  /** No frame can be read one by one from this store: only their totals count, and those stay. */
  async clearLedger(): Promise<void> {}

  async remove(jobId: string): Promise<boolean> {
    return this.#jobs.delete(jobId);
  }

  async imagesInUse(): Promise<readonly string[]> {
    return [...new Set((await this.unfinished()).map((record) => record.plan.image.sha256))].sort();
  }

  #records(): JobRecord[] {
    return [...this.#jobs.values()].map(({ plan, state, devices }) => ({
      plan,
      state,
      devices: [...devices.values()],
    }));
  }
}

function completedAt(record: JobRecord): SteadyMs | undefined {
  return record.state.kind === 'complete' ? record.state.completedAt : undefined;
}
