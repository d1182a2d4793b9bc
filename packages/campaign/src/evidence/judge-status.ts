import type { DeviceProfile, StatusHabits } from '@airlift/applayer';
import { agreed } from './agreed.ts';
import { judgeExactCount } from './exact-count.ts';
import type { Finding } from './finding.ts';
import { judgeFrozenNumber } from './frozen-number.ts';
import { judgeHeardCount } from './heard-count.ts';
import { judgeModemCount } from './modem-count.ts';
import { swapsOctets, whyImpossible } from './plausible.ts';
import { type PlausibleAnswer, type Reading, withNumbers } from './reading.ts';
import { type BlockFacts, fragmentsSent, type HeardAnswer, type StatusAnswer } from './status-answer.ts';

/** What of a device profile the meaning of its answers depends on. */
export type CountingHabits = Pick<DeviceProfile['fragmentation'], 'status' | 'integrity' | 'maxLosses'>;

/** How stacks count, for devices whose stack nobody has named: what holds under all of them holds. */
const KNOWN_HABITS: readonly StatusHabits[] = [
  { received: 'count', missing: 'missing', overflow: 'saturates' },
  { received: 'last-number', missing: 'plain-losses', overflow: 'modulo-256' },
  { received: 'last-number-minus-lost', missing: 'missing-or-one', overflow: 'modulo-256' },
  { received: 'count', missing: 'at-least', overflow: 'saturates' },
];

/**
 * Tells what a status answer proves, given how the device counts and what it said before in this fragmentation session.
 * @param habits the device's habits, or `unknown` when its profile is a guess
 * @param earlier answers of this device in this session, oldest first
 */
export function judgeStatus(
  habits: CountingHabits | 'unknown',
  block: BlockFacts,
  answer: HeardAnswer,
  earlier: readonly HeardAnswer[] = [],
): Finding {
  if (answer.said === 'no-session') return { kind: 'no-session' };
  const said: StatusAnswer = answer.said;
  const plausible = { said, asked: answer.asked };
  const why = whyImpossible(plausible);
  if (why !== undefined) return { kind: 'impossible', why };
  const before = withNumbers(earlier);
  const swaps = swapsOctets(plausible, before);
  // All its numbers are wrong then, also those that happen to make sense.
  if (swaps === 'yes') return { kind: 'impossible', why: 'octets-swapped' };
  const isUnchanged = before.some((one) => one.said.nbFragReceived === said.nbFragReceived);
  // Numbers of before the first fragment are of an earlier session, and tell what is no news.
  const usable = before.filter((one) => one.asked.sentHigh === 0 || whyImpossible(one) === undefined);

  const read = (status: StatusHabits, known: CountingHabits | undefined): Finding =>
    judgeFamily({
      ...plausible,
      block,
      habits: status,
      maxLosses: known?.maxLosses,
      earlier: usable,
      maySwapOctets: swaps === 'maybe',
    });
  if (habits === 'unknown')
    return certainUnlessSwapped(
      agreed(KNOWN_HABITS.map((one) => read(one, undefined))),
      plausible,
      block,
      swaps,
      isUnchanged,
      undefined,
    );
  if (isPlaceholder(habits, said)) return { kind: 'impossible', why: 'placeholder' };
  return certainUnlessSwapped(
    withIntegrity(habits, plausible, read(habits.status, habits)),
    plausible,
    block,
    swaps,
    isUnchanged,
    habits.status.missing,
  );
}

function judgeFamily(reading: Reading): Finding {
  switch (reading.habits.missing) {
    case 'missing':
      return judgeExactCount(reading);
    case 'at-least':
      return judgeHeardCount(reading);
    case 'plain-losses':
      return judgeFrozenNumber(reading);
    case 'missing-or-one':
      return judgeModemCount(reading);
  }
}

/** What MultiTech Dots send when the answer does not fit, or when they know of no session. */
function isPlaceholder(
  { integrity }: CountingHabits,
  { nbFragReceived, missingFrag, memoryError }: StatusAnswer,
): boolean {
  return integrity === 'mts-crc64' && nbFragReceived === 0 && missingFrag === 255 && memoryError;
}

/** A device that checks its block is not believed before it did. */
function withIntegrity(habits: CountingHabits, { said, asked }: PlausibleAnswer, found: Finding): Finding {
  const micIsWrong = said.micError === true && said.missingFrag === 0;
  if (micIsWrong && found.kind === 'complete') return { kind: 'corrupt', by: 'block-mic' };
  if (found.kind !== 'complete') return found;
  // Counted down to nothing, the block was checked before the answer; one that was never repaired is not (Basics Modem).
  const checked = habits.integrity === 'ts004-v2-mic' && said.micError === false;
  if (checked && found.proof === 'status-nothing-missing') return { ...found, proof: 'block-mic' };
  if (habits.integrity !== 'mts-crc64') return found;
  const missing = { atLeast: 0, likely: 0, atMost: 0 };
  const reception = { at: fragmentsSent(asked), missing, heardAtLeast: said.nbFragReceived, lossRate: undefined };
  return { kind: 'undecided', reception, memory: 'enough', provableFrom: undefined, isSettled: true };
}

/** Nothing is certain of numbers that read otherwise, were their octets swapped: another number will tell. */
function certainUnlessSwapped(
  found: Finding,
  { asked }: PlausibleAnswer,
  { nbFrag }: BlockFacts,
  swaps: 'no' | 'maybe',
  isUnchanged: boolean,
  habits: StatusHabits['missing'] | undefined,
): Finding {
  if (swaps === 'no' || found.kind === 'impossible') return found;
  // That judgement has taken it into account.
  if (found.kind === 'complete' && found.proof === 'status-frozen' && habits === 'plain-losses') return found;
  const read = 'reception' in found ? found.reception : undefined;
  const missing = { atLeast: 0, likely: read?.missing.likely ?? 0, atMost: nbFrag };
  const reception = { at: fragmentsSent(asked), missing, heardAtLeast: 0, lossRate: read?.lossRate };
  // A number that stands still will not tell.
  const isSettled = found.kind === 'complete' && (found.proof === 'status-frozen' || isUnchanged);
  const provableFrom = found.kind !== 'complete' || isSettled ? undefined : asked.sentLow + 1;
  return { kind: 'undecided', reception, memory: 'in-doubt', provableFrom, isSettled };
}
