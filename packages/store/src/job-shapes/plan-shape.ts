import type { FotaPlan, JobPlan, MessagePlan, Pacing, RadioPlan, WavePlan } from '@airlift/campaign';
import { z } from 'zod';
import { byKind, count, eui64, instant, type ShapeOf, sha256, shape, text } from '../record-shape.ts';

const RADIO: ShapeOf<RadioPlan> = { frequencyHz: count, dataRate: count };
const PACING: ShapeOf<Pacing> = { sleepMs: instant, paritySleepMs: instant, shortSleepMs: instant };
const IMAGE: ShapeOf<JobPlan['image']> = { sha256, sizeBytes: count, name: text };
const WAVES: ShapeOf<WavePlan> = {
  sizes: z.array(count),
  leastSuccess: z.number(),
  needsApproval: z.boolean(),
};

const ANY_PLAN: ShapeOf<Omit<FotaPlan, 'kind' | Exclude<keyof FotaPlan, keyof MessagePlan>>> = {
  jobId: text,
  filename: text,
  createdAt: instant,
  scheduledAt: instant,
  setupAt: instant,
  launchDelayS: instant.optional(),
  uplinkIntervalS: z.number().positive(),
  devEuis: z.array(eui64),
  multicastGroupId: count,
  multicastEui: eui64,
  scheduleSource: text,
  keepLog: z.boolean(),
  radio: shape(RADIO),
  pacing: shape(PACING),
  waves: shape(WAVES).optional(),
  image: shape(IMAGE),
};

/** `JobPlan` as it is stored. */
export const PLAN = byKind<JobPlan>({
  FOTA: {
    ...ANY_PLAN,
    descriptor: count,
    maxPacketOctets: z.int().min(1),
    parityFragments: count.optional(),
  },
  Message: {
    ...ANY_PLAN,
    messagePort: count,
    sessionTimeoutExponent: count.optional(),
    transmissions: count,
    confirmPort: count.optional(),
  },
});
