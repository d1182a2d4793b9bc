import { type GpsMs, type SteadyMs, steadyMs } from '@airlift/kernel';
import type { DeviceAnswer } from '../answers.ts';
import type { ReasonCode } from '../reasons.ts';
import { mayStillJoin } from '../session/limits.ts';
import type { DeviceContext, DeviceStep, SessionContext } from './device-event.ts';
import {
  type DeviceState,
  type Heard,
  heardOf,
  type Kept,
  nothingHeard,
  type Ready,
  type Receiving,
  type SettingUp,
  type SetupStep,
  type Unserved,
} from './device-state.ts';
import { holdsPart } from './holdings.ts';

/** How far TimeToStart may lie from our own reckoning: whole seconds on both sides and the age of the uplink. */
const CLOCK_TOLERANCE_S = 3;
/** A device that listens all the time is asked again after this. */
export const ASK_AGAIN_AFTER_MS = 8_000;
const MOST_RESYNCS = 4;
const MOST_REFUSALS = 2;
const MOST_QUESTIONS = 40;
/** Fragments that pass until a device that was just told a start a few seconds ahead listens. */
const LATE_FRAGMENTS = 4;
/** How far SessionCnt is moved on when a device has seen a higher one. */
const SESSION_CNT_STEP = 8;

/** The set-up of a device from its beginning, in the session. */
export function freshSetup(context: DeviceContext, sessionCnt: number | undefined, kept?: Partial<Kept>): SettingUp {
  return {
    kind: 'setting-up',
    session: context.session?.number ?? 0,
    todo: context.kind === 'FOTA' ? ['fragmentation', 'group', 'session'] : ['group', 'session'],
    question: { kind: 'none' },
    askAgainAt: undefined,
    asked: 0,
    resyncs: 0,
    refusals: 0,
    isHeard: false,
    mayListen: false,
    startGpsS: undefined,
    isRestarted: false,
    isInvited: false,
    heard: nothingHeard(sessionCnt, kept),
  };
}

/** The set-up of a device that keeps what it received: only the group is new. */
export function furtherSetup(heard: Heard, context: DeviceContext): SettingUp {
  return { ...freshSetup(context, undefined), todo: ['group', 'session'], heard };
}

/** The set-up of a device that started anew: contexts and fragments it had are gone. */
export function restartedSetup(state: DeviceState, context: DeviceContext): SettingUp {
  const before = state.kind === 'setting-up' ? state : undefined;
  const isRestarted = before?.isRestarted ?? (state.kind === 'receiving' || state.kind === 'between');
  const heard = heardOf(state);
  // One that joined without a reset may still tell the numbers of the session that it lost.
  const kept = { mayHold: heard?.mayHold === true, isFurther: isRestarted || heard?.isFurther === true };
  return {
    ...freshSetup(context, nextSessionCnt(heard), kept),
    isHeard: true,
    asked: before?.asked ?? 0,
    resyncs: before?.resyncs ?? 0,
    isRestarted,
  };
}

/** No fragmentation session of a device may have the count of an earlier one. */
export function nextSessionCnt(heard: Heard | undefined): number | undefined {
  return heard?.sessionCnt === undefined ? undefined : heard.sessionCnt + 1;
}

/** Sends the next question unless one is on its way or it is too late to provoke an uplink. */
export function ask(state: SettingUp, context: DeviceContext): DeviceStep {
  const { session } = context;
  const steps = nextSteps(state, context);
  const isBusy = state.question.kind === 'queued';
  if (session === undefined || steps.length === 0 || isBusy || state.asked >= MOST_QUESTIONS) return still(state);
  if (isTooLate(state, session, context)) return still(state);
  const isSession = steps.includes('session');
  const told = isSession && session.isLaunched ? session.lateStartGpsS : undefined;
  return {
    state: {
      ...state,
      question: { kind: 'queued' },
      askAgainAt: undefined,
      asked: state.asked + 1,
      startGpsS: isSession ? told : state.startGpsS,
      heard: told === undefined ? state.heard : heardFrom(state.heard, context),
    },
    ask: steps,
  };
}

/** A device that is told a start a few seconds ahead does not hear what goes out until then. */
function heardFrom(heard: Heard, { air, nbFrag }: DeviceContext): Heard {
  // Before the first fragment nothing can be missed, and one that holds a part of the image has come before.
  if (air.sentAtMost === 0 || holdsPart(heard, nbFrag)) return heard;
  return { ...heard, found: undefined, from: air.sent + 1 + LATE_FRAGMENTS };
}

/** An uplink that is still open when the session starts costs the device the whole session, so none is provoked then. */
function isTooLate(
  { heard }: SettingUp,
  session: SessionContext,
  { now, traits, nbFrag, air }: DeviceContext,
): boolean {
  if (session.isLaunched) {
    const isJoinable = holdsPart(heard, nbFrag) || mayStillJoin(air.sentAtMost, nbFrag);
    return session.lateStartGpsS === undefined || !isJoinable;
  }
  return now > session.launchAt - quietMs(traits.profile.multicast.quietBeforeStartS);
}

/** A second more than the profile says: the question travels as well. */
export function quietMs(quietBeforeStartS: number): number {
  return (quietBeforeStartS + 1) * 1000;
}

/** What the next question asks for. */
function nextSteps({ todo }: SettingUp, { traits }: DeviceContext): readonly SetupStep[] {
  const isPair = todo[0] === 'group' && todo[1] === 'session';
  return todo.slice(0, isPair && traits.profile.commandsPerDownlink === 'several' ? 2 : 1);
}

/** Takes an answer to the set-up; answers that belong to another group or to nothing that was asked change nothing. */
export function setupAnswer(
  state: SettingUp,
  answer: DeviceAnswer,
  receivedGps: GpsMs,
  context: DeviceContext,
): DeviceState {
  switch (answer.kind) {
    case 'group':
      if (answer.groupId !== context.mcGroupId) return state;
      return answer.accepted ? without(state, 'group') : groupRefused(state, context);
    case 'fragmentation':
      return fragmentationAnswer(state, answer.errors, context);
    case 'session':
      if (answer.groupId !== context.mcGroupId) return state;
      return sessionAnswer(state, answer, receivedGps, context);
    case 'status':
    case 'no-session':
    case 'block-received':
    case 'crc64':
    case 'file-report':
    case 'session-complete':
    case 'time-request':
      return state;
  }
}

function fragmentationAnswer(state: SettingUp, errors: readonly string[], context: DeviceContext): DeviceState {
  if (!state.todo.includes('fragmentation')) return state;
  if (errors.length === 0) return without(state, 'fragmentation');
  const { heard, refusals } = state;
  // The device remembers a higher count than was ever used from here: another server was there before.
  if (errors.includes('SessionCntReplay') && heard.sessionCnt !== undefined && refusals < MOST_REFUSALS) {
    const { mayHold, isFurther } = heard;
    const next = nothingHeard(heard.sessionCnt + SESSION_CNT_STEP, { mayHold, isFurther });
    return { ...state, heard: next, refusals: refusals + 1, question: { kind: 'none' } };
  }
  return unserved('fragmentation-refused', state, context);
}

function sessionAnswer(
  state: SettingUp,
  answer: Extract<DeviceAnswer, { kind: 'session' }>,
  receivedGps: GpsMs,
  context: DeviceContext,
): DeviceState {
  if (!state.todo.includes('session')) return state;
  if (answer.timeToStartS === undefined) {
    // A device whose clock is ahead of the start says "group undefined". One that has no such group, or was busy, says so
    // too, and finds fault with frequency and data rate besides: its clock may be right.
    const isUndefined = answer.errors.includes('McGroupUndefined');
    if (isUndefined && answer.errors.length > 1) return resync(state, ['group', 'session'], 'session-refused', context);
    if (isUndefined || answer.errors.includes('StartMissed')) {
      return resync(state, ['clock', 'group', 'session'], 'clock-not-set', context);
    }
    return unserved('session-refused', state, context);
  }
  const toldGpsS = state.startGpsS ?? context.session?.sessionTimeGpsS;
  const checksClock = context.traits.profile.multicast.sessionTime === 'gps' && toldGpsS !== undefined;
  if (checksClock && Math.abs(answer.timeToStartS - (toldGpsS - receivedGps / 1000)) > CLOCK_TOLERANCE_S) {
    // Its answer may just have come late, and then it will listen all the same.
    const suspect = { ...state, heard: { ...state.heard, mayHold: true } };
    return resync(suspect, ['clock', 'session'], 'clock-not-set', context);
  }
  return without(state, 'session');
}

/** A device that was busy refuses a group that it takes when asked again. */
function groupRefused(state: SettingUp, context: DeviceContext): DeviceState {
  if (!state.todo.includes('group')) return state;
  const refusals = state.refusals + 1;
  if (refusals >= MOST_REFUSALS) return unserved('group-refused', state, context);
  return { ...state, refusals, question: { kind: 'none' } };
}

/** Asks for the steps after all others, a few times; then the device fails for the reason. */
function resync(
  state: SettingUp,
  steps: readonly SetupStep[],
  reason: ReasonCode,
  context: DeviceContext,
): DeviceState {
  if (state.resyncs >= MOST_RESYNCS) return unserved(reason, state, context);
  const others = state.todo.filter((step) => step !== 'clock' && !steps.includes(step));
  return {
    ...state,
    todo: [...others, ...steps],
    resyncs: state.resyncs + 1,
    question: { kind: 'none' },
    mayListen: false,
  };
}

export function without(state: SettingUp, step: SetupStep): SettingUp {
  if (!state.todo.includes(step)) return state;
  return { ...state, todo: state.todo.filter((other) => other !== step), question: { kind: 'none' } };
}

/** A device that has agreed to everything waits for the session, or is in it when that has begun. */
export function agreed(state: SettingUp, context: DeviceContext): DeviceState {
  const { session, isInvited, startGpsS, heard } = state;
  if (context.session?.isLaunched !== true) return { kind: 'ready', session, heard };
  return { ...listening(session, heard), startGpsS, isInvited };
}

export function listening(session: number, heard: Heard): Receiving {
  return {
    kind: 'receiving',
    session,
    heard,
    silentFor: 0,
    isAlive: false,
    isUnconfirmed: false,
    startGpsS: undefined,
    isInvited: false,
    asked: 0,
  };
}

/** In the session for all that is known, though an answer to it is missing. */
export function perhapsListening({ session, heard }: SettingUp): Receiving {
  return { ...listening(session, heard), isUnconfirmed: true };
}

/** Whether only answers of the device may be missing, so that it is in the session, or will be. */
export function mayBeListening(state: DeviceState): boolean {
  if (state.kind !== 'setting-up' || !state.mayListen) return false;
  return !state.todo.includes('clock') && !state.todo.includes('fragmentation');
}

/** Into the session that has begun, once. One that had agreed to it may have been there all the time. */
export function invitation({ isUnconfirmed, heard }: Receiving, context: DeviceContext): SettingUp {
  const { sessionCnt, mayHold, isFurther } = heard;
  const known = isUnconfirmed ? nothingHeard(sessionCnt, { mayHold, isFurther }) : heard;
  return { ...furtherSetup(known, context), isHeard: true, isInvited: true };
}

/** What became of a question to a device that is being set up. */
export function questionFate(
  state: SettingUp,
  fate: 'on-air' | 'lost',
  listensAlways: boolean,
  context: DeviceContext,
): SettingUp {
  if (state.question.kind !== 'queued') return state;
  const askAgainAt = againAt(listensAlways, context.now);
  if (fate === 'lost') return { ...state, question: { kind: 'none' }, askAgainAt };
  const mayListen = state.mayListen || nextSteps(state, context).includes('session');
  return { ...state, question: { kind: 'on-air' }, askAgainAt, mayListen };
}

export function againAt(listensAlways: boolean, now: SteadyMs): SteadyMs | undefined {
  return listensAlways ? steadyMs(now + ASK_AGAIN_AFTER_MS) : undefined;
}

/** When a device that takes part in the session, or may, goes back to its own class. */
export function freeAtOf(state: DeviceState, context: DeviceContext): SteadyMs | undefined {
  if (state.kind === 'between') return state.freeAt;
  const listens = state.kind === 'ready' || state.kind === 'receiving' || mayBeListening(state);
  return listens ? context.session?.endsAt : undefined;
}

export function failed(reason: ReasonCode, state: DeviceState, context: DeviceContext): Unserved<'failed'> {
  return { kind: 'failed', reason, at: context.now, heard: heardOf(state), freeAt: freeAtOf(state, context) };
}

export function unverified(reason: ReasonCode, state: DeviceState, context: DeviceContext): Unserved<'unverified'> {
  return { ...failed(reason, state, context), kind: 'unverified' };
}

/** The end of a set-up that came to nothing: no failure for a device that may hold everything since an earlier one. */
export function unserved(reason: ReasonCode, state: SettingUp | Ready, context: DeviceContext): DeviceState {
  if (!state.heard.mayHold || context.air.sent === 0) return failed(reason, state, context);
  return unverified(reason === 'no-answer' ? 'silent' : 'not-confirmed', state, context);
}

export function still(state: DeviceState): DeviceStep {
  return { state, ask: [] };
}
