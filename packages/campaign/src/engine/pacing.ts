import type { JobPlan } from '../job-plan.ts';
import { answerSpanMs } from '../questions.ts';
import type { SessionPacing } from '../session/session-context.ts';
import type { SessionFormat } from '../session/session-format.ts';

/** Room between two frames of one transmitter. */
const FRAME_GAP_MS = 100;

/** The pauses of a job's sessions. */
export function pacingOf({ pacing, devEuis }: JobPlan, { carrier }: SessionFormat): SessionPacing {
  const shortestMs = carrier.airtimeMs + FRAME_GAP_MS;
  return {
    plainMs: Math.max(pacing.sleepMs, shortestMs),
    parityMs: Math.max(pacing.paritySleepMs, shortestMs),
    shortMs: Math.max(pacing.shortSleepMs, shortestMs),
    listenMs: answerSpanMs(devEuis.length),
  };
}
