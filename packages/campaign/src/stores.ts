import type { SteadyMs } from '@airlift/kernel';
import type { JobDevice } from './device/device-state.ts';
import type { CampaignEvent, RecordedEvent } from './events.ts';
import type { JobState } from './job/job-state.ts';
import type { JobPlan } from './job-plan.ts';
import type { GatewayFate } from './link/device-link.ts';
import type { GroupFrame, SessionState } from './session/session-state.ts';

export type { JobDevice } from './device/device-state.ts';

export interface JobRecord {
  readonly plan: JobPlan;
  /** Grows by one with every `save`; 1 for a job that was just inserted. */
  readonly version: number;
  readonly state: JobState;
  /** By number, ascending. */
  readonly sessions: readonly SessionState[];
  /** In the order of the plan. */
  readonly devices: readonly JobDevice[];
}

/** One frame that went on the air for a job. */
export interface LedgerFrame extends GroupFrame {
  readonly session: number;
  readonly fCnt: number;
  readonly at: SteadyMs;
  readonly airtimeMs: number;
  /** What each gateway made of it; empty when the network server does not tell them apart. */
  readonly gateways: readonly GatewayFate[];
}

/** What one step changed; stored in one transaction. */
export interface JobChange {
  readonly state: JobState;
  /** Those that changed. */
  readonly sessions: readonly SessionState[];
  readonly devices: readonly JobDevice[];
  readonly frames: readonly LedgerFrame[];
  /** Appended to the job's sequence. */
  readonly events: readonly { readonly at: SteadyMs; readonly event: CampaignEvent }[];
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

/** Jobs, their sessions, devices, frames and events. Every write is durable when its promise resolves. */
export interface JobStore {
  /** Stores a new job; false when its schedule name is taken by a job that still exists, finished or not. */
  insert(job: JobRecord, events: JobChange['events']): Promise<boolean>;
  job(filename: string): Promise<JobRecord | undefined>;
  /** Jobs that are neither complete nor cancelled, oldest first. */
  unfinished(): Promise<readonly JobRecord[]>;
  /** Complete jobs, newest completion first. */
  complete(limit: number): Promise<readonly JobRecord[]>;
  /**
   * Stores a step of the owner who has read `version`; the job's version is one higher then. False, changing nothing, when
   * the version is another: somebody else owns the job.
   */
  save(jobId: string, version: number, change: JobChange): Promise<boolean>;
  ledger(jobId: string): Promise<LedgerTotals>;
  /** Frames in the order in which they were stored, from the position on (0 = the first), at most `limit`. */
  frames(jobId: string, from: number, limit: number): Promise<readonly LedgerFrame[]>;
  /** Events from that sequence number on, at most `limit`. */
  events(jobId: string, from: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Forgets the frames of a job whose log nobody wants to keep, and its events of the kinds `asked` and `said`. */
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
