import type { DeviceState, Reception } from './device-state.ts';

/** Loss assumed for devices that have said nothing yet. */
const PRIOR_LOSS = 0.1;
/**
 * Coded fragments wanted beyond the losses. A random binary code needs 1.6 more on average and more than e more with
 * probability 2^-e, so five suffice for 97 of 100 devices; those that need more say so when asked.
 */
const FIRST_MARGIN = 5;
/** With so many beyond the losses a device fails once in 250 times: enough to believe it without a check value. */
const BELIEF_MARGIN = 8;
/** A device that left so many status requests unanswered is not waited for. */
const SILENT_LIMIT = 2;
/** MissingFrag is one octet: 255 may stand for more. */
const SATURATED = 255;

/** Fragments sent before the devices are first asked: the image and what an ordinary loss needs. */
export function firstGoal(nbFrag: number): number {
  return nbFrag + Math.ceil((nbFrag * PRIOR_LOSS + FIRST_MARGIN) / (1 - PRIOR_LOSS));
}

/** Fragments beyond which a campaign never goes: more would not help a device that still lacks some. */
export function lastGoal(nbFrag: number): number {
  return Math.min(nbFrag + Math.ceil(nbFrag * 0.6) + 40, 16_383);
}

/**
 * The fragment number up to which to send on after `statusRequests` requests, given what the devices said; `sent` when
 * nobody who can be reached needs more.
 */
export function nextGoal(devices: Iterable<DeviceState>, nbFrag: number, sent: number, statusRequests: number): number {
  const margin = FIRST_MARGIN * Math.max(1, statusRequests);
  let goal = sent;
  for (const state of devices) {
    if (state.kind !== 'receiving' || state.silentFor >= SILENT_LIMIT) continue;
    const lost = state.reception === undefined ? PRIOR_LOSS * nbFrag : plainLosses(state.reception, nbFrag);
    const loss = Math.min(0.9, lost / nbFrag);
    const wanted = nbFrag + Math.ceil((lost + margin) / (1 - loss));
    // Whoever should have had enough by the estimate and still is not done gets a few more, request by request.
    goal = Math.max(
      goal,
      wanted > sent ? wanted : believedComplete(state.reception, nbFrag, sent) ? sent : sent + margin,
    );
  }
  return Math.min(goal, lastGoal(nbFrag));
}

/**
 * Whether a device that has no check value to report can be believed to hold the whole block: it said how many plain
 * fragments it lost, it was listening until lately, and enough coded fragments followed.
 */
export function believedComplete(reception: Reception | undefined, nbFrag: number, sent: number): boolean {
  if (reception === undefined) return false;
  const lost = plainLosses(reception, nbFrag);
  if (lost === 0) return sent >= nbFrag;
  const loss = Math.min(0.95, lost / nbFrag);
  const coded = Math.max(0, sent - nbFrag);
  const heard = coded * (1 - loss);
  const spread = 2 * Math.sqrt(coded * loss * (1 - loss));
  return heard - spread >= lost + BELIEF_MARGIN;
}

function plainLosses(reception: Reception, nbFrag: number): number {
  if (reception.missingFrag < SATURATED) return Math.min(reception.missingFrag, nbFrag);
  return Math.min(nbFrag, Math.max(SATURATED, nbFrag - reception.nbFragReceived));
}
