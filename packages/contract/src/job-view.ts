import type { Eui64, UtcMs } from '@airlift/kernel';

/** What a job does: sends a firmware image or one message. */
export type TransmissionType = 'FOTA' | 'Message';

/** One job as `GET /api/lora/fotaschedule` lists it. */
export interface ScheduledJob {
  readonly filename: string;
  readonly type: TransmissionType;
  readonly scheduledAt: UtcMs;
  readonly deviceCount: number;
  readonly multicastEui: Eui64;
  readonly inputFilename: string;
  readonly scheduleSource: string;
}

/** How far a device has come; the last three are final. */
export type DeviceStatus = 'pending' | 'in_progress' | 'success' | 'failed' | 'skipped';

/** A stable code of the reason table with its text. */
export interface Reason {
  readonly code: string;
  readonly text: string;
}

export interface DeviceProgress {
  readonly devEui: Eui64;
  readonly percentComplete: number;
  readonly status: DeviceStatus;
  /** Stable code of the reason table and its text, where there is something to say. */
  readonly reason?: Reason;
}

/** The phases of a job in their order; a message job has no `TEARDOWN`. */
export type JobPhase = 'SCHEDULED' | 'SETUP' | 'BROADCASTING' | 'TEARDOWN' | 'COMPLETE';

export interface JobProgress {
  readonly filename: string;
  readonly type: TransmissionType;
  readonly multicastEui: Eui64;
  readonly inputFilename: string;
  readonly phase: JobPhase;
  /** 0 .. 100, never falls; exactly 100 when and only when the phase is COMPLETE. */
  readonly percentComplete: number;
  /** What the job waits for, in words, if it does. */
  readonly waitsFor: string | undefined;
  readonly devices: readonly DeviceProgress[];
}

/** How the server knows that a device has everything. */
export type Verification =
  | 'crc64'
  | 'crc32'
  | 'block-mic'
  | 'session-complete'
  | 'status-lossless'
  | 'status-nothing-missing'
  | 'status-frozen'
  | 'status-surplus'
  | 'session-agreed'
  | 'uplink';

export interface DeviceResult {
  readonly devEui: Eui64;
  readonly status: 'success' | 'failed' | 'skipped';
  /** A device that failed may hold everything all the same: nothing proves it, and nothing that it does not. */
  readonly isUnverified: boolean;
  readonly reason?: Reason;
  /** How success is known; absent for other outcomes. */
  readonly verifiedBy?: Verification;
  readonly fragmentsHeard?: number;
  readonly fragmentsMissing?: number;
  readonly completedAt?: UtcMs;
}

/** Frames sent by kind and their airtime. */
export interface FrameTally {
  readonly plain: number;
  readonly parity: number;
  readonly status: number;
  readonly message: number;
  readonly airtimeMs: number;
  readonly sessionSeconds: number;
}

export interface JobResult {
  readonly filename: string;
  readonly type: TransmissionType;
  readonly multicastEui: Eui64;
  readonly inputFilename: string;
  readonly scheduleSource: string;
  readonly completedAt: UtcMs;
  readonly devices: readonly DeviceResult[];
  /** Frames sent by kind and their airtime; absent when nothing was sent. */
  readonly frames?: FrameTally;
}
