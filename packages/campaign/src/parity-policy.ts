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
/**
 * A device that numbers what it hears and stops when it is complete says the same number for ever. One that lost half of
 * all fragments says the same by chance over so many in one of 65,000 cases.
 */
const FROZEN_FOR = 16;
/** With so many it fails once in 4000 times: enough even against its own word that something is missing. */
const CERTAIN_MARGIN = 12;
/** Fragments that may have gone out between the last one that is known to and an answer. */
export const FRAMES_IN_FLIGHT = 8;
/** A device that left so many status requests unanswered is not waited for. */
export const SILENT_LIMIT = 4;
/** MissingFrag is one octet: 255 may stand for more. */
const SATURATED = 255;
/** N has 14 bits. */
const HIGHEST_NUMBER = 16_383;

/** Fragments sent before the devices are first asked: the image and what an ordinary loss needs. */
export function firstGoal(nbFrag: number): number {
  // Every parity fragment of a single one is zero; it is repeated, and cheap to ask for.
  if (nbFrag === 1) return 2;
  return nbFrag + Math.ceil((nbFrag * PRIOR_LOSS + FIRST_MARGIN) / (1 - PRIOR_LOSS));
}

/** Fragments for which a session is planned to have room: a third may get lost. */
export function plannedGoal(nbFrag: number): number {
  return Math.min(nbFrag + Math.ceil(nbFrag * 0.6) + 40, HIGHEST_NUMBER);
}

/** Fragments beyond which a campaign never goes: enough for a device that hears one in six. */
export function lastGoal(nbFrag: number): number {
  return Math.min(nbFrag * 6 + 200, HIGHEST_NUMBER);
}

/**
 * The fragment number up to which to send on after `statusRequests` requests, given what the devices said; `sent` when
 * nobody who can be reached needs more.
 */
export function nextGoal(devices: Iterable<DeviceState>, nbFrag: number, sent: number, statusRequests: number): number {
  const margin = (nbFrag === 1 ? 1 : FIRST_MARGIN) * Math.max(1, statusRequests);
  let goal = sent;
  for (const state of devices) {
    if (state.kind !== 'receiving' || state.silentFor >= SILENT_LIMIT) continue;
    if (believedComplete(state.reception, nbFrag, sent, state.from)) continue;
    const wanted = wantedBy(state.reception, state.from ?? 1, nbFrag, margin);
    // Whoever should have had enough by the estimate and still is not done gets a few more, request by request.
    if (wanted > sent) goal = Math.max(goal, wanted);
    // One that did not answer is asked again before anything is sent for its sake.
    else if (state.silentFor === 0 && (isReadable(state.reception) || sent < ambiguousGoal(state.from ?? 1, nbFrag))) {
      goal = Math.max(goal, sent + margin);
    }
  }
  return Math.max(sent, Math.min(goal, lastGoal(nbFrag)));
}

/**
 * Whether a device that has no check value to report can be believed to hold the whole block: it said how many fragments
 * it lost or lacks, it was listening until lately, and enough coded fragments followed. Unless its profile says that the
 * number counts plain losses, it must also have stayed the same while so many coded fragments passed: a number that
 * still falls is one of fragments that are missing now.
 */
export function believedComplete(
  reception: Reception | undefined,
  nbFrag: number,
  sent: number,
  from: number = 1,
): boolean {
  if (reception === undefined) return false;
  const { nbFragReceived, sentByThen, steadySince } = reception;
  // More than was sent is evidence of nothing.
  if (nbFragReceived > sentByThen + FRAMES_IN_FLIGHT) return false;
  // Whether it is their count or the number of the last one: who has the block has heard as many as it has fragments.
  if (nbFragReceived < nbFrag) return false;
  if (reception.countsPlainLosses === true && reception.overflows === true && nbFrag > SATURATED) {
    // 12 may stand for 268: only that it hears nothing more, though it answers, tells that it is complete.
    return sentByThen - (reception.frozenSince ?? sentByThen) >= FROZEN_FOR;
  }
  const lost = saidLost(reception, nbFrag);
  if (lost === 0 && reception.zeroIsOpen !== true) return sent >= nbFrag;
  const loss = Math.min(0.95, lossOf(lost, from, nbFrag));
  const enough = lost + BELIEF_MARGIN;
  if (lost > 0 && reception.countsMissingNow === true) {
    return surelyHeard(sent - sentByThen, countedLoss(reception, from)) >= enough;
  }
  if (surelyHeard(sent - Math.max(nbFrag, from - 1), loss) < enough) return false;
  if (reception.countsPlainLosses === true) return true;
  // Had it said what it lacks at that moment, then it would have heard too little in all, or have said less since.
  const heardInAll = nbFragReceived + Math.max(0, sent - sentByThen) * (1 - countedLoss(reception, from));
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
function wantedBy(reception: Reception | undefined, from: number, nbFrag: number, margin: number): number {
  // A device that came late has missed what was sent before, and hears parity from then on only.
  const missed = Math.min(nbFrag, from - 1);
  const base = Math.max(nbFrag, from - 1);
  if (reception === undefined) {
    return base + Math.ceil((missed + PRIOR_LOSS * (nbFrag - missed) + margin) / (1 - PRIOR_LOSS));
  }
  const lost = saidLost(reception, nbFrag);
  const byLosses = base + Math.ceil((lost + margin) / (1 - Math.min(WORST_LOSS, lossOf(lost, from, nbFrag))));
  if (reception.countsPlainLosses === true) return byLosses;
  const ifMissingNow = reception.sentByThen + Math.ceil((lost + margin) / (1 - PRIOR_LOSS));
  const short = nbFrag + margin - reception.nbFragReceived;
  const byCount = reception.sentByThen + Math.ceil(Math.max(0, short) / (1 - countedLoss(reception, from)));
  const bySay = Math.max(byLosses, ifMissingNow);
  return Math.max(isReadable(reception) ? bySay : Math.min(bySay, ambiguousGoal(from, nbFrag)), byCount);
}

/** Its profile says what the device counts. */
function isReadable(reception: Reception | undefined): boolean {
  return reception?.countsPlainLosses === true || reception?.countsMissingNow === true;
}

/** What a number is worth that may be of losses long repaired. */
function ambiguousGoal(from: number, nbFrag: number): number {
  return plannedGoal(nbFrag) + from - 1;
}

/** Share of the plain fragments lost on the air, without those that were sent before the device came. */
function lossOf(lost: number, from: number, nbFrag: number): number {
  const missed = Math.min(nbFrag, from - 1);
  return missed === nbFrag ? PRIOR_LOSS : Math.max(0, lost - missed) / (nbFrag - missed);
}

/** Share of the fragments that the device missed, if NbFragReceived is their number; near 0 if it is that of the last one. */
function countedLoss({ nbFragReceived, sentByThen }: Reception, from: number): number {
  const passed = sentByThen - from + 1;
  if (passed <= 0) return PRIOR_LOSS;
  return Math.min(WORST_LOSS, Math.max(0, 1 - nbFragReceived / passed));
}

function saidLost(reception: Reception, nbFrag: number): number {
  if (reception.missingFrag < SATURATED) return Math.min(reception.missingFrag, nbFrag);
  return Math.min(nbFrag, Math.max(SATURATED, nbFrag - reception.nbFragReceived));
}
