import { formatEui64, isoSeconds } from '@airlift/kernel';
import type {
  DeviceProgress,
  DeviceResult,
  JobProgress,
  JobResult,
  ScheduledJob,
  TransmissionType,
} from './job-view.ts';

/** One entry of `result.scheduled` of `GET /api/lora/fotaschedule`. `devices` is a count. */
export interface ScheduledJobJson {
  readonly filename: string;
  readonly type: TransmissionType;
  readonly scheduled_time: string;
  readonly devices: number;
  readonly multicast_eui: string;
  readonly input_filename: string;
  readonly schedule_source: string;
}

export interface ScheduleJson {
  readonly scheduled: readonly ScheduledJobJson[];
}

export interface DeviceProgressJson {
  readonly deveui: string;
  readonly percent_complete: number;
  readonly status: DeviceProgress['status'];
  readonly reason?: string;
  readonly reason_code?: string;
}

export interface OperationProgressJson {
  readonly filename: string;
  readonly multicast_eui: string;
  readonly transmission_type: TransmissionType;
  readonly input_filename: string;
  readonly current_phase: JobProgress['phase'];
  readonly overall_percent_complete: number;
  readonly waits_for?: string;
}

/** `result` of `GET /api/lora/fotaprogress`: one operation, and a line for each that is under way. */
export interface ProgressJson {
  readonly overall_percent_complete: number;
  readonly devices: readonly DeviceProgressJson[];
  readonly operations: readonly OperationProgressJson[];
}

export interface DeviceResultJson {
  readonly deveui: string;
  readonly status: DeviceResult['status'];
  /** Present when nothing proves the image, and nothing that it is missing. */
  readonly verdict?: 'unverified';
  readonly reason?: string;
  readonly reason_code?: string;
  readonly verified_by?: string;
  readonly fragments_heard?: number;
  readonly fragments_missing?: number;
  readonly complete_time?: string;
}

export interface FrameTallyJson {
  readonly plain: number;
  readonly parity: number;
  readonly status: number;
  readonly message: number;
  readonly airtime_ms: number;
  readonly session_seconds: number;
}

/** One entry of `result.operations` of `GET /api/lora/fotaresults`. */
export interface JobResultJson {
  readonly filename: string;
  readonly timestamp: string;
  readonly success: number;
  readonly failed: number;
  readonly devices: readonly DeviceResultJson[];
  readonly type: TransmissionType;
  readonly multicast_eui: string;
  readonly input_filename: string;
  readonly schedule_source: string;
  readonly complete_time: string;
  readonly result_filename: string;
  readonly skipped: number;
  /** How many of those that failed may hold the image all the same. */
  readonly unverified: number;
  readonly frames?: FrameTallyJson;
}

export interface ResultsJson {
  readonly operations: readonly JobResultJson[];
}

/** Contract section 2.7. */
export function scheduleShape(jobs: readonly ScheduledJob[]): ScheduleJson {
  return {
    scheduled: jobs.map((job) => ({
      filename: job.filename,
      type: job.type,
      scheduled_time: isoSeconds(job.scheduledAt),
      devices: job.deviceCount,
      multicast_eui: formatEui64(job.multicastEui),
      input_filename: job.inputFilename,
      schedule_source: job.scheduleSource,
    })),
  };
}

/** Contract section 2.5; without a job, 0 % of nothing. */
export function progressShape(job: JobProgress | undefined, operations: readonly JobProgress[]): ProgressJson {
  return {
    overall_percent_complete: job === undefined ? 0 : overallPercent(job),
    devices: (job?.devices ?? []).map((device) => ({
      deveui: formatEui64(device.devEui),
      percent_complete: shownPercent(device.percentComplete),
      status: device.status,
      ...reasonOf(device),
    })),
    operations: operations.map((operation) => ({
      filename: operation.filename,
      multicast_eui: formatEui64(operation.multicastEui),
      transmission_type: operation.type,
      input_filename: operation.inputFilename,
      current_phase: operation.phase,
      overall_percent_complete: overallPercent(operation),
      ...(operation.waitsFor === undefined ? {} : { waits_for: operation.waitsFor }),
    })),
  };
}

/** Contract section 2.6. */
export function resultsShape(results: readonly JobResult[]): ResultsJson {
  return { operations: results.map(resultShape) };
}

function resultShape(result: JobResult): JobResultJson {
  const count = (status: DeviceResult['status']) => result.devices.filter((device) => device.status === status).length;
  const completed = isoSeconds(result.completedAt);
  const { frames } = result;
  return {
    filename: result.filename,
    timestamp: completed,
    success: count('success'),
    failed: count('failed'),
    devices: result.devices.map(deviceResultShape),
    type: result.type,
    multicast_eui: formatEui64(result.multicastEui),
    input_filename: result.inputFilename,
    schedule_source: result.scheduleSource,
    complete_time: completed,
    result_filename: result.filename,
    skipped: count('skipped'),
    unverified: result.devices.filter((device) => device.isUnverified).length,
    ...(frames === undefined
      ? {}
      : {
          frames: {
            plain: frames.plain,
            parity: frames.parity,
            status: frames.status,
            message: frames.message,
            airtime_ms: frames.airtimeMs,
            session_seconds: frames.sessionSeconds,
          },
        }),
  };
}

function deviceResultShape(device: DeviceResult): DeviceResultJson {
  return {
    deveui: formatEui64(device.devEui),
    status: device.status,
    ...(device.isUnverified ? { verdict: 'unverified' as const } : {}),
    ...reasonOf(device),
    ...(device.verifiedBy === undefined ? {} : { verified_by: device.verifiedBy }),
    ...(device.fragmentsHeard === undefined ? {} : { fragments_heard: device.fragmentsHeard }),
    ...(device.fragmentsMissing === undefined ? {} : { fragments_missing: device.fragmentsMissing }),
    ...(device.completedAt === undefined ? {} : { complete_time: isoSeconds(device.completedAt) }),
  };
}

function reasonOf(device: DeviceProgress | DeviceResult): { reason?: string; reason_code?: string } {
  return device.reason === undefined ? {} : { reason: device.reason.text, reason_code: device.reason.code };
}

/** Clients stop at 100, compared as a number or as text: it must mean the end, and the end only. */
function overallPercent(job: JobProgress): number {
  return job.phase === 'COMPLETE' ? 100 : Math.min(shownPercent(job.percentComplete), 99.9);
}

/** One decimal, rounded down so that nothing unfinished reads 100. */
function shownPercent(percent: number): number {
  return Math.floor(Math.min(Math.max(percent, 0), 100) * 10) / 10;
}
