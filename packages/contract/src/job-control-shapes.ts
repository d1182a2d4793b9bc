import { formatEui64 } from '@airlift/kernel';
import type { FrameEntry, LogEntry, PlannedJob, PlannedRemark, PlannedSpan } from './job-control.ts';

export interface PlannedSpanJson {
  readonly earliest: number;
  readonly expected: number;
  readonly latest: number;
}

export interface PlannedSessionJson {
  readonly devices: number;
  readonly region: string;
  readonly frequency_hz: number;
  readonly data_rate: number;
  readonly fragment_size?: number;
  readonly fragments?: number;
  readonly padding?: number;
  readonly parity_rule?: string;
  readonly frames: { readonly plain: number; readonly parity: number; readonly status: number };
  readonly airtime_ms: number;
  /** Of what the band allows one gateway in its busiest hour, percent. */
  readonly duty_percent: number;
  /** Seconds from now. */
  readonly start_seconds: PlannedSpanJson;
  readonly end_seconds: PlannedSpanJson;
}

export interface PlannedRemarkJson {
  readonly deveui: string;
  readonly code: string;
  readonly text: string;
}

/** `result` of `POST /api/lora/fota?dryRun=true` and `POST /api/lora/mcm?dryRun=true`. */
export interface PlannedJobJson {
  readonly filename: string;
  readonly assumed_loss: number;
  readonly sessions: readonly PlannedSessionJson[];
  readonly warnings: readonly PlannedRemarkJson[];
  readonly refused: readonly PlannedRemarkJson[];
}

export function plannedJobShape(job: PlannedJob): PlannedJobJson {
  return {
    filename: job.filename,
    assumed_loss: job.assumedLoss,
    sessions: job.sessions.map((session) => ({
      devices: session.devices,
      region: session.region,
      frequency_hz: session.frequencyHz,
      data_rate: session.dataRate,
      ...(session.fragments === undefined
        ? {}
        : {
            fragment_size: session.fragments.sizeOctets,
            fragments: session.fragments.count,
            padding: session.fragments.paddingOctets,
            parity_rule: session.fragments.rule,
          }),
      frames: session.frames,
      airtime_ms: Math.round(session.airtimeMs),
      duty_percent: Math.round(session.dutyShare * 1000) / 10,
      start_seconds: spanShape(session.start),
      end_seconds: spanShape(session.end),
    })),
    warnings: job.warnings.map(remarkShape),
    refused: job.refused.map(remarkShape),
  };
}

function spanShape({ earliestS, expectedS, latestS }: PlannedSpan): PlannedSpanJson {
  return { earliest: Math.round(earliestS), expected: Math.round(expectedS), latest: Math.round(latestS) };
}

function remarkShape({ devEui, code, text }: PlannedRemark): PlannedRemarkJson {
  return { deveui: formatEui64(devEui), code, text };
}

export interface LogEntryJson {
  readonly sequence: number;
  readonly time: string;
  readonly kind: string;
  readonly deveui?: string;
  readonly [member: string]: unknown;
}

/** `result` of `GET /api/lora/jobs/{filename}/log`. */
export interface LogJson {
  readonly entries: readonly LogEntryJson[];
  /** `from` of the next page; absent on the last one. */
  readonly next?: number;
}

/** @param limit entries on a page: a full one is followed by another */
export function logShape(entries: readonly LogEntry[], limit: number): LogJson {
  const last = entries.at(-1);
  return {
    entries: entries.map(({ sequence, at, kind, devEui, members }) => ({
      ...members,
      sequence,
      time: new Date(at).toISOString(),
      kind,
      ...(devEui === undefined ? {} : { deveui: formatEui64(devEui) }),
    })),
    ...(last === undefined || entries.length < limit ? {} : { next: last.sequence + 1 }),
  };
}

const FRAME_COLUMNS = 'time,session,kind,number,f_cnt,airtime_ms,gateways';

/** The frames of a job as lines of comma-separated values, the names of the columns first. */
export function framesText(frames: readonly FrameEntry[]): string {
  const lines = frames.map(({ at, session, kind, number, fCnt, airtimeMs, gateways }) => {
    // Semicolons and spaces keep the list in one column without quotation marks.
    const fates = gateways.map(({ gatewayEui, sent, error }) => `${formatEui64(gatewayEui)} ${sent ? 'sent' : error}`);
    return [new Date(at).toISOString(), session, kind, number, fCnt, airtimeMs, fates.join(';')].join(',');
  });
  return [FRAME_COLUMNS, ...lines, ''].join('\n');
}
