import { BugError, type Eui64, type SteadyMs } from '@airlift/kernel';
import type { RecordedEvent } from '../events.ts';
import type { JobState } from '../job/job-state.ts';
import type { JobPlan } from '../job-plan.ts';
import type { SessionState } from '../session/session-state.ts';
import type { JobChange, JobDevice, JobRecord, JobStore, LedgerFrame, LedgerTotals } from '../stores.ts';

interface StoredJob {
  readonly plan: JobPlan;
  version: number;
  state: JobState;
  readonly sessions: Map<number, SessionState>;
  /** In the order of the plan. */
  readonly devices: Map<Eui64, JobDevice>;
  totals: LedgerTotals;
  frames: LedgerFrame[];
  lastSequence: number;
  events: RecordedEvent[];
}

const NO_FRAMES: LedgerTotals = {
  plain: 0,
  parity: 0,
  status: 0,
  message: 0,
  airtimeMs: 0,
  firstAt: undefined,
  lastAt: undefined,
};

/** A `JobStore` that forgets everything with the process; for tests and simulations. */
export class MemoryJobStore implements JobStore {
  /** In the order of insertion. */
  readonly #jobs = new Map<string, StoredJob>();

  async insert(job: JobRecord, events: JobChange['events']): Promise<boolean> {
    const { jobId, filename } = job.plan;
    if (this.#find(({ plan }) => plan.filename === filename) !== undefined) return false;
    if (this.#jobs.has(jobId)) throw new BugError(`job ${jobId} exists already`);
    const stored: StoredJob = {
      plan: job.plan,
      version: 1,
      state: job.state,
      sessions: new Map(job.sessions.map((session) => [session.number, session])),
      devices: new Map(job.devices.map((device) => [device.devEui, device])),
      totals: NO_FRAMES,
      frames: [],
      lastSequence: 0,
      events: [],
    };
    append(stored, events);
    this.#jobs.set(jobId, stored);
    return true;
  }

  async job(filename: string): Promise<JobRecord | undefined> {
    const stored = this.#find(({ plan }) => plan.filename === filename);
    return stored && recordOf(stored);
  }

  async unfinished(): Promise<readonly JobRecord[]> {
    return this.#unfinished().map(recordOf);
  }

  async complete(limit: number): Promise<readonly JobRecord[]> {
    return [...this.#jobs.values()]
      .reverse()
      .map((stored) => ({ stored, at: completedAt(stored) }))
      .filter((entry) => entry.at !== undefined)
      .sort((a, b) => (b.at ?? 0) - (a.at ?? 0))
      .slice(0, limit)
      .map(({ stored }) => recordOf(stored));
  }

  async save(jobId: string, version: number, change: JobChange): Promise<boolean> {
    const stored = this.#jobs.get(jobId);
    if (stored === undefined) throw new BugError(`job ${jobId} is gone`);
    if (stored.version !== version) return false;
    const unknown = change.devices.filter(({ devEui }) => !stored.devices.has(devEui));
    if (unknown.length > 0) {
      throw new BugError(`job ${jobId} has no device ${unknown.map(({ devEui }) => devEui).join(', ')}`);
    }
    stored.version += 1;
    stored.state = change.state;
    for (const session of change.sessions) stored.sessions.set(session.number, session);
    for (const device of change.devices) stored.devices.set(device.devEui, device);
    stored.totals = change.frames.reduce(withFrame, stored.totals);
    stored.frames.push(...change.frames);
    append(stored, change.events);
    return true;
  }

  async ledger(jobId: string): Promise<LedgerTotals> {
    return this.#jobs.get(jobId)?.totals ?? NO_FRAMES;
  }

  async frames(jobId: string, from: number, limit: number): Promise<readonly LedgerFrame[]> {
    return this.#jobs.get(jobId)?.frames.slice(from, from + limit) ?? [];
  }

  async events(jobId: string, from: number, limit: number): Promise<readonly RecordedEvent[]> {
    const events = this.#jobs.get(jobId)?.events ?? [];
    return events.filter(({ sequence }) => sequence >= from).slice(0, limit);
  }

  async clearLedger(jobId: string): Promise<void> {
    const stored = this.#jobs.get(jobId);
    if (stored === undefined) return;
    stored.frames = [];
    stored.events = stored.events.filter(({ event }) => event.kind !== 'asked' && event.kind !== 'said');
  }

  async remove(jobId: string): Promise<boolean> {
    return this.#jobs.delete(jobId);
  }

  async imagesInUse(): Promise<readonly string[]> {
    return [...new Set(this.#unfinished().map(({ plan }) => plan.image.sha256))].sort();
  }

  #find(isIt: (stored: StoredJob) => boolean): StoredJob | undefined {
    for (const stored of this.#jobs.values()) if (isIt(stored)) return stored;
    return undefined;
  }

  #unfinished(): StoredJob[] {
    return [...this.#jobs.values()]
      .filter(({ state }) => state.kind !== 'complete' && state.kind !== 'cancelled')
      .sort((a, b) => a.plan.createdAt - b.plan.createdAt);
  }
}

function recordOf({ plan, version, state, sessions, devices }: StoredJob): JobRecord {
  return {
    plan,
    version,
    state,
    sessions: [...sessions.values()].sort((a, b) => a.number - b.number),
    devices: [...devices.values()],
  };
}

function append(stored: StoredJob, events: JobChange['events']): void {
  for (const { at, event } of events) {
    stored.lastSequence += 1;
    stored.events.push({ sequence: stored.lastSequence, at, event });
  }
}

function withFrame(totals: LedgerTotals, { kind, airtimeMs, at }: LedgerFrame): LedgerTotals {
  return {
    ...totals,
    [kind]: totals[kind] + 1,
    airtimeMs: totals.airtimeMs + airtimeMs,
    firstAt: totals.firstAt === undefined || at < totals.firstAt ? at : totals.firstAt,
    lastAt: totals.lastAt === undefined || at > totals.lastAt ? at : totals.lastAt,
  };
}

function completedAt({ state }: StoredJob): SteadyMs | undefined {
  return state.kind === 'complete' ? state.completedAt : undefined;
}
