import type { SteadyMs } from '@airlift/kernel';
import type { VerdictLimit } from '../device/device-event.ts';
import type { JobPlan } from '../job-plan.ts';
import { lastGoal } from '../session/limits.ts';
import type { SessionFormat } from '../session/session-format.ts';
import type { JobOutcome, JobState, RunningJob } from './job-state.ts';

/** How many sessions a job may open for one format, one after the other. */
export const MOST_ROUNDS = 8;
/** A job whose devices are in part held by others begins when so many of them are free. */
const FREE_SHARE = 0.9;

/** The devices of one format, as far as the course of the job depends on them. */
export interface FormatView {
  readonly format: SessionFormat;
  /** A session of it is open. */
  readonly isOpen: boolean;
  /** There was no multicast address for its last session. */
  readonly hasNoAddress: boolean;
  /** Nothing could be sent to the devices of its last session. */
  readonly isUnsent: boolean;
  /** How many sessions were opened for it. */
  readonly rounds: number;
  /** The highest fragment number that was sent for it. */
  readonly sent: number;
  /** Devices of the waves so far without a verdict. */
  readonly unsettled: number;
  /** Of those, held by other jobs. */
  readonly held: number;
  /** Of those, how many wait for a session that sends the image, and for one that goes on with parity. */
  readonly wantEverything: number;
  readonly wantParity: number;
  /** When the last of those that want a session can be reached. */
  readonly reachableAt: SteadyMs;
}

/** What the machine of a job must know of its sessions and devices. */
export interface JobView {
  readonly devices: number;
  readonly formats: readonly FormatView[];
  /** Of the wave under way. */
  readonly wave: { readonly devices: number; readonly succeeded: number };
  /** Whether waves follow. */
  readonly isLastWave: boolean;
  /** Devices of the job may be listening until then. */
  readonly freeAt: SteadyMs;
}

export type JobEvent =
  /** Its time has come, or something that it waits for has changed. */
  | { readonly kind: 'due'; readonly devicesHeld: number }
  /** Everything that it needs is at hand. */
  | { readonly kind: 'begin'; readonly formats: readonly SessionFormat[] }
  /** A session or a device has moved. */
  | { readonly kind: 'look' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Somebody allows the next wave. */
  | { readonly kind: 'approve' }
  | { readonly kind: 'abort' };

/** What a step means for sessions and devices of the job. */
export type JobCommand =
  | { readonly kind: 'prepare' }
  | {
      readonly kind: 'open-session';
      readonly format: SessionFormat;
      readonly isFresh: boolean;
      readonly notBefore: SteadyMs;
    }
  /** Verdicts for the devices of the format that no session can serve any more. */
  | {
      readonly kind: 'give-verdicts';
      readonly formatKey: string;
      readonly limit: VerdictLimit;
    }
  | { readonly kind: 'pause-sessions' }
  | { readonly kind: 'resume-sessions' }
  | { readonly kind: 'stop'; readonly reason: 'aborted' | 'halted' };

export interface JobStep {
  readonly state: JobState;
  readonly commands: readonly JobCommand[];
}

/** One step of a job. */
export function jobStep(state: JobState, event: JobEvent, plan: JobPlan, view: JobView, now: SteadyMs): JobStep {
  switch (state.kind) {
    case 'scheduled':
    case 'waiting':
      return waitingStep(state, event, view, now);
    case 'running':
      return runningStep(state, event, plan, view, now);
    case 'complete':
    case 'cancelled':
      return still(state);
  }
}

function waitingStep(
  state: Extract<JobState, { kind: 'scheduled' | 'waiting' }>,
  event: JobEvent,
  view: JobView,
  now: SteadyMs,
): JobStep {
  switch (event.kind) {
    case 'due': {
      const isInVain = view.devices - event.devicesHeld < view.devices * FREE_SHARE;
      if (!isInVain) return { state, commands: [{ kind: 'prepare' }] };
      const since = state.kind === 'waiting' ? state.since : now;
      const isSame = state.kind === 'waiting' && state.devicesHeld === event.devicesHeld;
      return still(isSame ? state : { kind: 'waiting', since, devicesHeld: event.devicesHeld });
    }
    case 'begin':
      return still({
        kind: 'running',
        startedAt: now,
        control: { kind: 'going' },
        wave: 0,
        formats: event.formats,
        percent: 0,
      });
    case 'abort':
      return state.kind === 'waiting' ? stopped({ startedAt: now, formats: [] }, 'aborted', view, now) : still(state);
    case 'look':
    case 'pause':
    case 'resume':
    case 'approve':
      return still(state);
  }
}

function runningStep(state: RunningJob, event: JobEvent, plan: JobPlan, view: JobView, now: SteadyMs): JobStep {
  switch (event.kind) {
    case 'due':
    case 'begin':
      return still(state);
    case 'look':
      return state.control.kind === 'going' ? look(state, plan, view, now) : still(state);
    case 'pause':
      if (state.control.kind !== 'going') return still(state);
      return { state: { ...state, control: { kind: 'paused', since: now } }, commands: [{ kind: 'pause-sessions' }] };
    case 'resume':
      if (state.control.kind !== 'paused') return still(state);
      return { state: { ...state, control: { kind: 'going' } }, commands: [{ kind: 'resume-sessions' }] };
    case 'approve':
      if (state.control.kind !== 'awaiting-approval') return still(state);
      return still({ ...state, control: { kind: 'going' }, wave: state.wave + 1 });
    case 'abort':
      return stopped(state, 'aborted', view, now);
  }
}

/** Opens what sessions are wanted, gives the verdicts that are due, and goes on to the next wave or the end. */
function look(state: RunningJob, plan: JobPlan, view: JobView, now: SteadyMs): JobStep {
  const commands = view.formats.flatMap((format) => forFormat(format, plan, now));
  if (commands.length > 0) return { state, commands };
  if (view.formats.some(({ unsettled }) => unsettled > 0)) return still(state);
  if (view.isLastWave) return still(complete(state, 'served', view, now));
  const { devices, succeeded } = view.wave;
  const waves = plan.waves;
  // Divided, since 55 of 100 is 0.55, and 0.55 times 100 is more than 55.
  if (waves !== undefined && devices > 0 && succeeded / devices < waves.leastSuccess) {
    return stopped(state, 'halted', view, now);
  }
  if (waves?.needsApproval === true) return still({ ...state, control: { kind: 'awaiting-approval', since: now } });
  return still({ ...state, wave: state.wave + 1 });
}

function forFormat(view: FormatView, plan: JobPlan, now: SteadyMs): readonly JobCommand[] {
  const {
    format,
    isOpen,
    hasNoAddress,
    isUnsent,
    rounds,
    sent,
    unsettled,
    held,
    wantEverything,
    wantParity,
    reachableAt,
  } = view;
  if (isOpen || unsettled === held) return [];
  const verdicts = (limit: VerdictLimit): readonly JobCommand[] => [
    { kind: 'give-verdicts', formatKey: format.key, limit },
  ];
  if (hasNoAddress) return verdicts('no-address');
  if (isUnsent || wantEverything + wantParity === 0) return verdicts('none');
  // A caller who fixed the number of parity fragments wants one session and its result; a message goes out once.
  const isFixed = plan.kind === 'Message' || plan.parityFragments !== undefined;
  if (rounds > 0 && isFixed) return verdicts('parity-fixed');
  if (rounds >= MOST_ROUNDS) return verdicts('sessions');
  const isSpent = format.kind === 'image' && sent >= lastGoal(format.nbFrag);
  if (isSpent && wantEverything === 0) return verdicts('fragments');
  // Whoever holds a part of the image is served with parity first; it has no use for the rest.
  const isFresh = wantParity === 0 || isSpent;
  const notBefore = (reachableAt > now ? reachableAt : now) as SteadyMs;
  return [{ kind: 'open-session', format, isFresh, notBefore }];
}

type Begun = Pick<RunningJob, 'startedAt' | 'formats'>;

function stopped(begun: Begun, reason: 'aborted' | 'halted', view: JobView, now: SteadyMs): JobStep {
  return { state: complete(begun, reason, view, now), commands: [{ kind: 'stop', reason }] };
}

function complete({ startedAt, formats }: Begun, outcome: JobOutcome, { freeAt }: JobView, now: SteadyMs): JobState {
  return { kind: 'complete', startedAt, completedAt: now, outcome, freeAt, formats };
}

function still(state: JobState): JobStep {
  return { state, commands: [] };
}
