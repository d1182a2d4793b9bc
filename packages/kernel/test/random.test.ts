import { describe, expect, it } from 'vitest';
import { Rng, systemEntropy, toHex } from '../src/index.ts';

describe('Rng', () => {
  it('repeats with its seed and differs with another', () => {
    const draw = (seed: string): number[] =>
      Array.from(
        { length: 20 },
        (
          (rng) => () =>
            rng.u32()
        )(new Rng(seed)),
      );
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
  });

  it('forks by name, whatever was drawn before', () => {
    const fresh = new Rng('seed');
    const used = new Rng('seed');
    for (let i = 0; i < 10; i++) used.u32();
    expect(used.fork('x').u32()).toBe(fresh.fork('x').u32());
    expect(fresh.fork('x').u32()).not.toBe(fresh.fork('y').u32());
  });

  it('spreads evenly', () => {
    const rng = new Rng(7);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const cell = rng.below(10);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    // Six standard deviations of a binomial count.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(6 * Math.sqrt(9_000));
    let hits = 0;
    for (let i = 0; i < 100_000; i++) if (rng.chance(0.1)) hits += 1;
    expect(Math.abs(hits - 10_000)).toBeLessThan(6 * Math.sqrt(9_000));
  });
});

describe('systemEntropy', () => {
  it('gives as many octets as asked for, and never the same', () => {
    const one = systemEntropy.octets(32);
    expect(one).toHaveLength(32);
    expect(toHex(one)).not.toBe(toHex(systemEntropy.octets(32)));
  });
});
