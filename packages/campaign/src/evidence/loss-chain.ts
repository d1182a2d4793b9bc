import { type PlausibleAnswer, type Reading, unwrapped } from './reading.ts';
import type { BlockFacts } from './status-answer.ts';

/** Plain losses of a device, as its answers leave them open. */
export interface PlainLosses {
  /** What the octet of the last answer may stand for, ascending; empty when its answers contradict each other. */
  readonly candidates: readonly number[];
}

/**
 * Reads the plain losses of a device that reports them modulo 256, together with the number of the last fragment heard.
 * Losses never fall, and between two answers no more can be lost than were sent: that rules candidates out.
 */
export function plainLosses({ said, asked, block, habits, earlier }: Reading): PlainLosses {
  const wraps = habits.overflow === 'modulo-256' && block.nbFrag > 255;
  let atLeast = 0;
  let atMost = block.nbFrag;
  let candidates: readonly number[] = [];
  const answers = [...earlier, { said, asked }];
  for (const answer of answers) {
    const isLast = answer.said === said;
    if (!isLast && (answer.asked.sentHigh === 0 || !spokeOfThisSession(answer, answers, block))) continue;
    const last = Math.min(answer.said.nbFragReceived, block.nbFrag + 1);
    // The last fragment was heard, so it is none of the lost ones.
    candidates = unwrapped(answer.said.missingFrag, wraps, atLeast, Math.min(atMost, Math.max(0, last - 1)));
    const [lowest] = candidates;
    const highest = candidates.at(-1);
    if (lowest === undefined || highest === undefined) return { candidates: [] };
    atLeast = lowest;
    atMost = highest + Math.max(0, block.nbFrag - last);
  }
  return { candidates };
}

/**
 * Whether an answer is known to speak of this session. Some stacks report the last number of the session before until
 * they hear a fragment; losses they count anew.
 */
export function spokeOfThisSession(
  answer: PlausibleAnswer,
  answers: readonly PlausibleAnswer[],
  block: BlockFacts,
): boolean {
  if (block.staleNumbers === 'excluded' || answer.said.missingFrag > 0) return true;
  const at = answers.indexOf(answer);
  // Only a fragment of this session can have changed the number.
  return answers.some((other, i) => i < at && other.said.nbFragReceived !== answer.said.nbFragReceived);
}
