import type { Eui64 } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smallestCover } from '../src/gateway-cover.ts';

const members = (text: string): Eui64[][] => text.split(' ').map((gateways) => [...gateways] as Eui64[]);

describe('the gateways that reach every member', () => {
  it.each([
    ['one device heard by two: the better one', 'ba', 'b'],
    ['two devices that share one', 'ac bc', 'c'],
    ['nothing shared', 'a b', 'ab'],
    ['the one that most hear is not needed', 'ac ac bd bd ab cd', 'ad'],
    // The greedy choice takes c first, and then needs both others.
    ['fewer than step by step', 'ac ac bc bc a b', 'ab'],
  ])('%s: %s by %s', (_what, heardBy, chosen) => {
    expect(smallestCover(members(heardBy)).join('')).toBe(chosen);
  });

  it('are none for nobody', () => {
    expect(smallestCover([])).toEqual([]);
  });

  it('are as few as can be, whoever heard whom', () => {
    const gateways = [...'abcdefg'] as Eui64[];
    const heard = fc.array(fc.shuffledSubarray(gateways, { minLength: 1 }), { maxLength: 12 });
    fc.assert(
      fc.property(heard, (all) => {
        const chosen = smallestCover(all);
        expect(all.every((some) => some.some((one) => chosen.includes(one)))).toBe(true);
        const sizes = Array.from({ length: 2 ** gateways.length }, (_, bits) => {
          const set = gateways.filter((_gateway, i) => (bits & (2 ** i)) !== 0);
          return all.every((some) => some.some((one) => set.includes(one))) ? set.length : Number.POSITIVE_INFINITY;
        });
        expect(chosen.length).toBe(Math.min(...sizes));
      }),
      { numRuns: 300 },
    );
  });

  it('are found quickly for thousands of devices and a hundred gateways', () => {
    const many = Array.from({ length: 5_000 }, (_, i) =>
      [i % 100, (i * 7) % 100, (i * 13 + 5) % 100].map((one) => String(one) as Eui64),
    );
    const start = performance.now();
    const chosen = smallestCover(many);
    // A tenth of a second on a machine at rest; without a limit it would take for ever.
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(many.every((some) => some.some((one) => chosen.includes(one)))).toBe(true);
  });
});
