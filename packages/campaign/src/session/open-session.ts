import { type GpsMs, type SteadyMs, steadyMs } from '@airlift/kernel';
import type { JobPlan } from '../job-plan.ts';
import { plannedGoal } from './limits.ts';
import type { SessionPacing } from './session-context.ts';
import type { SessionFormat } from './session-format.ts';
import { type SessionBase, type SessionPlan, sessionEnd, sessionMs } from './session-state.ts';

/** Multicast counters begin here at the lowest, so that the counter of an undisturbed broadcast equals the fragment number. */
const FIRST_FCNT = 1;
const SHORTEST_EXPONENT = 8;
const LONGEST_EXPONENT = 15;
/** Questions that an ordinary session needs. */
const EXPECTED_QUESTIONS = 3;
const VERIFICATION_MS = 60_000;
/** A device of class A is mostly through its set-up after so many of its uplinks. */
const UPLINKS_BEFORE_LAUNCH = 2.5;
/** A device that is not listening has sent an uplink by then. */
const UPLINKS_OF_SILENCE = 2.5;
/** One that listens always is asked again within seconds. */
const PROMPT_SILENCE_MS = 10_000;
/** After the start devices that are late are waited for so many uplinks more, and at least so long. */
const UPLINKS_OF_GRACE = 12;
const SHORTEST_GRACE_MS = 60_000;
/** Devices that listen always take so long; each one more adds what its downlinks take of the transmitter. */
const PROMPT_LAUNCH_MS = 15_000;
const LAUNCH_MS_PER_DEVICE = 300;
const GRACE_MS_PER_DEVICE = 1_000;
const HOUR_MS = 3_600_000;

/** The devices that a session is opened for. */
export interface Invited {
  readonly count: number;
  /** Some of them hear downlinks after their own uplinks only. */
  readonly waitForUplinks: boolean;
  /** From the start of a session until the slowest of them listens, seconds. */
  readonly startSlackS: number;
}

/** Fixes a session that is opened `now`. `gpsNowMs` is the GPS time of that instant. */
export function planSession({
  plan,
  base,
  format,
  pacing,
  invited,
  groupId,
  address,
  mcKey,
  now,
  gpsNowMs,
}: {
  readonly plan: JobPlan;
  readonly base: SessionBase;
  readonly format: SessionFormat;
  readonly pacing: SessionPacing;
  readonly invited: Invited;
  readonly groupId: string;
  readonly address: { readonly mcAddr: number; readonly nextFCnt: number };
  /** 16 octets, hexadecimal. */
  readonly mcKey: string;
  readonly now: SteadyMs;
  readonly gpsNowMs: GpsMs;
}): SessionPlan {
  const { delayMs, waitMs, timeOutExponent } = sessionTimes({ plan, isFresh: base.isFresh, format, pacing, invited });
  // SessionTime is in whole seconds; launching on such a one keeps both sides on the same instant.
  const sessionTimeGpsS = Math.ceil((gpsNowMs + delayMs) / 1000);
  const launchAt = steadyMs(now + (sessionTimeGpsS * 1000 - gpsNowMs));
  return {
    groupId,
    mcAddr: address.mcAddr,
    mcKey,
    sessionTimeGpsS,
    launchAt,
    startSlackMs: invited.startSlackS * 1000,
    silentFrom: steadyMs(launchAt + Math.min(waitMs, silenceMs(plan, invited))),
    gatherUntil: steadyMs(launchAt + waitMs),
    timeOutExponent,
    firstFCnt: Math.max(FIRST_FCNT, address.nextFCnt),
  };
}

/** How long a session waits, and how long it lasts. */
export interface SessionTimes {
  /** From the opening to the start. */
  readonly delayMs: number;
  /** How long devices are waited for after the start. */
  readonly waitMs: number;
  /** The session lasts 2^n seconds. */
  readonly timeOutExponent: number;
}

/** `isFresh`: the image is sent from its beginning. */
export function sessionTimes({
  plan,
  isFresh,
  format,
  pacing,
  invited,
}: {
  readonly plan: JobPlan;
  readonly isFresh: boolean;
  readonly format: SessionFormat;
  readonly pacing: SessionPacing;
  readonly invited: Invited;
}): SessionTimes {
  const delayMs = launchDelayMs(plan, invited);
  const graceMs = gracePeriodMs(plan, invited, delayMs);
  const gatherMs = plan.launchDelayS === undefined ? graceMs : 0;
  const lasting = { timeOutExponent: timeOutExponent(plan, isFresh, format, pacing, gatherMs) };
  // A caller who fixed how long the session lasts leaves no more time for waiting.
  const isFixed = plan.kind === 'Message' && plan.sessionTimeoutExponent !== undefined;
  const waitMs = isFixed ? Math.min(graceMs, sessionMs(lasting) * LONGEST_WAIT_SHARE) : graceMs;
  return { delayMs, waitMs, ...lasting };
}

/** From the opening of a session to its start. */
function launchDelayMs(plan: JobPlan, { count, waitForUplinks }: Invited): number {
  if (plan.launchDelayS !== undefined) return plan.launchDelayS * 1000;
  const byDevices = PROMPT_LAUNCH_MS + count * LAUNCH_MS_PER_DEVICE;
  return waitForUplinks ? Math.max(UPLINKS_BEFORE_LAUNCH * plan.uplinkIntervalS * 1000, byDevices) : byDevices;
}

/** How long after the start a device that is not listening may take to be heard. */
function silenceMs(plan: JobPlan, { waitForUplinks }: Invited): number {
  return waitForUplinks ? UPLINKS_OF_SILENCE * plan.uplinkIntervalS * 1000 : PROMPT_SILENCE_MS;
}

/** How long devices are waited for after the start. */
function gracePeriodMs(plan: JobPlan, { count, waitForUplinks }: Invited, delayMs: number): number {
  // Where the launch is fixed, only a session for which nobody is ready waits.
  if (plan.launchDelayS !== undefined) return Math.max(SHORTEST_GRACE_MS, delayMs);
  const byUplinks = waitForUplinks ? UPLINKS_OF_GRACE * plan.uplinkIntervalS * 1000 : 0;
  return Math.max(SHORTEST_GRACE_MS, byUplinks, count * GRACE_MS_PER_DEVICE);
}

/** Of a session whose length the caller fixed. */
const LONGEST_WAIT_SHARE = 0.25;

/** The smallest n for which 2^n seconds hold the planned broadcast with a quarter to spare, within 8 .. 15. */
function timeOutExponent(
  plan: JobPlan,
  isFresh: boolean,
  format: SessionFormat,
  pacing: SessionPacing,
  gatherMs: number,
): number {
  if (plan.kind === 'Message' && plan.sessionTimeoutExponent !== undefined) return plan.sessionTimeoutExponent;
  const broadcastMs = spanOnAirMs(plan, isFresh, format, pacing);
  const questionsMs = plan.kind === 'FOTA' ? EXPECTED_QUESTIONS * (pacing.listenMs + pacing.shortMs) : 0;
  const seconds = (broadcastMs * 1.25 + questionsMs + gatherMs + VERIFICATION_MS) / 1000;
  return Math.min(LONGEST_EXPONENT, Math.max(SHORTEST_EXPONENT, Math.ceil(Math.log2(seconds))));
}

/** How long the planned frames take, with what the duty cycle adds. */
function spanOnAirMs(plan: JobPlan, isFresh: boolean, format: SessionFormat, pacing: SessionPacing): number {
  const { airtimeMs, dutyCycle } = format.carrier;
  if (plan.kind === 'Message' || format.kind === 'message') {
    const count = plan.kind === 'Message' ? plan.transmissions : 1;
    return withinBudgetMs(count, pacing.plainMs, airtimeMs, dutyCycle);
  }
  const { nbFrag } = format;
  const plain = isFresh ? nbFrag : 0;
  const parity = plan.parityFragments ?? plannedGoal(nbFrag) - nbFrag;
  return withinBudgetMs(
    plain + parity,
    plain > parity ? pacing.plainMs : pacing.parityMs,
    airtimeMs,
    dutyCycle,
    plain * pacing.plainMs + parity * pacing.parityMs,
  );
}

/**
 * Frames may follow each other at their own pace as long as the hour's budget lasts; then they wait for the next hour's.
 * @param pacedMs how long they take without a limit
 */
export function withinBudgetMs(
  frames: number,
  paceMs: number,
  airtimeMs: number,
  dutyCycle: number,
  pacedMs: number = frames * paceMs,
): number {
  const perHour = Math.floor((dutyCycle * HOUR_MS) / Math.max(1, airtimeMs));
  if (dutyCycle >= 1 || frames <= perHour) return pacedMs;
  const fullHours = Math.floor((frames - 1) / Math.max(1, perHour));
  const rest = frames - fullHours * perHour;
  return Math.max(pacedMs, fullHours * HOUR_MS + rest * paceMs);
}

/** What a device is told that joins the session at another start. */
export interface Start {
  readonly sessionTimeGpsS: number;
  readonly launchAt: SteadyMs;
  readonly timeOutExponent: number;
}

/** The session as a device joins it that is late: it begins for this one at another time, and ends with the others' if it can. */
export function lateStart(plan: SessionPlan, startGpsS: number): Start {
  const launchAt = steadyMs(plan.launchAt + (startGpsS - plan.sessionTimeGpsS) * 1000);
  const leftS = Math.max(1, (sessionEnd(plan) - launchAt) / 1000);
  return {
    sessionTimeGpsS: startGpsS,
    launchAt,
    timeOutExponent: Math.min(plan.timeOutExponent, Math.ceil(Math.log2(leftS))),
  };
}
