import type { Entry } from '../engine/entries.ts';
import { pacingOf } from '../engine/pacing.ts';
import type { JobPlan } from '../job-plan.ts';
import { plannedGoal, usualParity } from '../session/limits.ts';
import { sessionTimes, withinBudgetMs } from '../session/open-session.ts';
import type { SessionFormat } from '../session/session-format.ts';

const HOUR_MS = 3_600_000;

/** The earliest, the expected and the latest value of a time, seconds from now. */
export interface Spread {
  readonly earliestS: number;
  readonly expectedS: number;
  readonly latestS: number;
}

/** One session as it would be opened. */
export interface SessionPreview {
  /** The wave of devices for which it is opened, from 1. */
  readonly wave: number;
  readonly format: SessionFormat;
  readonly devices: number;
  /** Frames to the group at the assumed loss. */
  readonly plainFrames: number;
  readonly parityFrames: number;
  readonly statusFrames: number;
  /** Of all frames to the group on one gateway. */
  readonly airtimeMs: number;
  /** Airtime on one gateway in the busiest hour. */
  readonly busiestHourMs: number;
  /** Devices leave the session by themselves so long after its start. */
  readonly timeOutS: number;
  /** Of the first frame. */
  readonly start: Spread;
  /** Without loss, at the assumed loss, and after as many frames as the session is planned for. */
  readonly end: Spread;
}

/** One session of a job that is opened for the devices at `from`. */
export function previewSession({
  plan,
  format,
  wave,
  devices,
  from,
}: {
  readonly plan: JobPlan;
  readonly format: SessionFormat;
  readonly wave: number;
  readonly devices: readonly Entry[];
  readonly from: Spread;
}): SessionPreview {
  const invited = {
    count: devices.length,
    waitForUplinks: devices.some(({ listensAlways }) => !listensAlways),
    startSlackS: Math.max(0, ...devices.map(({ traits }) => traits.profile.multicast.startSlackS)),
  };
  const pacing = pacingOf(plan, format);
  const { delayMs, waitMs, timeOutExponent } = sessionTimes({ plan, isFresh: true, format, pacing, invited });
  const { plain, parity, most } = framesOf(plan, format);
  const status = format.kind === 'image' ? 1 : 0;
  const { airtimeMs, dutyCycle } = format.carrier;
  const spanS = (parityFrames: number, questions: number): number => {
    const pacedMs = plain * pacing.plainMs + parityFrames * pacing.parityMs;
    const onAirMs = withinBudgetMs(plain + parityFrames, pacing.plainMs, airtimeMs, dutyCycle, pacedMs);
    return (onAirMs + questions * pacing.listenMs) / 1000;
  };
  const leadS = delayMs / 1000 + invited.startSlackS;
  // Where the launch is fixed, a session waits only when nobody is ready.
  const waitS = plan.launchDelayS === undefined ? waitMs / 1000 : 0;
  const start = {
    earliestS: from.earliestS + leadS,
    expectedS: from.expectedS + leadS,
    latestS: from.latestS + leadS + waitS,
  };
  const total = plain + parity + status;
  const inOneHour = Math.min(total, Math.ceil(HOUR_MS / pacing.plainMs));
  return {
    wave,
    format,
    devices: devices.length,
    plainFrames: plain,
    parityFrames: parity,
    statusFrames: status,
    airtimeMs: total * airtimeMs,
    busiestHourMs: Math.min(inOneHour * airtimeMs, dutyCycle * HOUR_MS),
    timeOutS: 2 ** timeOutExponent,
    start,
    end: {
      earliestS: start.earliestS + spanS(0, 0),
      expectedS: start.expectedS + spanS(parity, status),
      latestS: start.latestS + spanS(most, status),
    },
  };
}

function framesOf(
  plan: JobPlan,
  format: SessionFormat,
): { readonly plain: number; readonly parity: number; readonly most: number } {
  if (plan.kind === 'Message' || format.kind === 'message') {
    return { plain: plan.kind === 'Message' ? plan.transmissions : 1, parity: 0, most: 0 };
  }
  const { nbFrag } = format;
  const fixed = plan.parityFragments;
  return { plain: nbFrag, parity: fixed ?? usualParity(nbFrag), most: fixed ?? plannedGoal(nbFrag) - nbFrag };
}
