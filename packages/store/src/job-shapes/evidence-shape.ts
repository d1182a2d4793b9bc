import type {
  Asking,
  Evidence,
  Finding,
  HeardAnswer,
  ImpossibleBecause,
  NumberSpan,
  Proof,
  ReceptionBounds,
  StatusAnswer,
} from '@airlift/campaign';
import { z } from 'zod';
import { byKind, count, oneOf, type ShapeOf, shape } from '../record-shape.ts';

const PROOFS: Readonly<Record<Proof, true>> = {
  'status-lossless': true,
  'status-nothing-missing': true,
  'status-frozen': true,
  'status-surplus': true,
  'block-mic': true,
  crc64: true,
  crc32: true,
};
const proof = oneOf<Proof>(PROOFS);

/** `Evidence` as it is stored. */
export const evidence = oneOf<Evidence>({
  ...PROOFS,
  'session-complete': true,
  'session-agreed': true,
  uplink: true,
});

const STATUS: ShapeOf<StatusAnswer> = {
  fragIndex: count,
  nbFragReceived: count,
  missingFrag: count,
  memoryError: z.boolean(),
  micError: z.boolean().optional(),
};

const SPAN: ShapeOf<NumberSpan> = { first: count, last: count };

const ASKING: ShapeOf<Asking> = {
  fragIndex: count,
  sentLow: count,
  sentHigh: count,
  sentByAnswer: count,
  repeats: count.optional(),
  unaired: z.array(shape(SPAN)).optional(),
};

const ANSWER: ShapeOf<HeardAnswer> = {
  said: z.union([z.literal('no-session'), shape(STATUS)]),
  asked: shape(ASKING),
};

/** `HeardAnswer` as it is stored. */
export const heardAnswer = shape(ANSWER);

const MISSING: ShapeOf<ReceptionBounds['missing']> = {
  atLeast: z.number(),
  likely: z.number(),
  atMost: z.number(),
};

const LOSSES: ShapeOf<NonNullable<ReceptionBounds['losses']>> = {
  plain: z.number(),
  rateAtMost: z.number(),
  lastNumber: count,
  tellingRun: z.number(),
};

const BOUNDS: ShapeOf<ReceptionBounds> = {
  at: count,
  missing: shape(MISSING),
  heardAtLeast: z.number(),
  lossRate: z.number().optional(),
  losses: shape(LOSSES).optional(),
};

const reception = shape(BOUNDS);

/** `Finding` as it is stored. */
export const FINDING = byKind<Finding>({
  impossible: {
    why: oneOf<ImpossibleBecause>({
      'other-index': true,
      'more-than-sent': true,
      'octets-swapped': true,
      contradictory: true,
      placeholder: true,
    }),
  },
  'no-session': {},
  incomplete: {
    reception,
    memory: oneOf<Extract<Finding, { kind: 'incomplete' }>['memory']>({
      enough: true,
      'in-doubt': true,
      exhausted: true,
    }),
  },
  undecided: {
    reception,
    memory: oneOf<Extract<Finding, { kind: 'undecided' }>['memory']>({ enough: true, 'in-doubt': true }),
    provableFrom: z.number().optional(),
    isSettled: z.boolean(),
  },
  complete: { proof, errorRate: z.number() },
  corrupt: { by: proof },
});
