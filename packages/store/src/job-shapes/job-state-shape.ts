import type { Carrier, ImageFormat, JobControl, JobOutcome, JobState, SessionFormat } from '@airlift/campaign';
import { z } from 'zod';
import { byKind, count, instant, oneOf, type ShapeOf, shape, text } from '../record-shape.ts';

const CARRIER: ShapeOf<Carrier> = {
  region: text,
  frequencyHz: count,
  dataRate: count,
  airtimeMs: z.number(),
  dutyCycle: z.number(),
};

const carrier = shape(CARRIER);

const FORMAT = byKind<SessionFormat>({
  image: {
    key: text,
    carrier,
    fPort: count,
    fragIndexBase: z.union([z.literal(0), z.literal(1)]),
    codeRule: oneOf<ImageFormat['codeRule']>({ v1: true, v2r: true, v2a: true }),
    fragSize: z.int().min(1),
    nbFrag: z.int().min(1),
    padding: count,
  },
  message: { key: text, carrier, fPort: count },
});

const CONTROL = byKind<JobControl>({
  going: {},
  paused: { since: instant },
  'awaiting-approval': { since: instant },
});

export const outcome = oneOf<JobOutcome>({ served: true, aborted: true, halted: true });

/** `JobState` as it is stored. */
export const JOB_STATE = byKind<JobState>({
  scheduled: {},
  waiting: { since: instant, devicesHeld: count },
  running: { startedAt: instant, control: CONTROL, wave: count, formats: z.array(FORMAT), percent: z.number() },
  complete: { startedAt: instant, completedAt: instant, outcome, freeAt: instant, formats: z.array(FORMAT) },
  cancelled: { at: instant },
});
