import { BugError, type SteadyMs } from '@airlift/kernel';
import type { JobChange, JobRecord, JobStore, LedgerFrame, LedgerTotals } from '../stores.ts';

interface StoredJob {
  record: JobRecord;
  readonly frames: LedgerFrame[];
}

/** A `JobStore` that forgets everything with the process; for tests. */
export class MemoryJobStore implements JobStore {
  /** In the order of insertion. */
  readonly #jobs = new Map<string, StoredJob>();

  async insert(job: JobRecord): Promise<boolean> {
    if (this.#records().some((record) => record.plan.filename === job.plan.filename)) return false;
    if (this.#jobs.has(job.plan.jobId)) throw new BugError(`job ${job.plan.jobId} exists already`);
    this.#jobs.set(job.plan.jobId, { record: job, frames: [] });
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
    const changed = new Map(change.devices.map((device) => [device.devEui, device]));
    const devices = stored.record.devices.map((device) => {
      const newer = changed.get(device.devEui);
      changed.delete(device.devEui);
      return newer ?? device;
    });
    if (changed.size > 0) throw new BugError(`job ${jobId} has no device ${[...changed.keys()].join(', ')}`);
    stored.record = { plan: stored.record.plan, state: change.state, devices };
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
    return [...this.#jobs.values()].map((stored) => stored.record);
  }
}

function completedAt(record: JobRecord): SteadyMs | undefined {
  return record.state.kind === 'complete' ? record.state.completedAt : undefined;
}
