import { ParityRowCache } from '@airlift/applayer';
import type { Rng } from '@airlift/kernel';
import { type Finding, type HeardAnswer, judgeStatus } from '../../src/evidence/index.ts';
import type { Stack, StackKind } from './stacks.ts';

/** What came of judging many answers of a stack. */
export interface VerdictTally {
  verdicts: number;
  /** "Complete" of a device that is not. */
  falseSuccess: number;
  /** "Incomplete" of a device that is complete. */
  falseFailure: number;
  /** "Impossible" of an honest answer. */
  refused: number;
  /** Answers of complete devices, and how many of them proved it. */
  ofComplete: number;
  proven: number;
}

export const VERDICT_LOSSES = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5] as const;
/** Tiny, ordinary, around the wrap of an octet, with rows that repeat themselves, and beyond 255 losses. */
const SIZES = [1, 2, 3, 21, 64, 130, 256, 257, 320, 700] as const;

export function emptyTally(): VerdictTally {
  return { verdicts: 0, falseSuccess: 0, falseFailure: 0, refused: 0, ofComplete: 0, proven: 0 };
}

/** Runs devices of a stack at one loss: `runs` of each small size, fewer of large ones. */
export function tallyVerdicts(kind: StackKind, loss: number, runs: number, rng: Rng, named: boolean): VerdictTally {
  const tally = emptyTally();
  for (const size of SIZES) {
    const rows = new ParityRowCache(size, 'v1');
    const share = size < 100 ? 1 : size < 500 ? 3 : 12;
    for (let i = 0; i < Math.ceil(runs / share); i++) runOne(kind, rows, loss, rng, named, tally);
  }
  return tally;
}

/**
 * One device: it is asked right after the plain fragments in half of the runs and at random moments otherwise; one answer
 * in ten is lost; its variables may hold an earlier session; it may come late or hear nothing from some moment on; and half
 * of the devices lose fragments in runs of two on average.
 */
function runOne(
  kind: StackKind,
  rows: ParityRowCache,
  loss: number,
  rng: Rng,
  named: boolean,
  tally: VerdictTally,
): void {
  const { nbFrag } = rows;
  const left = rng.chance(0.3)
    ? { lastNumber: nbFrag + (rng.chance(0.5) ? 0 : rng.below(nbFrag)), memoryBit: rng.chance(0.3) }
    : {};
  const stack = kind.build(rows, left);
  const end = Math.min(16_383, Math.ceil((nbFrag + 8) / (1 - loss)) + 45);
  const moments = new Set<number>([end]);
  if (rng.chance(0.3)) moments.add(0);
  if (rng.chance(0.5)) moments.add(nbFrag);
  for (let i = rng.below(6); i > 0; i--) moments.add(nbFrag + rng.below(end - nbFrag));
  const from = rng.chance(0.05) ? rng.below(nbFrag) : 0;
  const until = rng.chance(0.05) ? rng.below(end) : end;
  const runOn = rng.chance(0.5) ? Math.max(loss, 0.5) : loss;
  const isSwapper = kind.name.includes('swapped');
  const answers: HeardAnswer[] = [];
  let missed = false;
  for (let sent = 0; sent <= end; sent++) {
    missed = rng.chance(missed && loss > 0 ? runOn : loss);
    if (sent > from && sent <= until && !missed) stack.hear(sent);
    // Who stopped listening does not hear a question to the group either.
    if (!moments.has(sent) || sent > until || rng.chance(0.1)) continue;
    const asked = { fragIndex: 0, sentLow: sent, sentHigh: sent, sentByAnswer: sent + rng.below(3) };
    const answer: HeardAnswer = { said: stack.answer(), asked };
    const found = judgeStatus(named ? kind.profile.fragmentation : 'unknown', { nbFrag }, answer, answers);
    answers.push(answer);
    count(tally, found, stack, isSwapper || stack.answer().nbFragReceived === left.lastNumber);
  }
}

/** @param isOdd the answer is not of this session, or of a stack that its profile does not describe */
function count(tally: VerdictTally, found: Finding, stack: Stack, isOdd: boolean): void {
  tally.verdicts += 1;
  if (stack.complete) tally.ofComplete += 1;
  if (found.kind === 'complete') tally[stack.complete ? 'proven' : 'falseSuccess'] += 1;
  if (found.kind === 'incomplete' && stack.complete && !isOdd) tally.falseFailure += 1;
  if (found.kind === 'impossible' && !isOdd) tally.refused += 1;
}
