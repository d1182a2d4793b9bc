import { rowsAreRandom, TELLING_SURPLUS, TOLERATED_SHARE, undecodedAfter } from './chance.ts';
import type { Finding } from './finding.ts';
import type { PlausibleAnswer, Reading } from './reading.ts';
import { fragmentsInReach, fragmentsSent } from './status-answer.ts';

const SATURATED = 255;

/**
 * Devices that count every fragment they hear, also after completion, and subtract that from NbFrag for what is missing
 * (Zephyr). Nothing missing means little; so many heard beyond NbFrag that they must suffice, does.
 */
export function judgeHeardCount(reading: Reading): Finding {
  const { said, asked, block, maxLosses, earlier } = reading;
  const { nbFrag } = block;
  const { nbFragReceived: received, missingFrag, memoryError } = said;
  if (missingFrag !== Math.min(SATURATED, Math.max(0, nbFrag - received))) {
    return { kind: 'impossible', why: 'contradictory' };
  }
  const repeats = asked.repeats ?? 0;
  const surplus = received - nbFrag - repeats;
  const sent = fragmentsSent(asked);
  const inReach = fragmentsInReach(asked);
  const lossRate = inReach > 0 ? Math.max(0, 1 - received / inReach) : undefined;
  const lost = plainLossesAtMost([...earlier, reading], nbFrag);
  const capacity = maxLosses ?? Math.floor(nbFrag * TOLERATED_SHARE);
  const isHeard = lost === 0 || (asked.sentHigh === 1 && nbFrag === 1 && received > 0);
  if (isHeard) return { kind: 'complete', proof: 'status-lossless', errorRate: 0 };

  const atLeast = Math.max(0, nbFrag - received);
  const missing = { atLeast, likely: Math.max(atLeast, surplus < 2 ? 1 : 0), atMost: Math.min(nbFrag, lost) };
  const reception = { at: sent, missing, heardAtLeast: received, lossRate };
  const certainlyExhausted = plainLossesAtLeast(reading, nbFrag) > capacity && maxLosses !== undefined;
  if (certainlyExhausted) return { kind: 'incomplete', reception, memory: 'exhausted' };
  const memory = lost <= capacity && !memoryError ? 'enough' : 'in-doubt';
  if (atLeast > 0) return { kind: 'incomplete', reception, memory };
  if (memory === 'in-doubt' || !rowsAreRandom(nbFrag)) {
    return { kind: 'undecided', reception, memory, provableFrom: undefined, isSettled: surplus >= TELLING_SURPLUS };
  }
  if (surplus >= TELLING_SURPLUS) {
    return { kind: 'complete', proof: 'status-surplus', errorRate: undecodedAfter(surplus) };
  }
  const provableFrom = asked.sentLow + Math.ceil((TELLING_SURPLUS - surplus) / (1 - Math.min(0.9, lossRate ?? 0)));
  return { kind: 'undecided', reception, memory, provableFrom, isSettled: false };
}

/** Plain losses are at most all losses up to any answer that came after the plain fragments. */
function plainLossesAtMost(answers: readonly PlausibleAnswer[], nbFrag: number): number {
  let atMost = nbFrag;
  for (const { said, asked } of answers) {
    if (asked.sentHigh < nbFrag) continue;
    const different = said.nbFragReceived - (asked.repeats ?? 0);
    atMost = Math.min(atMost, Math.max(0, asked.sentHigh - different));
  }
  return atMost;
}

/** What was sent of the plain fragments and is not among those heard, parity counted in, was lost. */
function plainLossesAtLeast({ said, asked }: PlausibleAnswer, nbFrag: number): number {
  return Math.max(0, Math.min(asked.sentLow, nbFrag) - said.nbFragReceived);
}
