import type { JobChange, JobRecord, JobStore, LedgerFrame, LedgerTotals, RecordedEvent } from '../../src/index.ts';

/** What happens at the fatal write: the process dies before it is done, or after; or the store only refuses it. */
export type Death = 'before' | 'after' | 'refuses';

/** A store that lets the process using it die at one of its writes: from then on no promise of it resolves. */
export class DyingStore implements JobStore {
  readonly #store: JobStore;
  readonly #fatal: number;
  readonly #death: Death;
  writes = 0;
  dead = false;

  /** `fatal`: number of the write, from 1. */
  constructor(store: JobStore, fatal: number, death: Death) {
    this.#store = store;
    this.#fatal = fatal;
    this.#death = death;
  }

  insert(job: JobRecord, events: JobChange['events']): Promise<boolean> {
    return this.#write(() => this.#store.insert(job, events));
  }

  save(jobId: string, version: number, change: JobChange): Promise<boolean> {
    return this.#write(() => this.#store.save(jobId, version, change));
  }

  clearLedger(jobId: string): Promise<void> {
    return this.#write(() => this.#store.clearLedger(jobId));
  }

  remove(jobId: string): Promise<boolean> {
    return this.#write(() => this.#store.remove(jobId));
  }

  job(filename: string): Promise<JobRecord | undefined> {
    return this.#store.job(filename);
  }

  unfinished(): Promise<readonly JobRecord[]> {
    return this.#store.unfinished();
  }

  complete(limit: number): Promise<readonly JobRecord[]> {
    return this.#store.complete(limit);
  }

  ledger(jobId: string): Promise<LedgerTotals> {
    return this.#store.ledger(jobId);
  }

  frames(jobId: string, from: number, limit: number): Promise<readonly LedgerFrame[]> {
    return this.#store.frames(jobId, from, limit);
  }

  events(jobId: string, from: number, limit: number): Promise<readonly RecordedEvent[]> {
    return this.#store.events(jobId, from, limit);
  }

  imagesInUse(): Promise<readonly string[]> {
    return this.#store.imagesInUse();
  }

  async #write<T>(write: () => Promise<T>): Promise<T> {
    if (this.dead) return forever();
    this.writes += 1;
    if (this.writes !== this.#fatal) return write();
    if (this.#death === 'refuses') throw new Error('the disk is full');
    this.dead = true;
    if (this.#death === 'after') await write();
    return forever();
  }
}

function forever<T>(): Promise<T> {
  return new Promise(() => undefined);
}
