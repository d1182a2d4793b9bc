import type { StatusHabits } from '@airlift/applayer';
import type { Asking, BlockFacts, HeardAnswer, StatusAnswer } from './status-answer.ts';

/** An answer that passed the checks that hold for every stack. */
export interface PlausibleAnswer {
  readonly said: StatusAnswer;
  readonly asked: Asking;
}

/** What a family of stacks is judged by. */
export interface Reading extends PlausibleAnswer {
  readonly block: BlockFacts;
  readonly habits: StatusHabits;
  /** Plain losses that the decoder can mend, if known. */
  readonly maxLosses: number | undefined;
  /** Whether the octets of its numbers may be in the wrong order, for all that is known. */
  readonly maySwapOctets: boolean;
  /** Earlier plausible answers of the device in this session, oldest first. */
  readonly earlier: readonly PlausibleAnswer[];
}

/** Answers with numbers, without those that speak of no session. */
export function withNumbers(answers: readonly HeardAnswer[]): readonly PlausibleAnswer[] {
  return answers.flatMap(({ said, asked }) => (said === 'no-session' ? [] : [{ said, asked }]));
}

/** The values that an octet may stand for where it wraps: value, value + 256, ..., within the bounds. */
export function unwrapped(octet: number, wraps: boolean, atLeast: number, atMost: number): readonly number[] {
  const values: number[] = [];
  for (let value = octet; value <= atMost; value += 256) {
    if (value >= atLeast) values.push(value);
    if (!wraps) break;
  }
  return values;
}
