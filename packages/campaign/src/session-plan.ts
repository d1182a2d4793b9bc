import { type DeviceTime, type Entropy, gpsMs, type SteadyMs, steadyMs, toHex } from '@airlift/kernel';
import type { JobPacing } from './job-machine.ts';
import type { JobPlan } from './job-plan.ts';
import type { SessionPlan } from './job-state.ts';
import { plannedGoal } from './parity-policy.ts';

/** Multicast counters begin here at the lowest, so that the counter of an undisturbed broadcast equals the fragment number. */
const FIRST_FCNT = 1;
const SHORTEST_EXPONENT = 8;
const LONGEST_EXPONENT = 15;
/** Status requests that an ordinary campaign needs. */
const EXPECTED_REQUESTS = 3;
const VERIFICATION_MS = 60_000;

/** Fixes the session of a job whose set-up begins `now`. */
export function planSession({
  plan,
  pacing,
  groupId,
  mcAddr,
  nextFCnt,
  entropy,
  deviceTime,
  now,
}: {
  readonly plan: JobPlan;
  readonly pacing: JobPacing;
  readonly groupId: string;
  readonly mcAddr: number;
  /** The first counter that was never used with the address. */
  readonly nextFCnt: number;
  readonly entropy: Entropy;
  readonly deviceTime: DeviceTime;
  readonly now: SteadyMs;
}): SessionPlan {
  // SessionTime is in whole seconds; launching on such a one keeps both sides on the same instant.
  const sessionTimeGpsS = Math.ceil((deviceTime.gpsOf(now) + plan.launchDelayS * 1000) / 1000);
  return {
    groupId,
    mcAddr,
    mcKey: toHex(entropy.octets(16)),
    sessionTimeGpsS,
    launchAt: deviceTime.instantOf(gpsMs(sessionTimeGpsS * 1000)),
    timeOutExponent: timeOutExponent(plan, pacing),
    firstFCnt: Math.max(FIRST_FCNT, nextFCnt),
  };
}

/** The smallest n for which 2^n seconds hold the planned broadcast with a quarter to spare, within 8 .. 15. */
function timeOutExponent(plan: JobPlan, pacing: JobPacing): number {
  if (plan.kind === 'Message') return plan.sessionTimeoutExponent;
  const parity = plan.parityFragments ?? plannedGoal(plan.nbFrag) - plan.nbFrag;
  const pacedMs =
    plan.nbFrag * pacing.plainMs + parity * pacing.parityMs + EXPECTED_REQUESTS * (pacing.listenMs + pacing.shortMs);
  const broadcastMs = Math.max(pacedMs, (plan.nbFrag + parity) * pacing.sustainedMs);
  const seconds = (broadcastMs * 1.25 + VERIFICATION_MS) / 1000;
  return Math.min(LONGEST_EXPONENT, Math.max(SHORTEST_EXPONENT, Math.ceil(Math.log2(seconds))));
}

/** The session as a device joins it that is late: it begins for this one at another time, and ends with the others' if it can. */
export function lateSession(session: SessionPlan, startGpsS: number, deviceTime: DeviceTime): SessionPlan {
  const launchAt = deviceTime.instantOf(gpsMs(startGpsS * 1000));
  const leftS = Math.max(1, (sessionEnd(session) - launchAt) / 1000);
  return {
    ...session,
    sessionTimeGpsS: startGpsS,
    launchAt,
    timeOutExponent: Math.min(session.timeOutExponent, Math.ceil(Math.log2(leftS))),
  };
}

/** When devices go back to their own class, unless they do so before. */
export function sessionEnd({ launchAt, timeOutExponent }: SessionPlan): SteadyMs {
  return steadyMs(launchAt + 1000 * 2 ** timeOutExponent);
}
