import type { Eui64, SteadyMs } from '@airlift/kernel';
import { receptionOf } from './device-machine.ts';
import type { DeviceState, Evidence } from './device-state.ts';
import type { JobState } from './job-state.ts';
import { REASONS, type ReasonCode } from './reasons.ts';
import type { JobRecord } from './stores.ts';

export type DeviceOutcome = 'pending' | 'in_progress' | 'success' | 'failed' | 'skipped';
export type JobPhase = 'SCHEDULED' | 'SETUP' | 'BROADCASTING' | 'TEARDOWN' | 'COMPLETE';

/** How one device stands, in words for people. */
export interface DeviceReport {
  readonly devEui: Eui64;
  readonly outcome: DeviceOutcome;
  readonly percentComplete: number;
  readonly reason: { readonly code: ReasonCode; readonly text: string; readonly advice: string } | undefined;
  readonly evidence: Evidence | undefined;
  readonly settledAt: SteadyMs | undefined;
  /** As the device said it in its last status answer. */
  readonly fragmentsHeard: number | undefined;
  readonly fragmentsMissing: number | undefined;
}

/** How a job stands. */
export interface JobReport {
  readonly phase: JobPhase;
  /** 0 .. 100 with one decimal; 100 exactly when the phase is COMPLETE. */
  readonly percentComplete: number;
  readonly devices: readonly DeviceReport[];
}

export function reportJob(record: JobRecord): JobReport {
  const percentComplete = percentOf(record.state);
  return {
    phase: phaseOf(record),
    percentComplete,
    devices: record.devices.map(({ devEui, state }) => reportDevice(devEui, state, percentComplete)),
  };
}

function phaseOf({ plan, state }: JobRecord): JobPhase {
  switch (state.kind) {
    case 'scheduled':
    case 'cancelled':
      return 'SCHEDULED';
    case 'setup':
      return 'SETUP';
    case 'broadcasting':
      return 'BROADCASTING';
    case 'teardown':
      // Nothing comes after a message.
      return plan.kind === 'Message' ? 'BROADCASTING' : 'TEARDOWN';
    case 'complete':
      return 'COMPLETE';
  }
}

function percentOf(state: JobState): number {
  if (state.kind === 'complete') return 100;
  if (state.kind === 'scheduled' || state.kind === 'cancelled') return 0;
  // Rounded down: 100 says that the job is over, and nothing before its end may say so.
  return Math.min(99.9, Math.floor(state.percent * 10) / 10);
}

function reportDevice(devEui: Eui64, state: DeviceState, jobPercent: number): DeviceReport {
  const blank = {
    devEui,
    reason: undefined,
    evidence: undefined,
    settledAt: undefined,
    fragmentsHeard: undefined,
    fragmentsMissing: undefined,
  };
  switch (state.kind) {
    case 'pending':
      return { ...blank, outcome: 'pending', percentComplete: 0 };
    case 'setting-up':
    case 'ready':
    case 'receiving':
      return { ...blank, ...heard(receptionOf(state)), outcome: 'in_progress', percentComplete: jobPercent };
    case 'done':
      return {
        ...blank,
        ...heard(state.reception),
        outcome: 'success',
        percentComplete: 100,
        evidence: state.evidence,
        settledAt: state.at,
      };
    case 'failed':
      return {
        ...blank,
        ...heard(state.reception),
        outcome: 'failed',
        percentComplete: jobPercent,
        reason: { code: state.reason, ...REASONS[state.reason] },
        settledAt: state.at,
      };
    case 'skipped':
      return {
        ...blank,
        outcome: 'skipped',
        percentComplete: jobPercent,
        reason: { code: state.reason, ...REASONS[state.reason] },
        settledAt: state.at,
      };
  }
}

function heard(reception: { readonly nbFragReceived: number; readonly missingFrag: number } | undefined): {
  readonly fragmentsHeard: number | undefined;
  readonly fragmentsMissing: number | undefined;
} {
  return { fragmentsHeard: reception?.nbFragReceived, fragmentsMissing: reception?.missingFrag };
}
