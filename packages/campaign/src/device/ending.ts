import type { ReasonCode } from '../reasons.ts';
import type { DeviceContext, DeviceEvent, DeviceStep, VerdictLimit } from './device-event.ts';
import type { Between, DeviceState, Receiving } from './device-state.ts';
import { holdsPart } from './holdings.ts';
import { done, isChecked, isHelpable, lastWordAt, owesCheck } from './reception.ts';
import { failed, mayBeListening, still, unserved, unverified } from './set-up.ts';

/** A device that asks more often than this hears no answer. */
const PATIENT_CHECKS = 5;

type End = Extract<DeviceEvent, { kind: 'end' }>;

/** The verdict on a device for which no session will come any more. */
export function endStep(state: DeviceState, event: End, context: DeviceContext): DeviceStep {
  switch (state.kind) {
    case 'pending':
      return still(failed(event.limit === 'no-address' ? 'no-multicast-address' : 'not-begun', state, context));
    case 'held':
      return still(failed('not-begun', state, context));
    case 'ready':
      return still(unserved(event.hasJoined ? 'no-answer' : 'never-joined', state, context));
    case 'setting-up': {
      if (event.limit === 'no-address') return still(unserved('no-multicast-address', state, context));
      if (!event.hasJoined) return still(unserved('never-joined', state, context));
      if (state.isRestarted) return still(unserved('restarted', state, context));
      // It may be listening, and nothing says that it did not hear everything.
      if (mayBeListening(state) && !event.neverSent) return still(unverified('no-answer', state, context));
      const hasClockTrouble = state.todo.includes('clock') || state.resyncs > 0;
      const heardPart = state.heard.found !== undefined;
      const reason = heardPart ? 'not-complete' : hasClockTrouble ? 'clock-not-set' : 'no-answer';
      return still(unserved(reason, state, context));
    }
    case 'receiving':
    case 'between':
      return still(receptionVerdict(state, event, context));
    case 'done':
    case 'unverified':
    case 'failed':
    case 'skipped':
      return still(state);
  }
}

function receptionVerdict(
  state: Extract<DeviceState, { kind: 'receiving' | 'between' }>,
  { neverSent, limit }: End,
  context: DeviceContext,
): DeviceState {
  if (neverSent) return failed('not-sent', state, context);
  if (context.kind === 'Message') {
    if (state.isUnconfirmed) return unverified('no-answer', state, context);
    return context.waitsForUplink ? unverified('silent', state, context) : done('session-agreed', state, context);
  }
  const { found } = state.heard;
  if (found === undefined) return unverified(silence(state), state, context);
  switch (found.kind) {
    case 'no-session':
      return failed('restarted', state, context);
    case 'corrupt':
      return failed('integrity-mismatch', state, context);
    case 'complete':
      // One that stopped asking soon has heard the answer; Dots give up after ten times, and delete their image then.
      return isChecked(state.heard) && state.heard.checks > PATIENT_CHECKS
        ? unverified('not-acknowledged', state, context)
        : done(found.proof, state, context);
    case 'impossible':
      return unverified('silent', state, context);
    case 'incomplete': {
      if (found.memory === 'exhausted') return failed('memory-exhausted', state, context);
      // What went out after its last word may have completed it.
      const mayHaveMore = context.air.sent > lastWordAt(state.heard);
      if (mayHaveMore) return unverified('not-confirmed', state, context);
      return failed(limitReason(limit), state, context);
    }
    case 'undecided':
      return unverified(owesCheck(context) ? 'not-verified' : 'not-confirmed', state, context);
  }
}

/** Why nothing is known of a device: it said nothing, or nothing that could be made sense of. */
function silence({ isUnconfirmed, heard }: Receiving | Between): ReasonCode {
  if (heard.answers.some(({ asked }) => asked.sentHigh > 0)) return 'not-confirmed';
  return isUnconfirmed ? 'no-answer' : 'silent';
}

function limitReason(limit: VerdictLimit): ReasonCode {
  switch (limit) {
    case 'none':
    case 'parity-fixed':
      return 'not-complete';
    case 'fragments':
      return 'beyond-limit';
    case 'sessions':
      return 'too-many-sessions';
    case 'no-address':
      return 'no-multicast-address';
  }
}

/** Ends a device's part in a job that was stopped; devices that were set up are asked to let go of it. */
export function abortStep(state: DeviceState, reason: 'aborted' | 'halted', context: DeviceContext): DeviceStep {
  switch (state.kind) {
    case 'pending':
    case 'held':
      return still(failed(reason, state, context));
    case 'setting-up':
    case 'ready':
    case 'receiving':
    case 'between':
      return { state: failed(reason, state, context), ask: ['release'] };
    case 'done':
    case 'unverified':
    case 'failed':
    case 'skipped':
      return still(state);
  }
}

/** A device that says nothing in so many sessions will not do so in another. */
const MOST_VAIN_SESSIONS = 2;

/** Whether a further session could serve the device, and how. @param nbFrag of the image as the device gets it */
export function wantsAnother(state: DeviceState, nbFrag: number): 'no' | 'parity' | 'everything' {
  switch (state.kind) {
    case 'setting-up':
      // One that was never asked came when it was too late for the session.
      if (!state.isHeard && state.asked > 0) return 'no';
      return holdsPart(state.heard, nbFrag) ? 'parity' : 'everything';
    case 'ready':
      return holdsPart(state.heard, nbFrag) ? 'parity' : 'everything';
    case 'between':
      return betweenWants(state, nbFrag);
    case 'pending':
    case 'held':
    case 'receiving':
    case 'done':
    case 'unverified':
    case 'failed':
    case 'skipped':
      return 'no';
  }
}

function betweenWants({ heard, isUnconfirmed, isAlive }: Between, nbFrag: number): 'no' | 'parity' | 'everything' {
  const { found } = heard;
  if (found === undefined || found.kind === 'impossible') {
    const isHopeful = (isUnconfirmed || isAlive) && heard.vainSessions < MOST_VAIN_SESSIONS;
    return isHopeful ? 'everything' : 'no';
  }
  switch (found.kind) {
    case 'no-session':
      return 'everything';
    case 'corrupt':
    case 'complete':
      return 'no';
    case 'incomplete':
      // Too many losses because it came late may be few enough from the beginning.
      if (found.memory === 'exhausted') return heard.from > 1 ? 'everything' : 'no';
      return holdsPart(heard, nbFrag) ? 'parity' : 'everything';
    case 'undecided':
      return isHelpable(heard) ? 'parity' : 'no';
  }
}
