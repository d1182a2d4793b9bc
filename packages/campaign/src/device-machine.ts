import type { GpsMs, SteadyMs } from '@airlift/kernel';
import type { CrcVerdict, DeviceAnswer } from './answers.ts';
import {
  type DeviceState,
  type Evidence,
  type Holding,
  isSettled,
  type Reception,
  type SetupStep,
} from './device-state.ts';
import { FRAMES_IN_FLIGHT } from './parity-policy.ts';
import type { ReasonCode } from './reasons.ts';
import type { DeviceTraits } from './traits.ts';

/** What the machine of one device must know of the job around it. */
export interface DeviceContext {
  readonly now: SteadyMs;
  readonly launchAt: SteadyMs;
  readonly sessionTimeGpsS: number;
  /** Messages need no fragmentation session. */
  readonly kind: 'FOTA' | 'Message';
  /** Group and session may be asked for in one frame. */
  readonly severalCommands: boolean;
  /** SessionTime is GPS time, so the device's TimeToStart tells whether its clock is right. */
  readonly checksClock: boolean;
  /** The session has begun: whoever is still being set up joins it late. */
  readonly launched: boolean;
  /** A SessionTime a few seconds ahead, for devices that are late; undefined when it is too late for that too. */
  readonly lateStartGpsS: number | undefined;
  /** The last fragment number that went on the air. */
  readonly sent: number;
  /** The last plain fragment is on its way or was sent, so that a device may have the whole image. */
  readonly allPlainSent: boolean;
  readonly missingMeans: DeviceTraits['missingMeans'];
  readonly missingOverflows: boolean;
  readonly zeroMissingIsOpen: boolean;
}

export type DeviceEvent =
  | { readonly kind: 'begin' }
  | { readonly kind: 'refuse'; readonly reason: ReasonCode }
  | {
      readonly kind: 'uplink';
      readonly answers: readonly DeviceAnswer[];
      readonly receivedGps: GpsMs;
      /** The device is being told the time in answer to this uplink. */
      readonly getsTime: boolean;
      /** Verdict on the CRC-64 among the answers, if there is one. */
      readonly crc: CrcVerdict | undefined;
    }
  | {
      readonly kind: 'question';
      readonly fate: 'on-air' | 'lost';
      /** A device of class C hears a question at once; one of class A after its own uplinks only. */
      readonly listensAlways: boolean;
    }
  | { readonly kind: 'ask-again' }
  | { readonly kind: 'joined' }
  | { readonly kind: 'launch' }
  | { readonly kind: 'status-requested' }
  | { readonly kind: 'message-sent' }
  | {
      readonly kind: 'end';
      readonly presumedComplete: boolean;
      readonly needsCrc64: boolean;
      readonly neverSent: boolean;
      /** The device has joined the network. */
      readonly joined: boolean;
    }
  /** A further session begins for those that this one did not serve; `fresh` when the image is sent from its beginning. */
  | { readonly kind: 'again'; readonly fresh: boolean }
  | { readonly kind: 'server-restarted' };

export interface DeviceStep {
  readonly state: DeviceState;
  /** Steps to ask for in one downlink; empty = nothing to send. */
  readonly ask: readonly SetupStep[];
}

/** An uplink that is still open when the session starts costs the device the whole session, so none is provoked then. */
export const QUIET_BEFORE_LAUNCH_MS = 6_000;
/** How far TimeToStart may lie from our own reckoning: whole seconds on both sides and the age of the uplink. */
const CLOCK_TOLERANCE_S = 3;
const ASK_AGAIN_AFTER_MS = 8_000;
const MOST_RESYNCS = 4;
const MOST_REFUSALS = 2;
const MOST_QUESTIONS = 40;
/** Fragments that pass until a device that was just told a start a few seconds ahead listens. */
const LATE_FRAGMENTS = 4;

/** One step of one device in one job. */
export function deviceStep(state: DeviceState, event: DeviceEvent, context: DeviceContext): DeviceStep {
  switch (event.kind) {
    case 'begin':
      return state.kind === 'pending' ? ask(freshSetup(context), context) : same(state);
    case 'refuse':
      return isSettled(state) ? same(state) : still(refused(event.reason, context));
    case 'uplink':
      return uplinkStep(state, event, context);
    case 'question':
      return questionStep(state, event, context);
    case 'ask-again':
      return askAgainStep(state, context);
    case 'joined':
      return joinedStep(state, context);
    case 'launch':
      return launchStep(state);
    case 'status-requested':
      return statusRequestedStep(state, context);
    case 'message-sent':
      return state.kind === 'receiving' && state.unconfirmed !== true
        ? still(done('session-answer', context.now, undefined))
        : same(state);
    case 'end':
      return endStep(state, event, context);
    case 'again':
      return againStep(state, event.fresh, context);
    case 'server-restarted':
      if (state.kind !== 'setting-up') return same(state);
      // Downlinks that waited in the network server are gone.
      return ask({ ...state, question: 'none', askAgainAt: undefined }, context);
  }
}

type SettingUp = Extract<DeviceState, { kind: 'setting-up' }>;
type Receiving = Extract<DeviceState, { kind: 'receiving' }>;

function freshSetup(context: DeviceContext): SettingUp {
  return { kind: 'setting-up', todo: stepsOf(context), question: 'none', askAgainAt: undefined, asked: 0, resyncs: 0 };
}

/** The set-up of a device that keeps what it received: only the group is new. */
function furtherSetup(holding: Holding, context: DeviceContext): SettingUp {
  return { ...freshSetup(context), todo: ['group', 'session'], holding };
}

function stepsOf(context: DeviceContext): readonly SetupStep[] {
  return context.kind === 'FOTA' ? ['fragmentation', 'group', 'session'] : ['group', 'session'];
}

/** Sends the next question unless one is on its way or it is too late to provoke an uplink. */
function ask(state: SettingUp, context: DeviceContext): DeviceStep {
  const steps = nextSteps(state, context);
  const tooLate = context.launched
    ? context.lateStartGpsS === undefined
    : context.now > context.launchAt - QUIET_BEFORE_LAUNCH_MS;
  if (steps.length === 0 || state.question === 'queued' || tooLate || state.asked >= MOST_QUESTIONS)
    return still(state);
  const { startGpsS: _, ...rest } = state;
  const told = steps.includes('session') ? context.lateStartGpsS : undefined;
  return {
    state: {
      ...rest,
      question: 'queued',
      askAgainAt: undefined,
      asked: state.asked + 1,
      ...(told === undefined ? {} : { startGpsS: told }),
    },
    ask: steps,
  };
}

/** What the next question asks for. */
function nextSteps({ todo }: SettingUp, context: DeviceContext): readonly SetupStep[] {
  const together = todo[0] === 'group' && todo[1] === 'session' && context.severalCommands;
  return todo.slice(0, together ? 2 : 1);
}

function uplinkStep(
  state: DeviceState,
  event: Extract<DeviceEvent, { kind: 'uplink' }>,
  context: DeviceContext,
): DeviceStep {
  const proven = evidenceOf(state, event, context);
  if (proven !== undefined) return still(proven);
  if (state.kind === 'setting-up') {
    // The frame that was queued for this window is about to leave; asking again would only put a second one behind it.
    let next = { ...state, heard: true } as DeviceState;
    for (const answer of event.answers) {
      if (next.kind === 'setting-up') {
        // One that was invited and says what it received was there all the time.
        const isThere = answer.kind === 'status' && next.invited === true;
        if (isThere) next = listening(next.holding ?? FROM_THE_START);
        else next = setupAnswer(next, answer, event.receivedGps, context);
      }
      if (next.kind === 'receiving') next = receptionAnswer(next, answer, event.crc, context);
    }
    if (next.kind !== 'setting-up') return still(next);
    if (event.getsTime && next.todo.includes('clock')) {
      next = { ...next, todo: next.todo.filter((step) => step !== 'clock') };
    }
    if (next.todo.length === 0) return still(agreed(next, context));
    // The answer to the time takes this window, and only the next question shows whether it arrived.
    if (event.getsTime) return still({ ...next, question: next.question === 'queued' ? 'queued' : 'none' });
    return ask({ ...next, question: next.question === 'queued' ? 'queued' : 'none' }, context);
  }
  if (state.kind === 'receiving' && isProbablyAbsent(state) && event.answers.length === 0 && !event.getsTime) {
    return ask(invitation(state, context), context);
  }
  let next: DeviceState = state;
  for (const answer of event.answers) next = receptionAnswer(next, answer, event.crc, context);
  return still(next);
}

/** A device that has agreed to everything waits for the session, or is in it when that has begun. */
function agreed({ holding, invited, startGpsS }: SettingUp, context: DeviceContext): DeviceState {
  if (!context.launched) return { kind: 'ready', ...(holding === undefined ? {} : { holding }) };
  const from = context.sent + 1 + LATE_FRAGMENTS;
  return {
    ...listening(holding ?? { reception: undefined, from }),
    ...(startGpsS === undefined ? {} : { startGpsS }),
    ...(invited === true ? { invited } : {}),
  };
}

/**
 * A device that is there and said nothing of the session, neither that it would take part nor, twice, when it was asked
 * what it received, has probably missed its start: one that is sending at that moment does.
 */
function isProbablyAbsent({ unconfirmed, silentFor, reception, invited }: Receiving): boolean {
  if (invited === true) return false;
  return unconfirmed === true || (silentFor > 1 && reception === undefined);
}

/** Into the session that has begun, once. One that had agreed to it may have been there all the time. */
function invitation({ unconfirmed, from = 1 }: Receiving, context: DeviceContext): SettingUp {
  const setup: SettingUp = { ...freshSetup(context), todo: ['group', 'session'], heard: true, invited: true };
  return unconfirmed === true ? setup : { ...setup, holding: { reception: undefined, from } };
}

function listening({ reception, from }: Holding): Receiving {
  return { kind: 'receiving', reception, silentFor: 0, from };
}

/**
 * A device that proves to hold the image is done, whatever was thought of it: its answer to the session may have been
 * lost, or its proof in an earlier session.
 */
function evidenceOf(
  state: DeviceState,
  event: Extract<DeviceEvent, { kind: 'uplink' }>,
  context: DeviceContext,
): DeviceState | undefined {
  if (state.kind === 'pending' || state.kind === 'done' || state.kind === 'skipped') return undefined;
  const reception = receptionOf(state);
  if (event.crc === 'match') return done('crc64', context.now, reception);
  // A device may still speak of another block while this one is on its way.
  if (!context.allPlainSent) return undefined;
  if (event.answers.some((answer) => answer.kind === 'session-complete')) {
    return done('session-complete', context.now, reception);
  }
  const isReceived = event.answers.some((answer) => answer.kind === 'block-received' && !answer.micError);
  return isReceived ? done('mic', context.now, reception) : undefined;
}

/** What the device last said of its reception, in whatever session. */
export function receptionOf(state: DeviceState): Reception | undefined {
  if ('reception' in state) return state.reception;
  return 'holding' in state ? state.holding?.reception : undefined;
}

function setupAnswer(state: SettingUp, answer: DeviceAnswer, receivedGps: GpsMs, context: DeviceContext): DeviceState {
  switch (answer.kind) {
    case 'group':
      return answer.accepted ? without(state, 'group') : groupRefused(state, context);
    case 'fragmentation':
      return answer.errors.length === 0
        ? without(state, 'fragmentation')
        : failed('fragmentation-refused', context.now, undefined);
    case 'session':
      return sessionAnswer(state, answer, receivedGps, context);
    default:
      return state;
  }
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
    return failed('session-refused', context.now, undefined);
  }
  const expectedS = (state.startGpsS ?? context.sessionTimeGpsS) - receivedGps / 1000;
  if (context.checksClock && Math.abs(answer.timeToStartS - expectedS) > CLOCK_TOLERANCE_S) {
    return resync(state, ['clock', 'session'], 'clock-not-set', context);
  }
  return without(state, 'session');
}

/** A device that was busy refuses a group that it takes when asked again. */
function groupRefused(state: SettingUp, context: DeviceContext): DeviceState {
  const refusals = (state.refusals ?? 0) + 1;
  if (refusals >= MOST_REFUSALS) return failed('group-refused', context.now, undefined);
  return { ...state, refusals, question: 'none' };
}

/** Asks for the steps after all others, a few times; then the device fails for the reason. */
function resync(
  state: SettingUp,
  steps: readonly SetupStep[],
  reason: ReasonCode,
  context: DeviceContext,
): DeviceState {
  if (state.resyncs >= MOST_RESYNCS) return failed(reason, context.now, undefined);
  const others = state.todo.filter((step) => step !== 'clock' && !steps.includes(step));
  return { ...state, todo: [...others, ...steps], resyncs: state.resyncs + 1, question: 'none', mayListen: false };
}

function without(state: SettingUp, step: SetupStep): SettingUp {
  if (!state.todo.includes(step)) return state;
  return { ...state, todo: state.todo.filter((other) => other !== step), question: 'none' };
}

function receptionAnswer(
  state: DeviceState,
  answer: DeviceAnswer,
  crc: CrcVerdict | undefined,
  context: DeviceContext,
): DeviceState {
  if (state.kind !== 'receiving') return state;
  switch (answer.kind) {
    case 'status': {
      // More than was sent is evidence of nothing, but that the device is there.
      if (answer.nbFragReceived > context.sent + FRAMES_IN_FLIGHT) return { ...state, silentFor: 0 };
      const before = state.reception;
      const steady = before?.missingFrag === answer.missingFrag;
      const reception: Reception = {
        nbFragReceived: answer.nbFragReceived,
        missingFrag: answer.missingFrag,
        sentByThen: context.sent,
        steadySince: steady ? before.steadySince : context.sent,
        frozenSince:
          before?.nbFragReceived === answer.nbFragReceived ? (before.frozenSince ?? before.sentByThen) : context.sent,
        overflows: context.missingOverflows,
        countsPlainLosses: context.missingMeans === 'plain-losses',
        countsMissingNow: context.missingMeans === 'missing-now',
        zeroIsOpen: context.zeroMissingIsOpen,
      };
      if (answer.memoryError) return failed('memory-exhausted', context.now, reception);
      const { unconfirmed: _, ...confirmed } = state;
      return { ...confirmed, reception, silentFor: 0 };
    }
    case 'session': {
      // The answer came after the start, or after that of a device that was asked again.
      const { unconfirmed: _, ...confirmed } = state;
      return answer.timeToStartS === undefined ? state : confirmed;
    }
    case 'crc64':
      return crc === 'mismatch' ? failed('integrity-mismatch', context.now, state.reception) : state;
    case 'block-received':
      if (!context.allPlainSent || !answer.micError) return state;
      return failed('integrity-mismatch', context.now, state.reception);
    default:
      return state;
  }
}

function questionStep(
  state: DeviceState,
  { fate, listensAlways }: Extract<DeviceEvent, { kind: 'question' }>,
  context: DeviceContext,
): DeviceStep {
  if (state.kind !== 'setting-up' || state.question !== 'queued') return same(state);
  const askAgainAt = listensAlways ? ((context.now + ASK_AGAIN_AFTER_MS) as SteadyMs) : undefined;
  if (fate !== 'on-air') return still({ ...state, question: 'none', askAgainAt });
  const mayListen = state.mayListen === true || nextSteps(state, context).includes('session');
  return still({ ...state, question: 'on-air', askAgainAt, mayListen });
}

function askAgainStep(state: DeviceState, context: DeviceContext): DeviceStep {
  if (state.kind !== 'setting-up' || state.askAgainAt === undefined || state.askAgainAt > context.now)
    return same(state);
  return ask({ ...state, question: 'none', askAgainAt: undefined }, context);
}

function joinedStep(state: DeviceState, context: DeviceContext): DeviceStep {
  switch (state.kind) {
    // A device that joins has started anew: contexts and fragments it had are gone.
    case 'setting-up': {
      const { asked, resyncs, restarted } = state;
      return still({
        ...freshSetup(context),
        heard: true,
        asked,
        resyncs,
        ...(restarted === true ? { restarted } : {}),
      });
    }
    case 'ready':
      return still({ ...freshSetup(context), heard: true });
    case 'receiving':
      return still({ ...freshSetup(context), heard: true, restarted: true });
    default:
      return same(state);
  }
}

function launchStep(state: DeviceState): DeviceStep {
  if (state.kind === 'ready') return still(listening(state.holding ?? FROM_THE_START));
  if (state.kind !== 'setting-up') return same(state);
  if (mayBeListening(state)) return still({ ...listening(state.holding ?? FROM_THE_START), unconfirmed: true });
  // Asked anew with its next uplink, now for a start a few seconds ahead.
  return still({ ...state, question: 'none' });
}

/** Whether only answers of the device may be missing, so that it is in the session, or will be. */
export function mayBeListening(state: DeviceState): boolean {
  if (state.kind !== 'setting-up' || state.mayListen !== true) return false;
  return !state.todo.includes('clock') && !state.todo.includes('fragmentation');
}

/** A device whose answer was lost when it came late is asked with the others: it is silent for as long as it listens. */
function statusRequestedStep(state: DeviceState, context: DeviceContext): DeviceStep {
  if (state.kind === 'receiving') return still({ ...state, silentFor: state.silentFor + 1 });
  if (state.kind !== 'setting-up' || !mayBeListening(state)) return same(state);
  const holding = state.holding ?? { reception: undefined, from: context.sent + 1 };
  const { startGpsS } = state;
  const late = startGpsS === undefined ? {} : { startGpsS };
  return still({ ...listening(holding), ...late, silentFor: 1, unconfirmed: true });
}

const FROM_THE_START: Holding = { reception: undefined, from: 1 };

function againStep(state: DeviceState, fresh: boolean, context: DeviceContext): DeviceStep {
  switch (state.kind) {
    case 'setting-up':
    case 'ready':
      return ask(
        fresh || state.holding === undefined ? freshSetup(context) : furtherSetup(state.holding, context),
        context,
      );
    case 'receiving': {
      // One that never answered for the session may not have been in it at all.
      if (fresh || state.unconfirmed === true) return ask(freshSetup(context), context);
      return ask(furtherSetup({ reception: state.reception, from: state.from ?? 1 }, context), context);
    }
    default:
      return same(state);
  }
}

function endStep(state: DeviceState, event: Extract<DeviceEvent, { kind: 'end' }>, context: DeviceContext): DeviceStep {
  switch (state.kind) {
    case 'pending':
    case 'ready':
      return still(failed(event.joined ? 'no-answer' : 'never-joined', context.now, receptionOf(state)));
    case 'setting-up': {
      const clockTrouble = state.todo.includes('clock') || state.resyncs > 0;
      const missing = state.holding !== undefined ? 'not-complete' : clockTrouble ? 'clock-not-set' : 'no-answer';
      const reason: ReasonCode = !event.joined ? 'never-joined' : state.restarted === true ? 'restarted' : missing;
      return still(failed(reason, context.now, receptionOf(state)));
    }
    case 'receiving':
      if (event.neverSent) return still(failed('not-sent', context.now, state.reception));
      if (state.unconfirmed === true) return still(failed('no-answer', context.now, undefined));
      if (context.kind === 'Message') return still(done('session-answer', context.now, undefined));
      if (!event.presumedComplete) return still(failed('not-complete', context.now, state.reception));
      if (event.needsCrc64) return still(failed('not-verified', context.now, state.reception));
      return still(done('status-answer', context.now, state.reception));
    default:
      return same(state);
  }
}

function done(evidence: Evidence, at: SteadyMs, reception: Reception | undefined): DeviceState {
  return { kind: 'done', evidence, at, reception };
}

function failed(reason: ReasonCode, at: SteadyMs, reception: Reception | undefined): DeviceState {
  return { kind: 'failed', reason, at, reception };
}

/** A device that has no part in the job. */
function refused(reason: ReasonCode, context: DeviceContext): DeviceState {
  if (reason === 'unknown-device') return { kind: 'skipped', reason, at: context.now };
  return failed(reason, context.now, undefined);
}

function still(state: DeviceState): DeviceStep {
  return { state, ask: [] };
}

const same = still;
