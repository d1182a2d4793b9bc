import type {
  BroadcastPhase,
  GroupFrame,
  Progress,
  SessionBase,
  SessionPlan,
  SessionState,
  WaitCause,
} from '@airlift/campaign';
import { z } from 'zod';
import { byKind, count, instant, oneOf, type ShapeOf, shape, text, uint32 } from '../record-shape.ts';

/** The key is checked where it is opened. */
const PLAN: ShapeOf<SessionPlan> = {
  groupId: text,
  mcAddr: uint32,
  mcKey: text,
  sessionTimeGpsS: count,
  launchAt: instant,
  startSlackMs: z.number(),
  silentFrom: instant,
  gatherUntil: instant,
  timeOutExponent: count.max(15),
  firstFCnt: uint32,
};

export const frameKind = oneOf<GroupFrame['kind']>({ plain: true, parity: true, status: true, message: true });
const FRAME: ShapeOf<GroupFrame> = { kind: frameKind, number: count };
export const frame = shape(FRAME);

export const waitCause = oneOf<WaitCause>({ transmitter: true, 'duty-cycle': true, 'no-gateway': true });

const PHASE = byKind<BroadcastPhase>({
  pacing: { until: instant },
  sending: { frame, refusals: count, since: instant, waitsFor: waitCause.optional() },
  holding: { frame, refusals: count, until: instant, because: text },
  listening: { until: instant, lookAt: instant },
  'awaiting-late': { until: instant },
});

const PROGRESS: ShapeOf<Progress> = { sent: count, repeats: count };

const BASE: ShapeOf<SessionBase> = {
  ...PROGRESS,
  number: z.int().min(1),
  formatKey: text,
  round: count,
  began: shape(PROGRESS),
  isFresh: z.boolean(),
  askedAt: count.optional(),
};

const plan = shape(PLAN);

/** `SessionState` as it is stored, its key sealed. */
export const SESSION_STATE = byKind<SessionState>({
  opening: { ...BASE, since: instant, notBefore: instant },
  setup: { ...BASE, plan, isLaunched: z.boolean(), lookAt: instant, isPaused: z.boolean() },
  broadcasting: {
    ...BASE,
    plan,
    phase: PHASE,
    isPaused: z.boolean(),
    goal: count,
    questions: count,
    roundUntil: instant.optional(),
  },
  closing: { ...BASE, plan, until: instant, isUnsent: z.boolean() },
  ended: {
    ...BASE,
    why: oneOf<Extract<SessionState, { kind: 'ended' }>['why']>({
      served: true,
      unserved: true,
      unsent: true,
      stopped: true,
      'no-address': true,
    }),
    groupId: text.optional(),
  },
});
