import { Rng } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { STACKS } from '../support/stacks.ts';
import { emptyTally, tallyVerdicts, VERDICT_LOSSES, type VerdictTally } from '../support/verdict-tally.ts';

/** 14 stacks and the unnamed ones: over 100,000 verdicts. */
const RUNS = 60;

function overAllLosses(kinds: typeof STACKS, runs: number, named: boolean, seed: string): VerdictTally {
  const rng = new Rng(seed);
  const total = emptyTally();
  for (const kind of kinds) {
    for (const loss of VERDICT_LOSSES) {
      const tally = tallyVerdicts(kind, loss, runs, rng, named);
      for (const key of Object.keys(total) as (keyof VerdictTally)[]) total[key] += tally[key];
    }
  }
  return total;
}

describe('verdicts on status answers, 0 to 50 % lost', () => {
  it.each(STACKS.map((kind) => [kind.name, kind] as const))('%s: nothing false is said', (name, kind) => {
    const total = overAllLosses([kind], RUNS, true, `verdicts/${name}`);
    expect(total).toMatchObject({ falseSuccess: 0, falseFailure: 0, refused: 0 });
    expect(total.verdicts).toBeGreaterThan(6000);
  });

  it('of devices whose stack nobody named, neither', () => {
    const total = overAllLosses(STACKS, 6, false, 'verdicts/unnamed');
    expect(total).toMatchObject({ falseSuccess: 0, falseFailure: 0 });
    expect(total.proven).toBeGreaterThan(0);
  });

  it('most complete devices can prove it sooner or later', () => {
    const provenShare = (name: string): number => {
      const total = overAllLosses(
        STACKS.filter((one) => one.name === name),
        20,
        true,
        `share/${name}`,
      );
      return total.proven / total.ofComplete;
    };
    expect(provenShare('by the book')).toBeGreaterThan(0.98);
    expect(provenShare('Basics Modem 1')).toBeGreaterThan(0.6);
    expect(provenShare('LoRaMac-node')).toBeGreaterThan(0.35);
    expect(provenShare('Zephyr')).toBeGreaterThan(0.1);
    // A Dot proves it by its checksum only.
    expect(provenShare('MultiTech Dot')).toBe(0);
  });
});
