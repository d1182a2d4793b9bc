import type { Eui64, UtcMs } from '@airlift/kernel';

/** What a job that is under way may be told. Additive to the documented API. */
export type JobOrder = 'pause' | 'resume' | 'approve' | 'abort';

/** Seconds from now, as far as they can be known. */
export interface PlannedSpan {
  readonly earliestS: number;
  readonly expectedS: number;
  readonly latestS: number;
}

/** One session of a planned job. */
export interface PlannedSession {
  readonly devices: number;
  readonly region: string;
  readonly frequencyHz: number;
  readonly dataRate: number;
  /** Undefined for messages. */
  readonly fragments:
    | { readonly sizeOctets: number; readonly count: number; readonly paddingOctets: number; readonly rule: string }
    | undefined;
  readonly frames: { readonly plain: number; readonly parity: number; readonly status: number };
  readonly airtimeMs: number;
  /** Of what the band allows one gateway in its busiest hour, 0 .. 1. */
  readonly dutyShare: number;
  readonly start: PlannedSpan;
  readonly end: PlannedSpan;
}

/** What would happen to a job if it were scheduled now. */
export interface PlannedJob {
  readonly filename: string;
  /** Share of the fragments lost that the expected figures assume. */
  readonly assumedLoss: number;
  readonly sessions: readonly PlannedSession[];
  readonly warnings: readonly PlannedRemark[];
  /** Devices that would not take part. */
  readonly refused: readonly PlannedRemark[];
}

/** Something about one device, with a stable code and its text. */
export interface PlannedRemark {
  readonly devEui: Eui64;
  readonly code: string;
  readonly text: string;
}

/** One entry of a job's log. */
export interface LogEntry {
  /** Its place in the job's own sequence, from 1. */
  readonly sequence: number;
  readonly at: UtcMs;
  readonly kind: string;
  readonly devEui: Eui64 | undefined;
  /** The other members of the entry by name. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** One frame that went on the air for a job. */
export interface FrameEntry {
  readonly session: number;
  readonly kind: string;
  /** Fragment number, 0 for other kinds. */
  readonly number: number;
  readonly fCnt: number;
  readonly at: UtcMs;
  readonly airtimeMs: number;
  readonly gateways: readonly {
    readonly gatewayEui: Eui64;
    readonly sent: boolean;
    readonly error: string | undefined;
  }[];
}
