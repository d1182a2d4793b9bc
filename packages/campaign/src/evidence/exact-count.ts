import type { Finding } from './finding.ts';
import type { PlausibleAnswer, Reading } from './reading.ts';
import { fragmentsInReach, fragmentsSent } from './status-answer.ts';

/** The field holds "255 or more". */
const SATURATED = 255;
/** A number above what the count of fragments leaves open by more than this is that of plain fragments, not of equations. */
const DEPENDENT_AT_MOST = 20;

/**
 * Devices that count as the specification says: fragments received, and fragments neither received nor recovered. Some
 * subtract every useful parity fragment from the latter, others leave it until they can solve: it bounds what is missing
 * from above, and the count of fragments bounds it from below.
 */
export function judgeExactCount(reading: Reading): Finding {
  const { said, asked, block, earlier } = reading;
  const { nbFrag } = block;
  const { nbFragReceived: received, missingFrag, memoryError } = said;
  const different = received - (asked.repeats ?? 0);
  if (missingFrag < SATURATED && missingFrag > nbFrag) return { kind: 'impossible', why: 'contradictory' };
  // A device that counts otherwise than its profile says is not believed later on either.
  if ([...earlier, reading].some((one) => countsOtherwise(one, nbFrag))) {
    return { kind: 'impossible', why: 'contradictory' };
  }
  const sent = fragmentsSent(asked);
  const inReach = fragmentsInReach(asked);
  const lossRate = inReach > 0 ? Math.max(0, 1 - received / inReach) : undefined;
  const heardAtLeast = received;
  const byCount = nbFrag - received;
  if (missingFrag === 0 && byCount <= 0) {
    if (!memoryError) return { kind: 'complete', proof: 'status-nothing-missing', errorRate: 0 };
    const missing = { atLeast: 0, likely: 0, atMost: nbFrag };
    const reception = { at: sent, missing, heardAtLeast, lossRate };
    return { kind: 'undecided', reception, memory: 'in-doubt', provableFrom: undefined, isSettled: true };
  }
  // Nothing missing, yet fewer heard than the block has: a stack that counts the gaps so far, and has not seen the end.
  const atLeast = Math.max(1, byCount);
  const isOpen = missingFrag >= SATURATED || missingFrag < atLeast;
  const atMost = isOpen ? nbFrag : missingFrag;
  const likely = isOpen || missingFrag > nbFrag - different + DEPENDENT_AT_MOST ? atLeast : missingFrag;
  return {
    kind: 'incomplete',
    reception: { at: sent, missing: { atLeast, likely, atMost }, heardAtLeast, lossRate },
    memory: memoryError ? 'exhausted' : 'enough',
  };
}

/** While only plain fragments are sent, those heard and those missing are never more than the block. */
function countsOtherwise({ said, asked }: PlausibleAnswer, nbFrag: number): boolean {
  if (asked.sentHigh === 0 || asked.sentByAnswer > nbFrag) return false;
  return said.nbFragReceived - (asked.repeats ?? 0) + said.missingFrag > nbFrag;
}
