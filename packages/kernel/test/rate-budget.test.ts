import { describe, expect, it } from 'vitest';
import { RateBudget, VirtualClock } from '../src/index.ts';

describe('a rate budget', () => {
  it('gives half a second of work at once, then what time brings', async () => {
    const clock = new VirtualClock();
    const budget = new RateBudget(clock, 1_000);
    expect(budget.take(800)).toBe(500);
    expect(budget.take(1)).toBe(0);
    await clock.advance(10);
    expect(budget.left).toBe(10);
    expect(budget.take(4)).toBe(4);
    expect(budget.left).toBe(6);
    await clock.advance(3_600_000);
    expect(budget.left).toBe(500);
  });

  it('gives the rate over time, however it is asked', async () => {
    const clock = new VirtualClock();
    const budget = new RateBudget(clock, 4_000);
    let taken = 0;
    for (let i = 0; i < 10_000; i++) {
      taken += budget.take(7);
      await clock.advance(1.5);
    }
    expect(taken).toBeGreaterThan(59_000);
    expect(taken).toBeLessThanOrEqual(62_000);
  });
});
