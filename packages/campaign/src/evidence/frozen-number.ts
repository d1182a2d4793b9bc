import { lossBound, missedInARow, rowsAreRandom, tellingRun, WORST_LOSS } from './chance.ts';
import { doneBy } from './completion-chance.ts';
import { type Finding, type ReceptionBounds, TOLERATED_ERROR } from './finding.ts';
import { plainLosses, spokeOfThisSession } from './loss-chain.ts';
import type { Reading } from './reading.ts';
import { type Asking, airedBetween, fragmentsSent } from './status-answer.ts';

/** Parity fragments beyond the losses after which hardly any device still lacks something. */
const SURELY_ENOUGH = 17;
/** Devices of which this seldom holds are not believed to have been so lucky. */
const HARDLY_EVER = 1e-3;
/** A loss rate among fewer parity fragments than this says little. */
const FEW = 30;

/**
 * Devices that report the number of the last fragment and the plain losses modulo 256, repaired or not (LoRaMac-node and
 * what ST made of it). They look at nothing once they are done, so the number freezes: a device that listens and whose
 * number lies far below what was sent has finished. One whose number is fresh may be done or not.
 */
export function judgeFrozenNumber(reading: Reading): Finding {
  const { said, asked, block, earlier } = reading;
  const { nbFrag } = block;
  const last = said.nbFragReceived;
  const { candidates } = plainLosses(reading);
  const [fewest] = candidates;
  if (fewest === undefined) return { kind: 'impossible', why: 'contradictory' };
  const isOfThisSession = spokeOfThisSession(reading, [...earlier, reading], block);
  const lossless = candidates.length === 1 && fewest === 0;

  if (last >= nbFrag && lossless && isOfThisSession) {
    return { kind: 'complete', proof: 'status-lossless', errorRate: 0 };
  }
  const loss = lossIfListening(candidates, last - nbFrag, nbFrag);
  const reception = boundsOf(reading, candidates, isOfThisSession, tellingRun(loss));
  const memory = said.memoryError ? 'in-doubt' : 'enough';
  const parityByThen = last - nbFrag;
  const mayHaveEnough = parityByThen >= fewest && last >= nbFrag;
  const missed = airedBetween(last, asked.sentLow, asked.unaired);
  const errorRate = missedInARow(missed, loss);
  const isSettled = isOfThisSession && last > nbFrag && errorRate <= TOLERATED_ERROR;
  if (!mayHaveEnough && (isOfThisSession || last < nbFrag)) {
    // The bit is never taken back: set before any parity fragment came, it is of an earlier session.
    if (!said.memoryError || last <= nbFrag) return { kind: 'incomplete', reception, memory: 'enough' };
    return { kind: 'incomplete', reception, memory: isSettled ? 'exhausted' : 'in-doubt' };
  }
  // With the bit set the decoder may have given up, which looks the same.
  if (!isOfThisSession || said.memoryError) {
    return { kind: 'undecided', reception, memory, provableFrom: undefined, isSettled: isSettled || !isOfThisSession };
  }
  if (errorRate <= TOLERATED_ERROR) {
    const isCredible = candidates.some((lost) => mayBeDoneAt(last, lost, reading));
    if (isCredible) return { kind: 'complete', proof: 'status-frozen', errorRate };
    // It stands still where hardly any device is done: it hears questions and takes no fragments.
    return { kind: 'undecided', reception, memory: 'in-doubt', provableFrom: undefined, isSettled: true };
  }
  const provableFrom = asked.sentLow + tellingRun(loss) - missed;
  return { kind: 'undecided', reception, memory, provableFrom, isSettled: false };
}

/**
 * Whether a device with so many losses has a fair chance to be done with this number and, when the number itself is in
 * doubt, not long before.
 */
function mayBeDoneAt(last: number, lost: number, { asked, block, maySwapOctets: isInDoubt }: Reading): boolean {
  const { nbFrag } = block;
  const inReach = plainInReach(asked, nbFrag);
  const rate = Math.max(0, lost - (nbFrag - inReach)) / Math.max(1, inReach);
  const luck = 4 * Math.sqrt((rate * (1 - rate)) / Math.max(1, inReach));
  const lack = { from: nbFrag, missing: lost };
  if (doneBy({ ...lack, loss: Math.max(0, rate - luck) }, last, nbFrag) < HARDLY_EVER) return false;
  if (!isInDoubt) return true;
  if (lost === 0) return last <= nbFrag + tellingRun(lossBound(0, nbFrag));
  return rowsAreRandom(nbFrag) && doneBy({ ...lack, loss: rate + luck }, last - 1, nbFrag) <= 1 - HARDLY_EVER;
}

/** Plain fragments that went out after the device had come. */
function plainInReach({ unaired }: Asking, nbFrag: number): number {
  return airedBetween(0, nbFrag, unaired);
}

/** The worst loss rate that the device may have if it is not done and still listens. */
function lossIfListening(candidates: readonly number[], parityByThen: number, nbFrag: number): number {
  let loss = 0;
  for (const lost of candidates) {
    loss = Math.max(loss, lossBound(lost, nbFrag));
    // Had it heard more parity than it lost, it would be done.
    if (lost <= parityByThen && parityByThen >= FEW) loss = Math.max(loss, 1 - (lost + 1) / parityByThen);
  }
  return Math.min(WORST_LOSS, loss);
}

function boundsOf(
  { said, asked, block }: Reading,
  candidates: readonly number[],
  isFresh: boolean,
  run: number,
): ReceptionBounds {
  const { nbFrag } = block;
  const at = fragmentsSent(asked);
  const last = said.nbFragReceived;
  if (!isFresh) {
    // From the end of the plain fragments on it heard all or nothing, and more fragments help in neither case.
    const atLeast = Math.max(0, nbFrag - last);
    const hearsNothing = atLeast > 0 && last + run < at;
    const missing = { atLeast, likely: hearsNothing ? nbFrag : atLeast, atMost: nbFrag };
    return { at, missing, heardAtLeast: 0, lossRate: undefined };
  }
  const parity = Math.max(0, last - nbFrag);
  const [fewest = 0] = candidates;
  const most = candidates.at(-1) ?? nbFrag;
  const lost = candidates.find((one) => isLikely(one, parity, nbFrag)) ?? most;
  const missed = nbFrag - plainInReach(asked, nbFrag);
  const rate = Math.max(0, lost - missed) / Math.max(1, Math.min(last, nbFrag) - missed);
  const unsent = Math.max(0, nbFrag - last);
  const useful = Math.floor(parity * (1 - rate));
  return {
    at,
    missing: {
      atLeast: Math.max(0, fewest - parity) + unsent,
      // A device that is not done lacks one at least; what it heard of the parity is not told.
      likely: Math.max(parity > 0 ? 1 : 0, lost - useful) + unsent,
      atMost: most + unsent,
    },
    heardAtLeast: Math.max(last > 0 ? 1 : 0, Math.min(last, nbFrag) - most),
    lossRate: last > 0 ? rate : undefined,
    losses: {
      plain: lost + unsent,
      rateAtMost: Math.min(WORST_LOSS, most / nbFrag),
      lastNumber: last,
      tellingRun: run,
    },
  };
}

/** Whether a device with so many losses would not long be done, were they that many. */
function isLikely(lost: number, parity: number, nbFrag: number): boolean {
  return parity <= (lost + SURELY_ENOUGH) / (1 - lossBound(lost, nbFrag));
}
