import { type SteadyMs, steadyMs } from '@airlift/kernel';
import type { JobPlan } from './job-plan.ts';
import type { BroadcastPhase, GroupFrame, JobState, SessionPlan } from './job-state.ts';

/** What the machine of a job may know of its devices, gathered when it is asked. */
export interface DevicesView {
  readonly total: number;
  readonly ready: number;
  /** In the session and without a verdict. */
  readonly receiving: number;
  /** Of those, how many owe an answer to a status request and may still give it. */
  readonly awaited: number;
  /** Owe an answer and have not missed so many that nobody asks them again. */
  readonly unheard: number;
  /** Heard, and not yet through their set-up. */
  readonly joining: number;
  /** Without the image, but there: a further session would probably serve them. */
  readonly worthAnotherRound: number;
  /** Up to which fragment to go on, see `nextGoal`. */
  nextGoal(sent: number, statusRequests: number): number;
}

export type JobEvent =
  | { readonly kind: 'due' }
  | { readonly kind: 'frame'; readonly frame: GroupFrame; readonly fate: 'on-air' | 'refused'; readonly at: SteadyMs }
  | { readonly kind: 'device-settled' }
  | { readonly kind: 'server-restarted' };

export type JobEffect =
  /** Tell every ready device that the session begins, and fail the others. */
  | { readonly kind: 'launch' }
  | { readonly kind: 'send'; readonly frame: GroupFrame }
  | { readonly kind: 'status-requested' }
  | { readonly kind: 'message-sent' }
  /** Begin a further session for the devices that this one did not serve. */
  | { readonly kind: 'another-round' }
  /** Give every device its verdict and close the group. */
  | { readonly kind: 'end' };

export interface JobStep {
  readonly state: JobState;
  readonly effects: readonly JobEffect[];
}

/** Facts of the session that the plan and the number of devices fix. */
export interface JobPacing {
  /** Pause between the starts of two frames, at least as long as the band allows. */
  readonly plainMs: number;
  readonly parityMs: number;
  /** Before a status request. */
  readonly shortMs: number;
  /** How long devices may take to answer a status request. */
  readonly listenMs: number;
  /** Average pause that the duty cycle of the band enforces in the long run. */
  readonly sustainedMs: number;
}

/**
 * Class C begins up to a second after SessionTime, by a clock that may be a second off: the first frame comes later, in
 * sessions too short for that after half of them.
 */
const START_SLACK_MS = 4_000;
/** For check values that devices send after their last fragment. */
const TEARDOWN_MS = 20_000;
/**
 * The network server tells the fate of every frame, if need be after an hour of waiting for its share of the band; should
 * it never, the frame counts as refused after this.
 */
const FATE_DEADLINE_MS = 2 * 3_600_000;
const LONGEST_HOLD_MS = 30_000;
/** A device that has just answered listens in its own receive windows first. */
const AFTER_ANSWER_MS = 3_000;
const MOST_STATUS_REQUESTS = 8;
/** How many sessions a job may open, one after the other. */
export const MOST_ROUNDS = 6;
/** At a start for which nobody is ready, devices that are late are waited for as long as the set-up took, or so long. */
const SHORTEST_GRACE_MS = 60_000;
/** A device that is late was told to listen so long after it was asked. */
const LATE_START_MS = 8_000;

const SETUP_END = 10;
const BROADCAST_END = 90;

/** When the state wants a `due` event; undefined for states that are over. `setupAt` is the planned date of the set-up. */
export function dueAt(state: JobState, setupAt: SteadyMs): SteadyMs | undefined {
  switch (state.kind) {
    case 'scheduled':
      return setupAt;
    case 'setup':
      return state.until ?? state.session.launchAt;
    case 'broadcasting':
      if (state.phase.kind !== 'sending') return state.phase.until;
      return steadyMs(Math.min(state.phase.since + FATE_DEADLINE_MS, Math.max(state.phase.since, lastChance(state))));
    case 'teardown':
      return state.until;
    default:
      return undefined;
  }
}

/** One step of a job whose set-up has begun. `scheduled` jobs are started by `beginSetup`. */
export function jobStep(
  state: JobState,
  event: JobEvent,
  devices: DevicesView,
  plan: JobPlan,
  pacing: JobPacing,
  now: SteadyMs,
): JobStep {
  switch (state.kind) {
    case 'setup':
      return setupStep(state, event, devices, plan, now);
    case 'broadcasting':
      return broadcastStep(state, event, {
        nbFrag: plan.kind === 'FOTA' ? plan.nbFrag : 1,
        devices,
        plan,
        pacing,
        now,
      });
    case 'teardown':
      return teardownStep(state, event, devices, plan, now);
    default:
      return { state, effects: [] };
  }
}

type Setup = Extract<JobState, { kind: 'setup' }>;
type Broadcasting = Extract<JobState, { kind: 'broadcasting' }>;
type Teardown = Extract<JobState, { kind: 'teardown' }>;

interface BroadcastContext {
  /** 1 for messages. */
  readonly nbFrag: number;
  readonly devices: DevicesView;
  readonly plan: JobPlan;
  readonly pacing: JobPacing;
  readonly now: SteadyMs;
}

function setupStep(state: Setup, event: JobEvent, devices: DevicesView, plan: JobPlan, now: SteadyMs): JobStep {
  const { startedAt, round, session, sent = 0, until } = state;
  if (now < session.launchAt) {
    const percent = devices.total === 0 ? 0 : (SETUP_END * devices.ready) / devices.total;
    return { state: percent > state.percent ? { ...state, percent } : state, effects: [] };
  }
  // Whoever came late is in the session already, or will be in a moment.
  const present = devices.ready + devices.receiving;
  const launch: JobEffect[] = until === undefined ? [{ kind: 'launch' }] : [];
  if (present > 0 && (event.kind === 'due' || until !== undefined)) {
    const startAt =
      until === undefined
        ? session.launchAt + Math.min(START_SLACK_MS, sessionMs(session) / 2)
        : now + LATE_START_MS + Math.min(START_SLACK_MS, sessionMs(session) / 2);
    return {
      state: {
        kind: 'broadcasting',
        startedAt,
        round,
        session,
        phase: { kind: 'pacing', until: steadyMs(startAt) },
        sent,
        began: sent,
        goal: sent + 1 > firstGoalOf(plan) ? sent + 1 : firstGoalOf(plan),
        statusRequests: 0,
        percent: Math.max(state.percent, SETUP_END),
      },
      effects: launch,
    };
  }
  if (event.kind !== 'due') return { state, effects: [] };
  if (until === undefined && devices.joining > 0 && plan.kind === 'FOTA') {
    const graceMs = Math.max(SHORTEST_GRACE_MS, plan.launchDelayS * 1000);
    return { state: { ...state, until: steadyMs(now + graceMs) }, effects: launch };
  }
  if (until !== undefined && now < until) return { state, effects: [] };
  // Nobody to send to: as on the gateways that this server follows, the job goes straight to its end.
  return {
    state: { kind: 'teardown', startedAt, round, session, sent, began: sent, until: now, percent: BROADCAST_END },
    effects: launch,
  };
}

function broadcastStep(state: Broadcasting, event: JobEvent, context: BroadcastContext): JobStep {
  switch (event.kind) {
    case 'due':
      return broadcastDue(state, context);
    case 'frame':
      return event.fate === 'on-air'
        ? frameOnAir(state, event.frame, event.at, context)
        : frameRefused(state, event.frame, context);
    case 'device-settled':
      return deviceSettled(state, context);
    case 'server-restarted':
      if (state.phase.kind !== 'sending') return { state, effects: [] };
      if (sessionOver(state, context.now)) return end(state, context);
      // The fate of a frame that was under way is unknown; its fragment is sent once more, under a new counter.
      return transmit(state, state.phase.frame, state.phase.refusals, context);
  }
}

/** Nothing is waited for that nobody needs any more. */
function deviceSettled(state: Broadcasting, context: BroadcastContext): JobStep {
  const { devices, now } = context;
  const { phase } = state;
  if (phase.kind !== 'listening' && phase.kind !== 'holding') return { state, effects: [] };
  if (devices.receiving === 0) return end(state, context);
  const soon = steadyMs(now + AFTER_ANSWER_MS);
  if (phase.kind === 'holding' || devices.awaited > 0 || phase.until <= soon) return { state, effects: [] };
  return { state: { ...state, phase: { ...phase, until: soon } }, effects: [] };
}

function broadcastDue(state: Broadcasting, context: BroadcastContext): JobStep {
  const { phase } = state;
  const { now } = context;
  switch (phase.kind) {
    case 'pacing':
      return now < phase.until ? { state, effects: [] } : nextFrame(state, context);
    case 'listening':
      return now < phase.until ? { state, effects: [] } : afterListening(state, context);
    case 'holding':
      if (now < phase.until) return { state, effects: [] };
      return sessionOver(state, now) ? end(state, context) : transmit(state, phase.frame, phase.refusals, context);
    case 'sending':
      if (sessionOver(state, now)) return end(state, context);
      return now < phase.since + FATE_DEADLINE_MS ? { state, effects: [] } : frameRefused(state, phase.frame, context);
  }
}

/** Decides what goes on the air next, if anything. */
function nextFrame(state: Broadcasting, context: BroadcastContext): JobStep {
  const { devices, plan, now } = context;
  if (sessionOver(state, now) || devices.receiving === 0) return end(state, context);
  if (plan.kind === 'Message') {
    return state.sent === 0 ? transmit(state, { kind: 'message', number: 0 }, 0, context) : end(state, context);
  }
  if (state.sent < state.goal) {
    const number = state.sent + 1;
    // Parity of a single fragment is all zero: it is repeated.
    const isPlain = number <= plan.nbFrag || plan.nbFrag === 1;
    return transmit(state, { kind: isPlain ? 'plain' : 'parity', number }, 0, context);
  }
  if (state.statusRequests >= MOST_STATUS_REQUESTS) return end(state, context);
  return transmit(state, { kind: 'status', number: 0 }, 0, context);
}

function transmit(state: Broadcasting, frame: GroupFrame, refusals: number, context: BroadcastContext): JobStep {
  const phase: BroadcastPhase = { kind: 'sending', frame, refusals, since: context.now };
  return { state: { ...state, phase }, effects: [{ kind: 'send', frame }] };
}

function frameOnAir(state: Broadcasting, frame: GroupFrame, at: SteadyMs, context: BroadcastContext): JobStep {
  if (state.phase.kind !== 'sending' || !sameFrame(state.phase.frame, frame)) return { state, effects: [] };
  const { pacing } = context;
  switch (frame.kind) {
    case 'message':
      return {
        state: { ...state, sent: 1, phase: { kind: 'pacing', until: at }, percent: BROADCAST_END },
        effects: [{ kind: 'message-sent' }],
      };
    case 'status':
      return {
        state: {
          ...state,
          statusRequests: state.statusRequests + 1,
          phase: { kind: 'listening', until: steadyMs(at + pacing.listenMs) },
        },
        effects: [{ kind: 'status-requested' }],
      };
    default: {
      const sent = frame.number;
      const pauseMs = sent >= state.goal ? pacing.shortMs : sent < context.nbFrag ? pacing.plainMs : pacing.parityMs;
      const share = sent / Math.max(sent, state.goal);
      const percent = SETUP_END + (BROADCAST_END - SETUP_END) * share * 0.99;
      return {
        state: {
          ...state,
          sent,
          phase: { kind: 'pacing', until: steadyMs(at + pauseMs) },
          percent: Math.max(state.percent, percent),
        },
        effects: [],
      };
    }
  }
}

function frameRefused(state: Broadcasting, frame: GroupFrame, context: BroadcastContext): JobStep {
  if (state.phase.kind !== 'sending' || !sameFrame(state.phase.frame, frame)) return { state, effects: [] };
  const refusals = state.phase.refusals + 1;
  const pauseMs = Math.min(LONGEST_HOLD_MS, 500 * 2 ** Math.min(refusals, 10));
  return {
    state: { ...state, phase: { kind: 'holding', frame, refusals, until: steadyMs(context.now + pauseMs) } },
    effects: [],
  };
}

function afterListening(state: Broadcasting, context: BroadcastContext): JobStep {
  const { devices, plan, now } = context;
  if (plan.kind === 'Message' || devices.receiving === 0 || sessionOver(state, now)) return end(state, context);
  // A caller who fixed the number of parity fragments gets exactly that many.
  if (plan.parityFragments !== undefined) return end(state, context);
  const goal = devices.nextGoal(state.sent, state.statusRequests);
  if (goal <= state.sent && (devices.unheard === 0 || state.statusRequests >= MOST_STATUS_REQUESTS)) {
    return end(state, context);
  }
  return nextFrame({ ...state, goal }, context);
}

function end(state: Broadcasting, { devices, plan, now }: BroadcastContext): JobStep {
  const { startedAt, round, session, sent, began = 0 } = state;
  // A check value is welcome after the session as well.
  const isMoot = devices.receiving === 0 || sent === began || plan.kind === 'Message';
  const until = isMoot ? now : steadyMs(now + TEARDOWN_MS);
  return {
    state: { kind: 'teardown', startedAt, round, session, sent, began, until, percent: BROADCAST_END },
    effects: [],
  };
}

function teardownStep(state: Teardown, event: JobEvent, devices: DevicesView, plan: JobPlan, now: SteadyMs): JobStep {
  const over = event.kind === 'due' && now >= state.until;
  if (!over && devices.receiving > 0) return { state, effects: [] };
  // A caller who fixed the number of parity fragments wants one session and its result.
  const mayRepeat = plan.kind === 'FOTA' && plan.parityFragments === undefined && state.round < MOST_ROUNDS;
  if (mayRepeat && devices.worthAnotherRound > 0) return { state, effects: [{ kind: 'another-round' }] };
  return { state: { kind: 'complete', startedAt: state.startedAt, completedAt: now }, effects: [{ kind: 'end' }] };
}

/** From now on the devices have gone back to their own class, or will before another frame can reach them. */
function sessionOver(state: Broadcasting, now: SteadyMs): boolean {
  return now >= lastChance(state);
}

function lastChance({ session }: Broadcasting): number {
  return session.launchAt + sessionMs(session) - Math.min(1_000, sessionMs(session) / 4);
}

function sessionMs({ timeOutExponent }: SessionPlan): number {
  return 1000 * 2 ** timeOutExponent;
}

function firstGoalOf(plan: JobPlan): number {
  if (plan.kind === 'Message') return 1;
  return plan.parityFragments === undefined ? plan.firstGoal : plan.nbFrag + plan.parityFragments;
}

function sameFrame(a: GroupFrame, b: GroupFrame): boolean {
  return a.kind === b.kind && a.number === b.number;
}
