import { type SteadyMs, steadyMs } from '@airlift/kernel';
import { nextStep, type ParitySituation } from '../parity/index.ts';
import { lastGoal, mayStillJoin } from './limits.ts';
import type { SessionContext } from './session-context.ts';
import { type FrameEvent, type SessionEvent, type SessionStep, still } from './session-event.ts';
import { type ImageFormat, nbFragOf } from './session-format.ts';
import {
  type Broadcasting,
  type BroadcastPhase,
  baseOf,
  type GroupFrame,
  type SessionState,
  sessionEnd,
  sessionMs,
} from './session-state.ts';

const LONGEST_HOLD_MS = 30_000;
/** A device that has just answered listens in its own receive windows first. */
const AFTER_ANSWER_MS = 3_000;
/** While answers come in, how often the policy is asked what they are worth. */
const LOOK_EVERY_MS = 3_000;
const MOST_QUESTIONS = 64;
/** Of answers on their way up, as long as nothing is known. */
const ANSWER_LOSS = 0.1;
/** Devices that are on their way into the session are waited for so many of their uplinks. */
const LATE_UPLINKS = 3;
/** For check values that devices send after their last fragment. */
const CHECK_VALUES_MS = 20_000;
/** After the session a device is asked once it is heard; so many of its uplinks may get lost. */
const UPLINKS_AFTER = 2.5;

/**
 * The network server tells the fate of every frame, if need be after an hour of waiting for its share of the band; should
 * it never, the frame counts as refused after this.
 */
const FATE_DEADLINE_MS = 2 * 3_600_000;

/** When a broadcast wants a `due` event. */
export function broadcastDueAt(state: Broadcasting): SteadyMs {
  const { phase, plan, isPaused } = state;
  const end = sessionEnd(plan);
  if (isPaused) return end;
  switch (phase.kind) {
    case 'pacing':
    case 'holding':
      return phase.until;
    case 'listening':
      return steadyMs(Math.min(phase.until, phase.lookAt));
    case 'awaiting-late':
      return phase.until;
    case 'sending':
      return steadyMs(Math.min(phase.since + FATE_DEADLINE_MS, Math.max(phase.since, end)));
  }
}

/** One step of a broadcast. */
export function broadcastStep(state: Broadcasting, event: SessionEvent, context: SessionContext): SessionStep {
  switch (event.kind) {
    case 'due':
      return due(state, context);
    case 'frame':
      return event.fate === 'on-air' ? frameOnAir(state, event, context) : frameRefused(state, event, context);
    case 'frame-waits':
      return state.phase.kind === 'sending'
        ? still({ ...state, phase: { ...state.phase, waitsFor: event.cause } })
        : still(state);
    case 'member-moved':
      return memberMoved(state, context);
    case 'pause':
      return still({ ...state, isPaused: true });
    case 'resume':
      return resumed(state, context);
    case 'server-restarted':
      if (state.phase.kind !== 'sending') return still(state);
      if (isOver(state, context.now)) return end(state, context);
      if (state.isPaused) return still({ ...state, phase: { kind: 'pacing', until: context.now } });
      // The fate of a frame that was under way is unknown; its fragment is sent once more, under a new counter.
      return transmit(state, state.phase.frame, state.phase.refusals, context);
    case 'opened':
    case 'no-address':
    case 'stop':
      return still(state);
  }
}

/** Whether the step will ask the policy, which looks at every device. */
export function decidesNow(state: SessionState, event: SessionEvent, now: SteadyMs): boolean {
  if (state.kind !== 'broadcasting' || effective(state) < state.goal) return false;
  if (event.kind !== 'due' && event.kind !== 'member-moved' && event.kind !== 'resume') return false;
  const { phase } = state;
  switch (phase.kind) {
    case 'pacing':
      return now >= phase.until || event.kind === 'resume';
    case 'listening':
      return now >= phase.lookAt || now >= phase.until;
    case 'awaiting-late':
      return true;
    case 'sending':
    case 'holding':
      return false;
  }
}

function due(state: Broadcasting, context: SessionContext): SessionStep {
  const { phase, isPaused } = state;
  const { now } = context;
  if (isPaused) return isOver(state, now) ? end(state, context) : still(state);
  switch (phase.kind) {
    case 'pacing':
      return now < phase.until ? still(state) : nextFrame(state, context);
    case 'listening':
      return now < phase.until && now < phase.lookAt ? still(state) : decide(state, context);
    case 'awaiting-late':
      return now < phase.until ? still(state) : end(state, context);
    case 'holding':
      if (now < phase.until) return still(state);
      return isOver(state, now) ? end(state, context) : transmit(state, phase.frame, phase.refusals, context);
    case 'sending':
      if (isOver(state, now)) return end(state, context);
      if (now < phase.since + FATE_DEADLINE_MS) return still(state);
      return frameRefused(state, { ...phase, error: 'no-fate' }, context);
  }
}

/** Nothing is waited for that nobody needs any more. */
function memberMoved(state: Broadcasting, context: SessionContext): SessionStep {
  const { members, now } = context;
  const { phase } = state;
  // What devices say while it is paused is looked at when it goes on.
  if (state.isPaused && members.receiving > 0) return still(state);
  switch (phase.kind) {
    case 'listening': {
      if (members.receiving === 0) return afterAll(state, context);
      const soon = steadyMs(now + AFTER_ANSWER_MS);
      if (members.awaited === 0 && phase.until > soon) {
        return still({ ...state, phase: { ...phase, until: soon, lookAt: soon } });
      }
      return now >= phase.lookAt ? decide(state, context) : still(state);
    }
    case 'holding':
      return members.receiving === 0 ? afterAll(state, context) : still(state);
    case 'awaiting-late':
      return members.receiving > 0 || members.joining === 0 ? decide(state, context) : still(state);
    case 'pacing':
    case 'sending':
      return still(state);
  }
}

function resumed(state: Broadcasting, context: SessionContext): SessionStep {
  const next = { ...state, isPaused: false };
  if (isOver(state, context.now)) return end(next, context);
  return state.phase.kind === 'pacing' || state.phase.kind === 'holding'
    ? still({ ...next, phase: { kind: 'pacing', until: context.now } })
    : memberMoved(next, context);
}

/** Decides what goes on the air next, if anything. */
function nextFrame(state: Broadcasting, context: SessionContext): SessionStep {
  const { members, plan, format, now } = context;
  if (isOver(state, now)) return end(state, context);
  if (members.receiving === 0) return afterAll(state, context);
  if (plan.kind === 'Message' || format.kind === 'message') {
    return state.sent < state.goal
      ? transmit(state, { kind: 'message', number: state.sent + 1 }, 0, context)
      : end(state, context);
  }
  if (effective(state) < state.goal) return transmit(state, nextFragment(state, format), 0, context);
  if (plan.parityFragments === undefined) return decide(state, context);
  // A caller who fixed the number of parity fragments gets exactly that many, and one question.
  return state.questions === 0 ? transmit(state, { kind: 'status', number: 0 }, 0, context) : end(state, context);
}

function nextFragment(state: Broadcasting, { nbFrag }: ImageFormat): GroupFrame {
  // Parity of a single fragment is all zero: it is repeated.
  if (nbFrag === 1) return { kind: state.sent === 0 ? 'plain' : 'parity', number: 1 };
  const number = state.sent + 1;
  return { kind: number <= nbFrag ? 'plain' : 'parity', number };
}

/** Asks the policy. */
function decide(state: Broadcasting, context: SessionContext): SessionStep {
  const { members, plan, format, now } = context;
  if (isOver(state, now)) return end(state, context);
  if (members.receiving === 0) return afterAll(state, context);
  const isRoundOpen = state.roundUntil !== undefined && now < state.roundUntil && members.awaited > 0;
  if (format.kind === 'message') return end(state, context);
  if (plan.kind === 'FOTA' && plan.parityFragments !== undefined) {
    return isRoundOpen ? listen(state, now) : end(state, context);
  }
  const step = nextStep(situationOf(state, format, isRoundOpen, context));
  switch (step.do) {
    case 'send':
      return transmit({ ...state, goal: step.upTo }, nextFragment(state, format), 0, context);
    case 'repeat':
      return transmit({ ...state, goal: effective(state) + step.times }, nextFragment(state, format), 0, context);
    case 'ask-all':
    case 'ask-each':
      if (state.questions >= MOST_QUESTIONS) return end(state, context);
      return transmit(state, { kind: 'status', number: 0 }, 0, context);
    case 'wait':
      return isRoundOpen ? listen(state, now) : end(state, context);
    case 'end':
      return afterAll(state, context);
  }
}

function listen(state: Broadcasting, now: SteadyMs): SessionStep {
  const until = state.roundUntil ?? now;
  return still({
    ...state,
    phase: { kind: 'listening', until, lookAt: steadyMs(Math.min(until, now + LOOK_EVERY_MS)) },
  });
}

function situationOf(
  state: Broadcasting,
  { nbFrag }: ImageFormat,
  isRoundOpen: boolean,
  { members, pacing, now }: SessionContext,
): ParitySituation {
  const leftMs = Math.max(0, lastChance(state) - now);
  const inTime = effective(state) + Math.floor(leftMs / pacing.parityMs);
  return {
    nbFrag,
    sent: state.sent,
    repeats: state.repeats,
    lastNumber: Math.max(effective(state), Math.min(lastGoal(nbFrag), inTime)),
    devices: members.devices,
    askedAt: state.askedAt,
    isRoundOpen,
    priorLoss: undefined,
    answerLoss: ANSWER_LOSS,
    costs: { frameMs: pacing.parityMs, answerWindowMs: pacing.listenMs, unicastIsPrompt: false },
  };
}

function transmit(state: Broadcasting, frame: GroupFrame, refusals: number, { now }: SessionContext): SessionStep {
  const phase: BroadcastPhase = { kind: 'sending', frame, refusals, since: now, waitsFor: undefined };
  return { state: { ...state, phase }, effects: [{ kind: 'send', frame }], news: [] };
}

function frameOnAir(state: Broadcasting, { frame, at }: FrameEvent, context: SessionContext): SessionStep {
  if (state.phase.kind !== 'sending' || !isSame(state.phase.frame, frame)) return still(state);
  const { pacing, format } = context;
  switch (frame.kind) {
    case 'message':
      return still({ ...state, sent: frame.number, phase: { kind: 'pacing', until: steadyMs(at + pacing.plainMs) } });
    case 'status': {
      const until = steadyMs(at + pacing.listenMs);
      return {
        state: {
          ...state,
          questions: state.questions + 1,
          askedAt: state.sent,
          roundUntil: until,
          phase: { kind: 'listening', until, lookAt: steadyMs(Math.min(until, at + LOOK_EVERY_MS)) },
        },
        effects: [],
        news: ['status-requested'],
      };
    }
    case 'plain':
    case 'parity': {
      const isRepeat = format.kind === 'image' && format.nbFrag === 1 && state.sent === 1;
      const next = isRepeat ? { ...state, repeats: state.repeats + 1 } : { ...state, sent: frame.number };
      const isPlain = format.kind === 'image' && next.sent < format.nbFrag;
      const pauseMs = effective(next) >= state.goal ? pacing.shortMs : isPlain ? pacing.plainMs : pacing.parityMs;
      return still({ ...next, phase: { kind: 'pacing', until: steadyMs(at + pauseMs) } });
    }
  }
}

function frameRefused(
  state: Broadcasting,
  { frame, error }: Pick<FrameEvent, 'frame' | 'error'>,
  { now }: SessionContext,
): SessionStep {
  if (state.phase.kind !== 'sending' || !isSame(state.phase.frame, frame)) return still(state);
  const refusals = state.phase.refusals + 1;
  const pauseMs = Math.min(LONGEST_HOLD_MS, 500 * 2 ** Math.min(refusals, 10));
  const until = steadyMs(now + pauseMs);
  return still({ ...state, phase: { kind: 'holding', frame, refusals, until, because: error ?? 'refused' } });
}

/** Nobody who listens needs anything more: those who are on their way are waited for, and then it is over. */
function afterAll(state: Broadcasting, context: SessionContext): SessionStep {
  const { members, plan, format, now } = context;
  // Whoever holds nothing is not asked into the rest of a session that sends the image.
  const isJoinable = !state.isFresh || mayStillJoin(effective(state), nbFragOf(format));
  const mayWait = plan.kind === 'FOTA' && plan.parityFragments === undefined && isJoinable && members.joining > 0;
  if (!mayWait || state.phase.kind === 'awaiting-late') return end(state, context);
  const until = steadyMs(Math.min(lastChance(state), now + LATE_UPLINKS * plan.uplinkIntervalS * 1000));
  return until <= now ? end(state, context) : still({ ...state, phase: { kind: 'awaiting-late', until } });
}

function end(state: Broadcasting, { members, plan, now }: SessionContext): SessionStep {
  const afterMs = UPLINKS_AFTER * plan.uplinkIntervalS * 1000;
  const isUnsent = members.receiving > 0 && effective(state) === effective(state.began);
  const isMoot = members.receiving === 0 || isUnsent;
  const isMessage = plan.kind === 'Message' && plan.confirmPort === undefined;
  const until = isMoot || isMessage ? now : Math.max(now + CHECK_VALUES_MS, sessionEnd(state.plan) + afterMs);
  return {
    state: { ...baseOf(state), kind: 'closing', plan: state.plan, until: steadyMs(until), isUnsent },
    effects: [],
    news: ['broadcast-over'],
  };
}

/** From now on the devices have gone back to their own class, or will before another frame can reach them. */
function isOver(state: Broadcasting, now: SteadyMs): boolean {
  return now >= lastChance(state);
}

function lastChance({ plan }: Broadcasting): number {
  return sessionEnd(plan) - Math.min(1_000, sessionMs(plan) / 4);
}

/** Fragments that went out, those counted that went out again under their number. */
export function effective({ sent, repeats }: { readonly sent: number; readonly repeats: number }): number {
  return sent + repeats;
}

function isSame(a: GroupFrame, b: GroupFrame): boolean {
  return a.kind === b.kind && a.number === b.number;
}
