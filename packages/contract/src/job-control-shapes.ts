import { formatEui64, isoSeconds } from '@airlift/kernel';
import type { FrameEntry, LogEntry, PlannedJob, PlannedRemark, PlannedSpan } from './job-control.ts';

const HOUR_MS = 3_600_000;

export interface PlannedSpanJson {
  readonly earliest: number;
  readonly expected: number;
  readonly latest: number;
}

export interface PlannedSessionJson {
  /** From 1. */
  readonly wave: number;
  readonly devices: number;
  readonly region: string;
  readonly frequency_hz: number;
  readonly data_rate: number;
  /** Octets. */
  readonly fragment_size?: number;
  readonly fragments?: number;
  /** Octets. */
  readonly padding?: number;
  readonly parity_rule?: string;
  readonly frames: { readonly plain: number; readonly parity: number; readonly status: number };
  /** Of all frames on one gateway. */
  readonly airtime_ms: number;
  /** Of the frames on one gateway in the busiest hour. */
  readonly busiest_hour_ms: number;
  /** Of what the sub-band allows one gateway in an hour, percent. */
  readonly duty_percent: number;
  /** Percent of an hour for which one gateway may send in the sub-band. */
  readonly duty_limit_percent: number;
  /** From the start until devices leave the session by themselves. */
  readonly time_out_seconds: number;
  /** Seconds from now. */
  readonly start_seconds: PlannedSpanJson;
  readonly end_seconds: PlannedSpanJson;
}

export interface PlannedRemarkJson {
  /** Absent for what concerns the whole job. */
  readonly deveui?: string;
  readonly code: string;
  readonly text: string;
  /** When it is over by itself, where that is known. */
  readonly until?: string;
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
      wave: session.wave,
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
      busiest_hour_ms: Math.round(session.busiestHourMs),
      duty_percent: percent(session.busiestHourMs / (session.dutyCycle * HOUR_MS)),
      duty_limit_percent: percent(session.dutyCycle),
      time_out_seconds: session.timeOutS,
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

/** With one decimal. */
function percent(share: number): number {
  return Math.round(share * 1000) / 10;
}

function remarkShape({ devEui, code, text, until }: PlannedRemark): PlannedRemarkJson {
  return {
    ...(devEui === undefined ? {} : { deveui: formatEui64(devEui) }),
    code,
    text,
    ...(until === undefined ? {} : { until: isoSeconds(until) }),
  };
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

/** The names of the columns of `GET /api/lora/jobs/{filename}/frames`, comma-separated values (RFC 4180). */
export const FRAMES_HEAD = 'time,session,kind,number,f_cnt,airtime_ms,gateways\n';

/** Frames of a job as lines below `FRAMES_HEAD`. */
export function frameLines(frames: readonly FrameEntry[]): string {
  return frames
    .map(({ at, session, kind, number, fCnt, airtimeMs, gateways }) => {
      const fates = gateways.map(
        ({ gatewayEui, sent, error }) => `${formatEui64(gatewayEui)} ${sent ? 'sent' : error}`,
      );
      const time = new Date(at).toISOString();
      return `${[time, session, kind, number, fCnt, airtimeMs, csvField(fates.join(';'))].join(',')}\n`;
    })
    .join('');
}

/** What a gateway gives as its reason is not ours. */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
