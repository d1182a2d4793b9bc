import type { Eui64, SteadyMs } from '@airlift/kernel';
import type { DeviceState } from './device-state.ts';
import type { JobPlan } from './job-plan.ts';
import type { JobState } from './job-state.ts';

export interface JobDevice {
  readonly devEui: Eui64;
  readonly state: DeviceState;
}

export interface JobRecord {
  readonly plan: JobPlan;
  readonly state: JobState;
  /** In the order of the plan. */
  readonly devices: readonly JobDevice[];
}

/** One frame that was handed to the air for a job. */
export interface LedgerFrame {
  readonly kind: 'plain' | 'parity' | 'status' | 'message';
  /** Fragment number N, 0 for other kinds. */
  readonly number: number;
  readonly fCnt: number;
  readonly at: SteadyMs;
  readonly airtimeMs: number;
}

/** What one step changed; stored in one transaction. */
export interface JobChange {
  readonly state: JobState;
  readonly devices: readonly JobDevice[];
  readonly frames: readonly LedgerFrame[];
}

export interface LedgerTotals {
  readonly plain: number;
  readonly parity: number;
  readonly status: number;
  readonly message: number;
  readonly airtimeMs: number;
  readonly firstAt: SteadyMs | undefined;
  readonly lastAt: SteadyMs | undefined;
}

/** Jobs, their devices and their frames. Every write is durable when its promise resolves. */
export interface JobStore {
  /** Stores a new job; false when its schedule name is taken by a job that still exists, finished or not. */
  insert(job: JobRecord): Promise<boolean>;
  job(filename: string): Promise<JobRecord | undefined>;
  /** Jobs that are neither complete nor cancelled, oldest first. */
  unfinished(): Promise<readonly JobRecord[]>;
  /** Complete jobs, newest completion first. */
  complete(limit: number): Promise<readonly JobRecord[]>;
  save(jobId: string, change: JobChange): Promise<void>;
  ledger(jobId: string): Promise<LedgerTotals>;
  /** Forgets the frames of a job whose log nobody wants to keep. */
  clearLedger(jobId: string): Promise<void>;
  /** Removes the job with everything that belongs to it; false when unknown. */
  remove(jobId: string): Promise<boolean>;
  /** SHA-256 texts of all images that any stored job still needs. */
  imagesInUse(): Promise<readonly string[]>;
}

/** Immutable images by the SHA-256 (lower-case hexadecimal) of their content. */
export interface ImageStore {
  /** @throws BugError when the image is gone or its content no longer matches its name */
  load(sha256: string): Promise<Uint8Array>;
  /** Keeps octets that did not come as an upload, such as a message payload; returns their SHA-256. */
  keep(octets: Uint8Array): Promise<string>;
}
