import { mayBeStale } from '../traits.ts';
import type { AskStep, DeviceContext, DeviceEvent, DeviceStep } from './device-event.ts';
import {
  type Between,
  type DeviceState,
  type Heard,
  isSettled,
  type Receiving,
  type SettingUp,
} from './device-state.ts';
import { abortStep, endStep } from './ending.ts';
import { holdsPart } from './holdings.ts';
import { checkAnswered, done, judged, mayProve, proofIn, receptionAnswer } from './reception.ts';
import {
  againAt,
  agreed,
  ask,
  failed,
  freshSetup,
  furtherSetup,
  invitation,
  listening,
  mayBeListening,
  nextSessionCnt,
  perhapsListening,
  questionFate,
  restartedSetup,
  setupAnswer,
  still,
  without,
} from './set-up.ts';

type Uplink = Extract<DeviceEvent, { kind: 'uplink' }>;

/** Questions to a single device in one session, and after its broadcast. */
export const MOST_SINGLE_QUESTIONS = 6;
/** A device that said nothing to so many questions is asked by itself. */
const DEAF_AFTER = 2;
/** Nobody who listens misses so many fragments one after the other. */
const UNHEARD = 16;

/** One step of one device in one job. */
export function deviceStep(state: DeviceState, event: DeviceEvent, context: DeviceContext): DeviceStep {
  switch (event.kind) {
    case 'begin':
      return beginStep(state, event.sessionCnt, context);
    case 'hold':
      return state.kind === 'pending' || state.kind === 'held'
        ? still({ kind: 'held', by: event.by, until: event.until })
        : still(state);
    case 'check-answered':
      return still(checkAnswered(state, context));
    case 'free':
      return still(state.kind === 'held' ? { kind: 'pending' } : state);
    case 'refuse':
      if (isSettled(state)) return still(state);
      return event.reason === 'unknown-device'
        ? still({ kind: 'skipped', reason: event.reason, at: context.now })
        : still(failed(event.reason, state, context));
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
      return statusRequestedStep(state);
    case 'broadcast-over':
      return broadcastOverStep(state, context);
    case 'again':
      return againStep(state, event.fresh, context);
    case 'end':
      return endStep(state, event, context);
    case 'abort':
      return abortStep(state, event.reason, context);
    case 'server-restarted':
      return restartStep(state, context);
  }
}

function beginStep(state: DeviceState, sessionCnt: number | undefined, context: DeviceContext): DeviceStep {
  if (state.kind !== 'pending' && state.kind !== 'held') return still(state);
  return ask(freshSetup(context, sessionCnt), context);
}

function uplinkStep(state: DeviceState, event: Uplink, context: DeviceContext): DeviceStep {
  const proven = proofIn(state, event, context);
  if (proven !== undefined) return acknowledged(proven, event);
  switch (state.kind) {
    case 'setting-up':
      return setupUplink(state, event, context);
    case 'receiving':
      return receivingUplink(state, event, context);
    case 'between':
      return betweenUplink(state, event, context);
    case 'ready':
      return readyUplink(state, event, context);
    case 'pending':
    case 'held':
    case 'done':
    case 'unverified':
    case 'failed':
    case 'skipped':
      return acknowledged(state, event);
  }
}

/** From the end of an uplink to the end of its receive windows, and half a second of either clock. */
const OPEN_UPLINK_MS = 3_500;

/** An uplink that is still open when the session starts costs the device the whole session: it is asked in anew. */
function readyUplink(
  state: Extract<DeviceState, { kind: 'ready' }>,
  event: Uplink,
  context: DeviceContext,
): DeviceStep {
  const { session, now, listensAlways } = context;
  const isOpen = session !== undefined && !listensAlways && now > session.launchAt - OPEN_UPLINK_MS;
  if (!isOpen) return acknowledged(readyAnswer(state, event, context), event);
  // Should the start have waited for the uplink, it listens; else it is heard again soon.
  return still({ ...furtherSetup(state.heard, context), isHeard: true, mayListen: true });
}

/** What a device says before the first fragment is of an earlier session, and tells what is no news later. */
function readyAnswer(
  state: Extract<DeviceState, { kind: 'ready' }>,
  { answers }: Uplink,
  context: DeviceContext,
): DeviceState {
  if (context.kind === 'Message') return state;
  let { heard } = state;
  for (const answer of answers) if (answer.kind === 'status') heard = judged(heard, answer, context).heard;
  return { ...state, heard: { ...heard, found: state.heard.found, undecidedFor: state.heard.undecidedFor } };
}

/** A device of version 2 repeats that it has the block until it is answered. */
function acknowledged(state: DeviceState, { answers }: Uplink): DeviceStep {
  const isReport = answers.some((answer) => answer.kind === 'block-received');
  return { state, ask: isReport ? ['block-received'] : [] };
}

function setupUplink(
  before: Extract<DeviceState, { kind: 'setting-up' }>,
  event: Uplink,
  context: DeviceContext,
): DeviceStep {
  // The frame that was queued for this window is about to leave; asking again would only put a second one behind it.
  const isQueued = before.question.kind === 'queued';
  let next: DeviceState = { ...before, isHeard: true };
  for (const answer of event.answers) {
    if (next.kind === 'setting-up') {
      // One that was invited and says what it received was there all the time.
      const isThere = answer.kind === 'status' && next.isInvited;
      if (isThere) next = listening(next.session, next.heard);
      else next = setupAnswer(next, answer, event.receivedGps, context);
    }
    if (next.kind === 'receiving') next = receptionAnswer(next, answer, event, context);
  }
  if (next.kind !== 'setting-up') return still(next);
  if (event.getsTime) next = without(next, 'clock');
  if (next.todo.length === 0) return { state: agreed(next, context), ask: baseline(next, context) };
  if (isQueued) return still({ ...next, question: { kind: 'queued' } });
  // The answer to the time takes this window, and only the next question shows whether it arrived.
  if (event.getsTime) return still({ ...next, question: { kind: 'none' } });
  return ask({ ...next, question: { kind: 'none' } }, context);
}

/** Answers to a question that comes now are in before the start. */
const BASELINE_MS = 45_000;

/**
 * Stacks that report numbers of an earlier session until they hear a fragment are asked for them before the first: only
 * what differs later is news.
 */
function baseline(
  { heard }: SettingUp,
  { now, session, traits, hasOldNumbers, air }: DeviceContext,
): readonly AskStep[] {
  const isStale = (hasOldNumbers || heard.isFurther) && mayBeStale(traits);
  const isBefore = session !== undefined && !session.isLaunched && now < session.launchAt - BASELINE_MS;
  return isStale && isBefore && air.sentAtMost === 0 && heard.answers.length === 0 ? ['status'] : [];
}

function receivingUplink(state: Receiving, event: Uplink, context: DeviceContext): DeviceStep {
  const saysNothing = event.answers.length === 0 && !event.getsTime;
  // One that never agreed to take part, or would be silent if it did, has missed the start: its uplink was open then.
  const isOutside = state.isUnconfirmed || keepsSilent(context);
  if (isOutside && !state.isInvited && saysNothing) return ask(invitation(state, context), context);
  let next: DeviceState = { ...state, isAlive: true };
  for (const answer of event.answers) {
    if (next.kind === 'receiving') next = receptionAnswer(next, answer, event, context);
  }
  if (next.kind !== 'receiving') return acknowledged(next, event);
  if (next.heard.found?.kind === 'no-session') return ask(restartedSetup(next, context), context);
  if (isAbsent(next)) return ask(invitation(next, context), context);
  if (!saysNothing || !mayBeDeaf(next, context)) return acknowledged(next, event);
  return { state: { ...next, asked: next.asked + 1 }, ask: ['status'] };
}

/** It is heard: perhaps because it is not in the session, where devices keep silent, or it does not hear the questions. */
function mayBeDeaf({ heard, silentFor, asked }: Receiving, context: DeviceContext): boolean {
  if (context.kind === 'Message' || context.listensAlways || asked >= MOST_SINGLE_QUESTIONS) return false;
  const isUnknown = heard.found === undefined && context.air.sent >= context.checkFrom;
  return silentFor >= DEAF_AFTER || isUnknown;
}

/** By its profile the device sends nothing of its own while it is in a session. */
function keepsSilent({ traits, listensAlways }: DeviceContext): boolean {
  return traits.isAssigned && traits.profile.multicast.silentInSession && !listensAlways;
}

/** By its own word the device heard nothing of what was sent: it has missed the start. */
function isAbsent({ heard }: Receiving): boolean {
  const { found, from } = heard;
  if (found?.kind !== 'incomplete') return false;
  const { at, heardAtLeast, missing } = found.reception;
  return heardAtLeast === 0 && missing.atLeast > 0 && at >= from + UNHEARD;
}

function betweenUplink(state: Between, event: Uplink, context: DeviceContext): DeviceStep {
  let next: DeviceState = { ...state, isAlive: true };
  for (const answer of event.answers) {
    if (next.kind === 'between') next = receptionAnswer(next, answer, event, context);
  }
  if (next.kind !== 'between') return acknowledged(next, event);
  const isReport = event.answers.some((answer) => answer.kind === 'block-received');
  if (isReport || event.getsTime) return acknowledged(next, event);
  return askStatus(next, event, context);
}

/** Asks one device what it received, when it is there and has not just said so. */
function askStatus(state: Between, event: Uplink, context: DeviceContext): DeviceStep {
  const hasSaid = event.answers.some((answer) => answer.kind === 'status' || answer.kind === 'no-session');
  const isIdle = context.kind === 'Message' || state.question.kind === 'queued';
  if (hasSaid || isIdle || state.asked >= MOST_SINGLE_QUESTIONS) return still(state);
  return { state: { ...state, asked: state.asked + 1, question: { kind: 'queued' } }, ask: ['status'] };
}

function questionStep(
  state: DeviceState,
  { fate, listensAlways }: Extract<DeviceEvent, { kind: 'question' }>,
  context: DeviceContext,
): DeviceStep {
  if (state.kind === 'setting-up') return still(questionFate(state, fate, listensAlways, context));
  if (state.kind !== 'between' || state.question.kind !== 'queued') return still(state);
  const question = fate === 'on-air' ? ({ kind: 'on-air' } as const) : ({ kind: 'none' } as const);
  return still({ ...state, question, askAgainAt: againAt(listensAlways, context.now) });
}

function askAgainStep(state: DeviceState, context: DeviceContext): DeviceStep {
  if (state.kind !== 'setting-up' && state.kind !== 'between') return still(state);
  if (state.askAgainAt === undefined || state.askAgainAt > context.now) return still(state);
  if (state.kind === 'setting-up') {
    return ask({ ...state, question: { kind: 'none' }, askAgainAt: undefined }, context);
  }
  // A message leaves nothing behind that a device could be asked for.
  const isIdle = context.kind === 'Message' || state.asked >= MOST_SINGLE_QUESTIONS;
  if (isIdle) return still({ ...state, askAgainAt: undefined });
  const next: Between = { ...state, asked: state.asked + 1, askAgainAt: undefined, question: { kind: 'queued' } };
  return { state: next, ask: ['status'] };
}

function joinedStep(state: DeviceState, context: DeviceContext): DeviceStep {
  switch (state.kind) {
    case 'setting-up':
    case 'ready':
    case 'receiving':
    case 'between':
      // Not asked at once: the device may still be busy, and its first uplink shows that its join arrived.
      return still(restartedSetup(state, context));
    case 'pending':
    case 'held':
    case 'done':
    case 'unverified':
    case 'failed':
    case 'skipped':
      return still(state);
  }
}

function launchStep(state: DeviceState): DeviceStep {
  if (state.kind === 'ready') return still(listening(state.session, state.heard));
  if (state.kind !== 'setting-up') return still(state);
  if (mayBeListening(state)) return still(perhapsListening(state));
  // Asked anew with its next uplink, now for a start a few seconds ahead.
  return still({ ...state, question: { kind: 'none' } });
}

/** A device whose answer was lost when it came late is asked with the others: it is silent for as long as it listens. */
function statusRequestedStep(state: DeviceState): DeviceStep {
  if (state.kind === 'receiving') return still({ ...state, silentFor: state.silentFor + 1 });
  if (state.kind !== 'setting-up' || !mayBeListening(state)) return still(state);
  return still({ ...perhapsListening(state), startGpsS: state.startGpsS, silentFor: 1 });
}

function broadcastOverStep(state: DeviceState, context: DeviceContext): DeviceStep {
  const isHidden = state.kind === 'setting-up' && mayBeListening(state);
  const next: DeviceState = isHidden ? perhapsListening(state) : state;
  if (next.kind !== 'receiving') return still(state);
  if (context.kind === 'Message' && !next.isUnconfirmed && context.air.sent > 0 && !context.waitsForUplink) {
    return still(done('session-agreed', next, context));
  }
  const { session, isUnconfirmed, isAlive } = next;
  const vainSessions = next.heard.found === undefined ? next.heard.vainSessions + 1 : 0;
  const mayHold = context.kind === 'FOTA' && context.air.sent >= context.nbFrag && mayProve(next.heard, context);
  const heard = { ...next.heard, vainSessions, mayHold };
  return still({
    kind: 'between',
    session,
    heard,
    isUnconfirmed,
    isAlive: isAlive || heard.answers.length > 0,
    mayProve: context.kind === 'FOTA' ? mayProve(heard, context) : context.waitsForUplink,
    freeAt: context.session?.endsAt ?? context.now,
    question: { kind: 'none' },
    asked: 0,
    askAgainAt: undefined,
  });
}

function againStep(state: DeviceState, fresh: boolean, context: DeviceContext): DeviceStep {
  switch (state.kind) {
    case 'setting-up':
    case 'ready':
    case 'between': {
      const isBegun = state.kind !== 'setting-up' || !state.todo.includes('fragmentation');
      const isNew = fresh || !isBegun || !holdsPart(state.heard, context.nbFrag);
      return ask(isNew ? startedOver(state.heard, context) : furtherSetup(state.heard, context), context);
    }
    case 'pending':
    case 'held':
    case 'receiving':
    case 'done':
    case 'unverified':
    case 'failed':
    case 'skipped':
      return still(state);
  }
}

/** Everything anew, but for what is known of the device's silence. */
function startedOver(heard: Heard, context: DeviceContext): SettingUp {
  const { vainSessions, mayHold } = heard;
  return freshSetup(context, nextSessionCnt(heard), { vainSessions, mayHold, isFurther: true });
}

/** Downlinks that waited in the network server are gone. */
function restartStep(state: DeviceState, context: DeviceContext): DeviceStep {
  if (state.kind === 'setting-up') return ask({ ...state, question: { kind: 'none' }, askAgainAt: undefined }, context);
  if (state.kind !== 'between') return still(state);
  return still({ ...state, question: { kind: 'none' }, askAgainAt: context.now });
}
