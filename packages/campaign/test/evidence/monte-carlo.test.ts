import { ParityRowCache } from '@airlift/applayer';
import { Rng } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { type Finding, type HeardAnswer, judgeStatus } from '../../src/evidence/index.ts';
import { STACKS, type Stack, type StackKind } from '../support/stacks.ts';

interface Tally {
  verdicts: number;
  falseSuccess: number;
  complete: number;
  proven: number;
  wrongBounds: number;
  heardButUnknown: number;
}

/**
 * One device: hears with the given loss, is asked right after the plain fragments in half of the runs and at random
 * moments otherwise, one answer in ten is lost.
 */
function runOne(kind: StackKind, rows: ParityRowCache, loss: number, rng: Rng, tally: Tally, isKnown: boolean): void {
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
  // One device in twenty comes late, one in twenty hears nothing from some moment on, and is still asked.
  const from = rng.chance(0.05) ? rng.below(nbFrag) : 0;
  const until = rng.chance(0.05) ? rng.below(end) : end;
  // Half of the devices lose fragments in runs of two on average.
  const runOn = rng.chance(0.5) ? Math.max(loss, 0.5) : loss;
  let missed = false;
  const answers: HeardAnswer[] = [];
  for (let sent = 0; sent <= end; sent++) {
    missed = rng.chance(missed && loss > 0 ? runOn : loss);
    if (sent > from && sent <= until && !missed) stack.hear(sent);
    // Who stopped listening does not hear a question to the group either.
    const isAsked = moments.has(sent) && sent <= until;
    const isStale = left.lastNumber !== undefined && sent <= end && answersNothingNew(stack, left.lastNumber);
    if (!isAsked || rng.chance(0.1)) continue;
    const asked = { fragIndex: 0, sentLow: sent, sentHigh: sent, sentByAnswer: sent + rng.below(3) };
    const answer: HeardAnswer = { said: stack.answer(), asked };
    const found = judgeStatus(isKnown ? kind.profile.fragmentation : 'unknown', { nbFrag }, answer, answers);
    answers.push(answer);
    count(tally, found, stack.complete, isStale || kind.name.includes('swapped'));
  }
}

/** Whether the device still reports the number of its earlier session. */
function answersNothingNew(stack: Stack, lastNumber: number): boolean {
  return stack.answer().nbFragReceived === lastNumber;
}

function count(tally: Tally, found: Finding, isComplete: boolean, isOdd: boolean): void {
  tally.verdicts += 1;
  if (isComplete) tally.complete += 1;
  if (found.kind === 'complete') {
    if (isComplete) tally.proven += 1;
    else tally.falseSuccess += 1;
  }
  // "Incomplete" said of a complete device would be a false failure.
  if (found.kind === 'incomplete' && isComplete && !isOdd) tally.wrongBounds += 1;
  if (found.kind === 'impossible' && !isOdd) tally.heardButUnknown += 1;
}

const LOSSES = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5];
const SIZES = [1, 2, 3, 21, 64, 130, 256, 257, 320];
const fresh = (): Tally => ({
  verdicts: 0,
  falseSuccess: 0,
  complete: 0,
  proven: 0,
  wrongBounds: 0,
  heardButUnknown: 0,
});
const row = (name: string, tally: Tally): string =>
  `${name.padEnd(32)} ${String(tally.verdicts).padStart(6)} ${String(tally.falseSuccess).padStart(3)} ${String(tally.wrongBounds).padStart(3)} ${String(tally.heardButUnknown).padStart(4)} ${(tally.proven / Math.max(1, tally.complete)).toFixed(3)}`;

describe('verdicts of status answers', () => {
  const scale = Number(process.env['EVIDENCE_RUNS'] ?? '30');
  const lines: string[] = [];

  it.each(STACKS.map((kind) => [kind.name, kind] as const))('%s: never success for an incomplete device', (_, kind) => {
    const rng = new Rng(`evidence/${kind.name}`);
    const total = fresh();
    for (const loss of LOSSES) {
      const tally = fresh();
      for (const size of SIZES) {
        const rows = new ParityRowCache(size, 'v1');
        const runs = size < 100 ? scale : Math.ceil(scale / 3);
        for (let i = 0; i < runs; i++) runOne(kind, rows, loss, rng, tally, true);
      }
      lines.push(row(`${kind.name} ${loss}`, tally));
      for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key];
    }
    if (process.env['EVIDENCE_TABLE'] !== undefined) console.log(lines.splice(0).join('\n'));
    expect(total.falseSuccess).toBe(0);
    expect(total.wrongBounds).toBe(0);
    expect(total.heardButUnknown).toBe(0);
    expect(total.verdicts).toBeGreaterThan(1000);
  });

  it('a device of a stack that nobody named is judged by what all stacks have in common', () => {
    const rng = new Rng('evidence/unknown');
    const tally = fresh();
    const rows = new ParityRowCache(64, 'v1');
    for (const kind of STACKS) {
      for (const loss of LOSSES) for (let i = 0; i < 10; i++) runOne(kind, rows, loss, rng, tally, false);
    }
    expect(tally.falseSuccess).toBe(0);
    expect(tally.wrongBounds).toBe(0);
  });
});
