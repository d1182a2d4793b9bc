import type { ImpossibleBecause } from './finding.ts';
import type { PlausibleAnswer } from './reading.ts';
import type { StatusAnswer } from './status-answer.ts';

/** Why the answer can be no device's true word, whatever its stack; undefined when it can. */
export function whyImpossible(answer: PlausibleAnswer): ImpossibleBecause | undefined {
  const { said, asked } = answer;
  const sent = sentInAll(answer);
  if (isReadable(said.nbFragReceived, sent)) {
    return said.fragIndex === asked.fragIndex ? undefined : 'other-index';
  }
  // The two octets of a small number swapped make a large one; its low bits then stand where FragIndex is.
  return isReadable(swappedReceived(said), sent) ? 'octets-swapped' : 'more-than-sent';
}

/**
 * Whether a device sends the two octets of NbFragReceived and FragIndex in the wrong order (LoRaMac-node before mid 2020):
 * `no` once one of its numbers makes no sense when swapped, `maybe` while all of them read both ways.
 */
export function swapsOctets(answer: PlausibleAnswer, earlier: readonly PlausibleAnswer[]): 'yes' | 'no' | 'maybe' {
  // What a device says before the first fragment may be of an earlier session, of which nothing is known.
  const telling = [...earlier, answer].filter((one) => one.asked.sentHigh > 0);
  const readings = telling.map((one) => {
    const sent = sentInAll(one);
    return {
      asSent: isReadable(one.said.nbFragReceived, sent),
      swapped: isReadable(swappedReceived(one.said), sent) && mayHaveLost(one.said),
    };
  });
  if (readings.some(({ asSent, swapped }) => asSent && !swapped)) return 'no';
  if (readings.some(({ asSent, swapped }) => swapped && !asSent)) return 'yes';
  // Of equal octets nothing hangs on the order.
  return swappedReceived(answer.said) === answer.said.nbFragReceived ? 'no' : 'maybe';
}

function sentInAll({ asked }: PlausibleAnswer): number {
  return asked.sentByAnswer + (asked.repeats ?? 0);
}

function isReadable(received: number, sent: number): boolean {
  return received <= sent;
}

/** Stacks that swap the octets count plain losses up to the last number, which they have heard. */
function mayHaveLost(said: StatusAnswer): boolean {
  return said.missingFrag < Math.max(1, swappedReceived(said));
}

function swappedReceived({ nbFragReceived, fragIndex }: { nbFragReceived: number; fragIndex: number }): number {
  const word = nbFragReceived | (fragIndex << 14);
  return ((word & 0xff) << 8) | (word >> 8);
}
