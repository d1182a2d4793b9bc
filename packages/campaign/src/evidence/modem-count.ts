import { missedInARow, tellingRun, WORST_LOSS } from './chance.ts';
import { type Finding, type ReceptionBounds, TOLERATED_ERROR } from './finding.ts';
import { type PlausibleAnswer, type Reading, unwrapped } from './reading.ts';
import { airedBetween, fragmentsSent } from './status-answer.ts';

/**
 * Devices that report the last number less the plain losses, and exactly what they still need modulo 256, except that a
 * reception without losses ends with 1 (LoRa Basics Modem). Both numbers freeze when they are done.
 */
export function judgeModemCount(reading: Reading): Finding {
  const { said, asked, block, earlier } = reading;
  const { nbFrag } = block;
  const { nbFragReceived: received, missingFrag } = said;
  const candidates = deficits(reading);
  // After a lossless reception the numbers say that 1 is missing and that the last plain fragment was the last one.
  const mayBeLossless = missingFrag === 1 && received === nbFrag;
  if (candidates.length === 0 && !mayBeLossless) return { kind: 'impossible', why: 'contradictory' };

  const reception = boundsOf(reading, mayBeLossless ? [0, ...candidates] : candidates);
  const memory = said.memoryError ? 'in-doubt' : 'enough';
  if (!isOfThisSession(reading)) {
    return { kind: 'undecided', reception, memory, provableFrom: undefined, isSettled: false };
  }
  const same = earlier.find(
    (one) => one.asked.sentHigh > 0 && one.said.nbFragReceived === received && one.said.missingFrag === missingFrag,
  );
  const missed = same === undefined ? 0 : airedBetween(same.asked.sentHigh, asked.sentLow, asked.unaired);
  const errorRate = missedInARow(missed, WORST_LOSS);
  const isSettled = errorRate <= TOLERATED_ERROR;
  const isDoneOrWrapped = mayBeLossless || candidates[0] === 0;
  if (!isDoneOrWrapped) {
    // The bit outlives the session that it is of; one that listens and stands still has given up.
    return { kind: 'incomplete', reception, memory: said.memoryError && isSettled ? 'exhausted' : memory };
  }
  const onlyDone = mayBeLossless ? candidates.length === 0 : candidates.length === 1;
  if (onlyDone) {
    return { kind: 'complete', proof: mayBeLossless ? 'status-lossless' : 'status-nothing-missing', errorRate: 0 };
  }
  if (said.memoryError) return { kind: 'undecided', reception, memory, provableFrom: undefined, isSettled };
  if (isSettled) return { kind: 'complete', proof: 'status-frozen', errorRate };
  const provableFrom = asked.sentLow + tellingRun(WORST_LOSS) - missed;
  return { kind: 'undecided', reception, memory, provableFrom, isSettled };
}

/**
 * What the device may lack. Of what it counts as received it has heard all plain fragments, so it lacks at least the rest
 * of NbFrag; and no more than its plain losses, which are the last number, at most what was sent, less that count.
 * Since a deficit never grows, earlier answers bound it too.
 */
function deficits(reading: Reading): readonly number[] {
  const { block, habits, earlier } = reading;
  const wraps = habits.overflow === 'modulo-256' && block.nbFrag > 255;
  let atMost = block.nbFrag;
  let candidates: readonly number[] = [];
  for (const answer of [...earlier, reading]) {
    const { nbFragReceived, missingFrag } = answer.said;
    if (answer.asked.sentHigh === 0 && answer !== reading) continue;
    const low = Math.max(0, block.nbFrag - nbFragReceived);
    const high = Math.min(atMost, Math.max(low, answer.asked.sentHigh - nbFragReceived));
    candidates = unwrapped(missingFrag, wraps, low, high);
    // A lossless device that says 1 lacks nothing.
    const isLosslessForm = missingFrag === 1 && nbFragReceived === block.nbFrag;
    const highest = candidates.at(-1) ?? (isLosslessForm ? 0 : undefined);
    if (highest !== undefined) atMost = isLosslessForm ? Math.max(1, highest) : highest;
  }
  return candidates;
}

/** Until it hears a fragment, the device says that it lacks all, next to a number of an earlier session. */
function isOfThisSession({ said, block, earlier }: Reading): boolean {
  if (block.staleNumbers === 'excluded') return true;
  if (said.missingFrag !== block.nbFrag % 256) return true;
  return earlier.some((one: PlausibleAnswer) => one.said.nbFragReceived !== said.nbFragReceived);
}

function boundsOf({ said, asked, block }: Reading, candidates: readonly number[]): ReceptionBounds {
  const received = said.nbFragReceived;
  const [atLeast = 0] = candidates;
  // Plain losses are the last number, about what was sent, less this count.
  const last = Math.max(received, asked.sentLow);
  const missed = asked.sentLow - airedBetween(0, asked.sentLow, asked.unaired);
  const lost = Math.max(0, last - received - missed);
  const lossRate =
    asked.sentLow > 0 ? Math.min(1, lost / Math.max(1, Math.min(last, block.nbFrag) - missed)) : undefined;
  return {
    at: fragmentsSent(asked),
    missing: { atLeast, likely: atLeast, atMost: candidates.at(-1) ?? atLeast },
    heardAtLeast: Math.max(0, Math.min(received, block.nbFrag) - Math.max(0, asked.sentHigh - block.nbFrag)),
    lossRate,
  };
}
