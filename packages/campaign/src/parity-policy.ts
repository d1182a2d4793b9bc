import type { DeviceState, Reception } from './device-state.ts';

/** Loss assumed for devices that have said nothing yet. */
const PRIOR_LOSS = 0.1;
/** No estimate goes beyond this: a device that hears less cannot be served together with others. */
const WORST_LOSS = 0.9;
/**
 * Coded fragments wanted beyond the losses. A random binary code needs 1.6 more on average and more than e more with
 * probability 2^-e, so five suffice for 97 of 100 devices; those that need more say so when asked.
 */
const FIRST_MARGIN = 5;
/** With so many beyond the losses a device fails once in 250 times: enough to believe it without a check value. */
const BELIEF_MARGIN = 8;
/** With so many it fails once in 4000 times: enough even against its own word that something is missing. */
const CERTAIN_MARGIN = 12;
/** A device that left so many status requests unanswered is not waited for. */
export const SILENT_LIMIT = 2;
/** MissingFrag is one octet: 255 may stand for more. */
const SATURATED = 255;
/** N has 14 bits. */
const HIGHEST_NUMBER = 16_383;

/** Fragments sent before the devices are first asked: the image and what an ordinary loss needs. */
export function firstGoal(nbFrag: number): number {
  return nbFrag + Math.ceil((nbFrag * PRIOR_LOSS + FIRST_MARGIN) / (1 - PRIOR_LOSS));
}

/** Fragments beyond which a campaign never goes: more would not help a device that still lacks some. */
export function lastGoal(nbFrag: number): number {
  return Math.min(nbFrag + Math.ceil(nbFrag * 0.6) + 40, HIGHEST_NUMBER);
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
    if (believedComplete(state.reception, nbFrag, sent)) continue;
    const wanted = wantedBy(state.reception, nbFrag, margin);
    // Whoever should have had enough by the estimate and still is not done gets a few more, request by request.
    goal = Math.max(goal, wanted > sent ? wanted : sent + margin);
  }
  return Math.max(sent, Math.min(goal, lastGoal(nbFrag)));
}

/**
 * Whether a device that has no check value to report can be believed to hold the whole block: it said how many fragments
 * it lost or lacks, it was listening until lately, and enough coded fragments followed. Unless its profile says that the
 * number counts plain losses, it must also have stayed the same while so many coded fragments passed: a number that
 * still falls is one of fragments that are missing now.
 */
export function believedComplete(reception: Reception | undefined, nbFrag: number, sent: number): boolean {
  if (reception === undefined) return false;
  const { nbFragReceived, sentByThen, steadySince } = reception;
  const lost = saidLost(reception, nbFrag);
  if (lost === 0 && reception.zeroIsOpen !== true) return sent >= nbFrag && nbFragReceived >= nbFrag;
  const loss = Math.min(0.95, lost / nbFrag);
  const enough = lost + BELIEF_MARGIN;
  if (lost > 0 && reception.countsMissingNow === true) {
    return surelyHeard(sent - sentByThen, countedLoss(reception)) >= enough;
  }
  if (surelyHeard(sent - nbFrag, loss) < enough) return false;
  if (reception.countsPlainLosses === true) return true;
  // Had it said what it lacks at that moment, then it would have heard too little in all, or have said less since.
  const heardInAll = nbFragReceived + Math.max(0, sent - sentByThen) * (1 - countedLoss(reception));
  if (heardInAll >= nbFrag + (lost === 0 ? BELIEF_MARGIN : CERTAIN_MARGIN)) return true;
  return reception.zeroIsOpen !== true && surelyHeard(sentByThen - steadySince, loss) >= enough;
}

/** How many of the fragments a device heard, save in one of forty cases. */
function surelyHeard(count: number, loss: number): number {
  if (count <= 0) return 0;
  return count * (1 - loss) - 2 * Math.sqrt(count * loss * (1 - loss));
}

/**
 * The fragment number by which the device should have enough. Stacks differ in what they count: MissingFrag may be the
 * plain fragments lost, not lowered by repair, or what is lacking now; NbFragReceived may be the number of fragments
 * heard or that of the last one. Both fields are asked, and the larger demand counts: a field read the wrong way asks for
 * less than was sent already.
 */
function wantedBy(reception: Reception | undefined, nbFrag: number, margin: number): number {
  if (reception === undefined) return nbFrag + Math.ceil((PRIOR_LOSS * nbFrag + margin) / (1 - PRIOR_LOSS));
  const lost = saidLost(reception, nbFrag);
  const byLosses = nbFrag + Math.ceil((lost + margin) / (1 - Math.min(WORST_LOSS, lost / nbFrag)));
  if (reception.countsPlainLosses === true) return byLosses;
  const ifMissingNow = reception.sentByThen + Math.ceil((lost + margin) / (1 - PRIOR_LOSS));
  const short = nbFrag + margin - reception.nbFragReceived;
  const byCount = reception.sentByThen + Math.ceil(Math.max(0, short) / (1 - countedLoss(reception)));
  return Math.max(byLosses, ifMissingNow, byCount);
}

/** Share of the fragments that the device missed, if NbFragReceived is their number; near 0 if it is that of the last one. */
function countedLoss({ nbFragReceived, sentByThen }: Reception): number {
  if (sentByThen === 0) return PRIOR_LOSS;
  return Math.min(WORST_LOSS, Math.max(0, 1 - nbFragReceived / sentByThen));
}

function saidLost(reception: Reception, nbFrag: number): number {
  if (reception.missingFrag < SATURATED) return Math.min(reception.missingFrag, nbFrag);
  return Math.min(nbFrag, Math.max(SATURATED, nbFrag - reception.nbFragReceived));
}
