import type { Eui64, SteadyMs } from '@airlift/kernel';
import { type DeviceState, type Evidence, heardOf } from './device/device-state.ts';
import { REASONS, type ReasonCode } from './reasons.ts';
import type { SessionState } from './session/session-state.ts';
import type { JobRecord } from './stores.ts';

export type DeviceOutcome = 'pending' | 'in_progress' | 'success' | 'unverified' | 'failed' | 'skipped';
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
  /** What the job waits for, if it does. */
  readonly waitsFor: string | undefined;
  readonly devices: readonly DeviceReport[];
}

export function reportJob(record: JobRecord): JobReport {
  const percentComplete = percentOf(record);
  return {
    phase: phaseOf(record),
    percentComplete,
    waitsFor: waitOf(record),
    devices: record.devices.map(({ devEui, state }) => reportDevice(devEui, state, percentComplete)),
  };
}

function phaseOf({ plan, state, sessions }: JobRecord): JobPhase {
  switch (state.kind) {
    case 'scheduled':
    case 'waiting':
    case 'cancelled':
      return 'SCHEDULED';
    case 'complete':
      return 'COMPLETE';
    case 'running': {
      const kinds = new Set(sessions.map(({ kind }) => kind));
      if (kinds.has('broadcasting')) return 'BROADCASTING';
      if (kinds.has('closing')) return plan.kind === 'Message' ? 'BROADCASTING' : 'TEARDOWN';
      return 'SETUP';
    }
  }
}

function percentOf({ state }: JobRecord): number {
  if (state.kind === 'complete') return 100;
  return state.kind === 'running' ? state.percent : 0;
}

function waitOf({ state, sessions, devices }: JobRecord): string | undefined {
  if (state.kind === 'waiting') {
    const holders = new Set(devices.flatMap((device) => (device.state.kind === 'held' ? [device.state.by] : [])));
    return `${state.devicesHeld} devices are in use by ${[...holders].join(', ')}`;
  }
  if (state.kind !== 'running') return undefined;
  if (state.control.kind === 'paused') return 'the job is paused';
  if (state.control.kind === 'awaiting-approval') return 'the next wave waits for approval';
  return sessions.flatMap((session) => sessionWait(session) ?? [])[0];
}

function sessionWait(session: SessionState): string | undefined {
  if (session.kind !== 'broadcasting') return undefined;
  const { phase } = session;
  switch (phase.kind) {
    case 'sending':
      return phase.waitsFor === undefined ? undefined : WAITS[phase.waitsFor];
    case 'holding':
      return `the network server refused a frame: ${phase.because}`;
    case 'awaiting-late':
      return 'devices are on their way into the session';
    case 'pacing':
    case 'listening':
      return undefined;
  }
}

const WAITS = {
  transmitter: 'the transmitters are busy',
  'duty-cycle': 'the duty cycle of the band is used up for now',
  'no-gateway': 'no gateway is connected',
} as const;

function reportDevice(devEui: Eui64, state: DeviceState, jobPercent: number): DeviceReport {
  const said = heardOf(state)?.answers.at(-1)?.said;
  const counts = said === undefined || said === 'no-session' ? undefined : said;
  const base = {
    devEui,
    reason: 'reason' in state ? { code: state.reason, ...REASONS[state.reason] } : undefined,
    evidence: state.kind === 'done' ? state.evidence : undefined,
    settledAt: 'at' in state ? state.at : undefined,
    fragmentsHeard: counts?.nbFragReceived,
    fragmentsMissing: counts?.missingFrag,
  };
  switch (state.kind) {
    case 'pending':
    case 'held':
      return { ...base, outcome: 'pending', percentComplete: 0 };
    case 'setting-up':
    case 'ready':
    case 'receiving':
    case 'between':
      return { ...base, outcome: 'in_progress', percentComplete: jobPercent };
    case 'done':
      return { ...base, outcome: 'success', percentComplete: 100 };
    case 'unverified':
    case 'failed':
    case 'skipped':
      return { ...base, outcome: state.kind, percentComplete: jobPercent };
  }
}
