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
  /** The wave of devices for which it is opened, from 1. */
  readonly wave: number;
  readonly devices: number;
  readonly region: string;
  readonly frequencyHz: number;
  readonly dataRate: number;
  /** Undefined for messages. */
  readonly fragments:
    | { readonly sizeOctets: number; readonly count: number; readonly paddingOctets: number; readonly rule: string }
    | undefined;
  readonly frames: { readonly plain: number; readonly parity: number; readonly status: number };
  /** Of all frames on one gateway. */
  readonly airtimeMs: number;
  /** Of the frames on one gateway in the busiest hour. */
  readonly busiestHourMs: number;
  /** Part of an hour (0 .. 1] for which one gateway may send in the sub-band. */
  readonly dutyCycle: number;
  /** Devices leave the session by themselves so long after its start. */
  readonly timeOutS: number;
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

/** Something about one device, or about the whole job, with a stable code and its text. */
export interface PlannedRemark {
  /** Undefined for the whole job. */
  readonly devEui: Eui64 | undefined;
  readonly code: string;
  readonly text: string;
  /** When it is over by itself, where that is known. */
  readonly until: UtcMs | undefined;
}

/** One entry of a job's log. */
export interface LogEntry {
  /** Its place in the job's own sequence, from 1. */
  readonly sequence: number;
  readonly at: UtcMs;
  readonly kind: string;
  readonly devEui: Eui64 | undefined;
  /** The other members of the entry by name, EUIs and instants as texts. */
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
