import { type DeviceState, type Heard, type Question, REASONS, type SetupStep } from '@airlift/campaign';
import { z } from 'zod';
import { byKind, count, instant, oneOf, type ShapeOf, shape, text } from '../record-shape.ts';
import { evidence, FINDING, heardAnswer } from './evidence-shape.ts';

export const SETUP_STEPS: Readonly<Record<SetupStep, true>> = {
  clock: true,
  fragmentation: true,
  group: true,
  session: true,
};

export const reason = z.enum(Object.keys(REASONS));

const HEARD: ShapeOf<Heard> = {
  answers: z.array(heardAnswer),
  found: FINDING.optional(),
  undecidedFor: count,
  checks: count,
  vainSessions: count,
  mayHold: z.boolean(),
  isFurther: z.boolean(),
  from: count,
  sessionCnt: count.optional(),
};
const heard = shape(HEARD);

const QUESTION = byKind<Question>({ none: {}, queued: {}, 'on-air': {} });

const UNSERVED = { reason, at: instant, heard: heard.optional(), freeAt: instant.optional() };

/** `DeviceState` as it is stored. */
export const DEVICE_STATE = byKind<DeviceState>({
  pending: {},
  held: { by: text, until: instant.optional() },
  'setting-up': {
    session: count,
    todo: z.array(oneOf<SetupStep>(SETUP_STEPS)),
    question: QUESTION,
    askAgainAt: instant.optional(),
    asked: count,
    resyncs: count,
    refusals: count,
    isHeard: z.boolean(),
    mayListen: z.boolean(),
    startGpsS: count.optional(),
    isRestarted: z.boolean(),
    isInvited: z.boolean(),
    heard,
  },
  ready: { session: count, heard },
  receiving: {
    session: count,
    heard,
    silentFor: count,
    isAlive: z.boolean(),
    isUnconfirmed: z.boolean(),
    startGpsS: count.optional(),
    isInvited: z.boolean(),
    asked: count,
  },
  between: {
    session: count,
    heard,
    isUnconfirmed: z.boolean(),
    isAlive: z.boolean(),
    mayProve: z.boolean(),
    freeAt: instant,
    question: QUESTION,
    asked: count,
    askAgainAt: instant.optional(),
  },
  done: { evidence, at: instant, heard: heard.optional(), freeAt: instant.optional() },
  unverified: UNSERVED,
  failed: UNSERVED,
  skipped: { reason, at: instant },
});
