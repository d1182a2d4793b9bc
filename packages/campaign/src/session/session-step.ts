import { type SteadyMs, steadyMs } from '@airlift/kernel';
import { broadcastDueAt, broadcastStep } from './broadcast.ts';
import type { SessionContext } from './session-context.ts';
import { type SessionEvent, type SessionStep, still } from './session-event.ts';
import { baseOf, type SessionState, sessionMs } from './session-state.ts';

/** What went wrong with the opening of a session is tried again after this. */
const OPEN_AGAIN_MS = 5_000;
/** How much of a session may pass before its first frame. */
const LONGEST_SLACK_SHARE = 0.5;
/** A device that was asked in at the last moment listens so long after. */
const LATE_START_MS = 8_000;

/** When the state wants a `due` event; undefined when it waits for something else, or for nothing. */
export function sessionDueAt(state: SessionState): SteadyMs | undefined {
  switch (state.kind) {
    case 'opening':
      return steadyMs(state.since + OPEN_AGAIN_MS);
    case 'ended':
      return undefined;
    case 'setup':
      return state.lookAt;
    case 'broadcasting':
      return broadcastDueAt(state);
    case 'closing':
      return state.until;
  }
}

/** One step of a session. */
export function sessionStep(state: SessionState, event: SessionEvent, context: SessionContext): SessionStep {
  if (event.kind === 'stop') return stopped(state);
  switch (state.kind) {
    case 'opening':
      return openingStep(state, event, context);
    case 'setup':
      return setupStep(state, event, context);
    case 'broadcasting':
      return broadcastStep(state, event, context);
    case 'closing':
      return closingStep(state, event, context);
    case 'ended':
      return still(state);
  }
}

type Opening = Extract<SessionState, { kind: 'opening' }>;
type Setup = Extract<SessionState, { kind: 'setup' }>;
type Closing = Extract<SessionState, { kind: 'closing' }>;

function openingStep(state: Opening, event: SessionEvent, { now }: SessionContext): SessionStep {
  if (event.kind === 'no-address') {
    return still({ ...baseOf(state), kind: 'ended', why: 'no-address', groupId: undefined });
  }
  const isAgain = event.kind === 'due' && now >= state.since + OPEN_AGAIN_MS;
  if (isAgain || event.kind === 'server-restarted') {
    return { state: { ...state, since: now }, effects: [{ kind: 'open' }], news: [] };
  }
  if (event.kind !== 'opened') return still(state);
  return {
    state: {
      ...baseOf(state),
      kind: 'setup',
      plan: event.plan,
      isLaunched: false,
      lookAt: event.plan.launchAt,
      isPaused: false,
    },
    effects: [],
    news: ['opened'],
  };
}

function setupStep(state: Setup, event: SessionEvent, context: SessionContext): SessionStep {
  const { now } = context;
  if (event.kind === 'pause') return still({ ...state, isPaused: true });
  if (event.kind === 'resume') return still({ ...state, isPaused: false });
  if (now < state.plan.launchAt) return still(state);
  const { launchAt } = state.plan;
  if (!state.isLaunched) return { ...beginning({ ...state, isLaunched: true }, launchAt, context), news: ['launch'] };
  // Devices that came late have been told a start of their own.
  return beginning(state, steadyMs(now + LATE_START_MS), context);
}

/**
 * Begins the broadcast when enough devices are there, and gives up when nobody has come in time.
 * @param listeningAt when the last of those who are there has begun to listen
 */
function beginning(state: Setup, listeningAt: SteadyMs, context: SessionContext): SessionStep {
  const { members, now, plan } = context;
  const { startSlackMs, silentFrom, gatherUntil } = state.plan;
  const present = members.ready + members.receiving;
  const isTimeUp = now >= gatherUntil;
  // A caller who fixed the launch wants it then; else devices that are on their way are waited for.
  const isAsFixed = plan.launchDelayS !== undefined && present > 0;
  const waiting = still({ ...state, lookAt: now < silentFrom ? silentFrom : gatherUntil });
  const inDoubt = now < silentFrom ? members.unconfirmed : 0;
  const sure = present - inDoubt;
  const isEveryone = members.joining + inDoubt === 0;
  const isEnough = isEveryone || (now >= silentFrom && sure >= members.total * members.launchShare);
  if (present === 0 && !isTimeUp && (members.joining > 0 || plan.launchDelayS === undefined)) return waiting;
  if (present === 0) return nobodyCame(state, context);
  if (!isAsFixed && !isEnough && !isTimeUp) return waiting;
  const slackMs = Math.min(startSlackMs, sessionMs(state.plan) * LONGEST_SLACK_SHARE);
  return {
    state: {
      ...baseOf(state),
      kind: 'broadcasting',
      plan: state.plan,
      isPaused: state.isPaused,
      phase: { kind: 'pacing', until: steadyMs(listeningAt + slackMs) },
      goal: context.firstGoal,
      questions: 0,
      roundUntil: undefined,
    },
    effects: [],
    news: [],
  };
}

/** As on the gateways that this server follows, the job goes straight to its end then. */
function nobodyCame(state: Setup, { now }: SessionContext): SessionStep {
  return {
    state: { ...baseOf(state), kind: 'closing', plan: state.plan, until: now, isUnsent: false },
    effects: [],
    news: ['broadcast-over'],
  };
}

function closingStep(state: Closing, event: SessionEvent, context: SessionContext): SessionStep {
  const { members, now } = context;
  const isOver = event.kind === 'due' && now >= state.until;
  if (!isOver && members.unproven > 0) return still(state);
  const why = state.isUnsent ? 'unsent' : members.between > 0 ? 'unserved' : 'served';
  return {
    state: { ...baseOf(state), kind: 'ended', why, groupId: state.plan.groupId },
    effects: [{ kind: 'close' }],
    news: [],
  };
}

function stopped(state: SessionState): SessionStep {
  if (state.kind === 'ended') return still(state);
  const groupId = 'plan' in state ? state.plan.groupId : undefined;
  return {
    state: { ...baseOf(state), kind: 'ended', why: 'stopped', groupId },
    effects: groupId === undefined ? [] : [{ kind: 'close' }],
    news: [],
  };
}
