import type { DeviceAnswer } from '../answers.ts';
import { type Finding, type HeardAnswer, judgeCrc64, judgeStatus, type StatusAnswer } from '../evidence/index.ts';
import { FRAG_INDEX } from '../questions.ts';
import { confirmsByCrc64, countingOf } from '../traits.ts';
import type { DeviceContext, DeviceEvent } from './device-event.ts';
import {
  type Between,
  type DeviceState,
  type Evidence,
  type Heard,
  heardOf,
  isSettled,
  type Receiving,
} from './device-state.ts';
import { failed, freeAtOf } from './set-up.ts';

type Uplink = Extract<DeviceEvent, { kind: 'uplink' }>;

/** Fragments that may have gone out between a question of which nothing is known and the answer. */
const FRAMES_IN_FLIGHT = 8;
/** Answers that are kept: the first ones tell what was before the session, the last ones what changes. */
const FIRST_KEPT = 2;
const LAST_KEPT = 8;

/**
 * A device that proves to hold the image is done, whatever was thought of it: its answer to the session may have been
 * lost, or its proof in an earlier session.
 */
export function proofIn(state: DeviceState, event: Uplink, context: DeviceContext): DeviceState | undefined {
  if (state.kind === 'pending' || state.kind === 'held' || state.kind === 'done' || state.kind === 'skipped') {
    return undefined;
  }
  if (context.kind === 'Message') {
    const hasMessage = context.air.sent > 0;
    return event.confirms && hasMessage ? done('uplink', state, context) : undefined;
  }
  if (event.crc64 === 'match') return checked(state, context);
  if (event.crc32 === 'match') return done('crc32', state, context);
  // A device may still speak of another block while this one is on its way.
  if (context.air.sentAtMost < context.nbFrag) return undefined;
  for (const answer of event.answers) {
    if (answer.kind === 'session-complete') return done('session-complete', state, context);
    const isReceived = answer.kind === 'block-received' && answer.fragIndex === FRAG_INDEX && !answer.micError;
    if (isReceived) return done('block-mic', state, context);
  }
  return undefined;
}

/**
 * A Dot keeps its image once it is told that the check value is right, and deletes it when it never is: it is done when
 * the answer has left.
 */
function checked(state: DeviceState, context: DeviceContext): DeviceState {
  if (!('heard' in state) || isSettled(state) || state.heard === undefined) return done('crc64', state, context);
  const found = judgeCrc64('match');
  const heard = { ...state.heard, found, checks: state.heard.checks + 1 };
  return { ...state, heard, ...(state.kind === 'between' ? { mayProve: true } : {}) };
}

/** The answer to a check value has left. */
export function checkAnswered(state: DeviceState, context: DeviceContext): DeviceState {
  return !isSettled(state) && isChecked(heardOf(state)) ? done('crc64', state, context) : state;
}

/** The check value of the device was right. */
export function isChecked(heard: Heard | undefined): boolean {
  return heard?.found?.kind === 'complete' && heard.found.proof === 'crc64';
}

/** Takes what a device says of its reception. */
export function receptionAnswer<S extends Receiving | Between>(
  state: S,
  answer: DeviceAnswer,
  event: Uplink,
  context: DeviceContext,
): DeviceState {
  switch (answer.kind) {
    case 'status':
    case 'no-session':
      return statusAnswer(state, answer, context);
    case 'session':
      // The answer came after the start, or after that of a device that was asked again.
      if (answer.groupId !== context.mcGroupId || answer.timeToStartS === undefined) return state;
      return { ...state, isUnconfirmed: false };
    case 'crc64':
      return event.crc64 === 'mismatch' ? failed('integrity-mismatch', state, context) : state;
    case 'file-report':
      return event.crc32 === 'mismatch' ? failed('integrity-mismatch', state, context) : state;
    case 'block-received': {
      const isWrong = answer.micError && answer.fragIndex === FRAG_INDEX && context.air.sentAtMost >= context.nbFrag;
      return isWrong ? failed('integrity-mismatch', state, context) : state;
    }
    case 'group':
    case 'fragmentation':
    case 'session-complete':
    case 'time-request':
      return state;
  }
}

function statusAnswer<S extends Receiving | Between>(
  state: S,
  answer: Extract<DeviceAnswer, { kind: 'status' | 'no-session' }>,
  context: DeviceContext,
): DeviceState {
  // Its check value has said more than these numbers can.
  if (context.kind === 'Message' || isChecked(state.heard)) return state;
  const { heard, found } = judged(state.heard, answer, context);
  if (found.kind === 'complete') return done(found.proof, { ...state, heard }, context);
  if (found.kind === 'corrupt') return failed('integrity-mismatch', { ...state, heard }, context);
  // Evidence of nothing, but that the device is there.
  if (found.kind === 'impossible') {
    return state.kind === 'receiving' ? { ...state, heard, isAlive: true } : { ...state, heard };
  }
  return state.kind === 'receiving'
    ? { ...state, heard, isUnconfirmed: false, silentFor: 0, isAlive: false }
    : { ...state, heard, isUnconfirmed: false, mayProve: mayProve(heard, context) };
}

/** Whether another word of a device could show that it is complete. */
export function mayProve(heard: Heard, context: DeviceContext): boolean {
  const { found } = heard;
  if (found === undefined) return true;
  switch (found.kind) {
    case 'impossible':
      return true;
    case 'undecided':
      return isHelpable(heard) || owesCheck(context);
    case 'incomplete':
      // What went out after its last word may have completed it.
      return found.memory !== 'exhausted' && context.air.sent > lastWordAt(heard);
    case 'complete':
      return isChecked(heard);
    case 'no-session':
    case 'corrupt':
      return false;
  }
}

/** So many answers that leave it open, with more fragments before each: the device will never prove anything. */
const VAIN_ANSWERS = 8;

/** Whether more fragments may bring a device that could not prove anything so far to do so. */
export function isHelpable({ found, undecidedFor }: Heard): boolean {
  return found?.kind === 'undecided' && !found.isSettled && undecidedFor < VAIN_ANSWERS;
}

/** The last fragment number that the device can have had in mind when it last spoke. */
export function lastWordAt({ answers }: Heard): number {
  return answers.at(-1)?.asked.sentLow ?? 0;
}

/** Adds an answer to those before it, and tells what they prove together. */
export function judged(
  heard: Heard,
  answer: Extract<DeviceAnswer, { kind: 'status' | 'no-session' }>,
  context: DeviceContext,
): { readonly heard: Heard; readonly found: Finding } {
  const { traits, nbFrag, hasOldNumbers, air } = context;
  const said: StatusAnswer | 'no-session' =
    answer.kind === 'no-session'
      ? 'no-session'
      : {
          fragIndex: answer.fragIndex,
          nbFragReceived: answer.nbFragReceived,
          missingFrag: answer.missingFrag,
          memoryError: answer.memoryError,
          ...(answer.micError === undefined ? {} : { micError: answer.micError }),
        };
  const next: HeardAnswer = {
    said,
    asked: {
      fragIndex: FRAG_INDEX,
      sentLow: Math.min(air.sent, air.askedAt ?? Math.max(0, air.sent - FRAMES_IN_FLIGHT)),
      sentHigh: air.sent,
      sentByAnswer: air.sentAtMost,
      repeats: air.repeats,
      ...(heard.from > 1 ? { unaired: [{ first: 1, last: heard.from - 1 }] } : {}),
    },
  };
  const staleNumbers = hasOldNumbers || heard.isFurther ? 'possible' : 'excluded';
  const found = judgeStatus(countingOf(traits), { nbFrag, staleNumbers }, next, heard.answers);
  return {
    found,
    heard: {
      ...heard,
      answers: kept([...heard.answers, next]),
      found: found.kind === 'impossible' ? heard.found : found,
      undecidedFor: found.kind === 'undecided' ? heard.undecidedFor + 1 : 0,
    },
  };
}

function kept(answers: readonly HeardAnswer[]): readonly HeardAnswer[] {
  if (answers.length <= FIRST_KEPT + LAST_KEPT) return answers;
  return [...answers.slice(0, FIRST_KEPT), ...answers.slice(-LAST_KEPT)];
}

export function done(evidence: Evidence, state: DeviceState, context: DeviceContext): DeviceState {
  return { kind: 'done', evidence, at: context.now, heard: heardOf(state), freeAt: freeAtOf(state, context) };
}

/** The device still has to confirm its image, which its numbers do not do for it. */
export function owesCheck({ traits }: DeviceContext): boolean {
  return confirmsByCrc64(traits);
}
