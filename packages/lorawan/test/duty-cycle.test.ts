import { Rng, type SteadyMs, steadyMs } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DutyCycleLedger, region } from '../src/index.ts';

const HOUR = 3_600_000;
const RX2 = 869_525_000;
const G1 = 868_100_000;
const t0 = steadyMs(1_800_000_000_000);
const at = (ms: number): SteadyMs => steadyMs(t0 + ms);

describe('the duty-cycle ledger', () => {
  it('knows the budgets of an hour', () => {
    const ledger = new DutyCycleLedger(region('EU868'));
    expect(ledger.budgetMs(RX2)).toBe(360_000);
    expect(ledger.budgetMs(G1)).toBe(36_000);
    expect(ledger.budgetMs(868_800_000)).toBe(3_600);
    expect(ledger.budgetMs(868_650_000)).toBe(0);
    expect(new DutyCycleLedger(region('US915')).budgetMs(923_300_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('lets a burst go until the budget is used, then waits until the first frame is an hour old', () => {
    const ledger = new DutyCycleLedger(region('EU868'));
    for (let i = 0; i < 9; i++) {
      expect(ledger.earliestStart(G1, 4000, at(i * 5000))).toBe(at(i * 5000));
      ledger.record(G1, at(i * 5000), 4000);
    }
    expect(ledger.usedMs(G1, at(45_000))).toBe(36_000);
    // Another band is untouched.
    expect(ledger.earliestStart(RX2, 4000, at(45_000))).toBe(at(45_000));
    // The tenth may end only when as much of the first has left the hour.
    expect(ledger.earliestStart(G1, 4000, at(45_000))).toBe(at(HOUR));
    expect(ledger.earliestStart(G1, 1000, at(45_000))).toBe(at(HOUR));
    expect(ledger.usedMs(G1, at(HOUR + 4000))).toBe(32_000);
  });

  it('never lets a frame start that cannot fit at all', () => {
    const ledger = new DutyCycleLedger(region('EU868'));
    expect(ledger.earliestStart(868_800_000, 3601, t0)).toBeUndefined();
    expect(ledger.earliestStart(868_650_000, 1, t0)).toBeUndefined();
  });

  it('needs no account where there is no limit', () => {
    const ledger = new DutyCycleLedger(region('US915'));
    for (let i = 0; i < 100; i++) ledger.record(923_300_000, at(i * 1000), 1000);
    expect(ledger.usedMs(923_300_000, at(100_000))).toBe(0);
    expect(ledger.earliestStart(923_300_000, 1000, at(50_000))).toBe(at(50_000));
  });

  it('respects frames promised for later', () => {
    const ledger = new DutyCycleLedger(region('EU868'));
    ledger.record(G1, at(1_000_000), 35_000);
    expect(ledger.earliestStart(G1, 1000, t0)).toBe(t0);
    // One millisecond too much for the hour of the promised frame: when the other frame ends, as much of the promised
    // one must be older than an hour.
    expect(ledger.earliestStart(G1, 1001, t0)).toBe(at(1_000_001 + HOUR - 1001));
    ledger.forget(G1, at(1_000_000), 35_000);
    expect(ledger.earliestStart(G1, 1001, t0)).toBe(t0);
    ledger.forget(G1, at(1), 35_000);
  });

  it('holds every hour below the limit and is never later than needed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rng = new Rng(seed);
        const ledger = new DutyCycleLedger(region('EU868'));
        const sent: { start: number; end: number }[] = [];
        const load = (hourEnd: number, list: readonly { start: number; end: number }[]): number =>
          list.reduce(
            (sum, { start, end }) => sum + Math.max(0, Math.min(end, hourEnd) - Math.max(start, hourEnd - HOUR)),
            0,
          );
        const fits = (list: readonly { start: number; end: number }[]): boolean =>
          list.every(({ end }) => load(end, list) <= 36_000 + 0.01);
        let now = 0;
        for (let i = 0; i < 60; i++) {
          const airtime = Math.round(rng.between(100, 3000));
          // Sometimes promised far ahead, so that later frames have to fit in before it.
          const notBefore = now + (rng.chance(0.2) ? rng.below(HOUR) : 0);
          const found = ledger.earliestStart(G1, airtime, at(notBefore));
          if (found === undefined) throw new Error('the frame fits into an hour');
          const start = found - t0;
          expect(start).toBeGreaterThanOrEqual(notBefore);
          const overlaps = sent.some((other) => start < other.end && other.start < start + airtime);
          if (overlaps) {
            now += rng.below(60_000);
            continue;
          }
          const candidate = [...sent, { start, end: start + airtime }];
          expect(fits(candidate)).toBe(true);
          if (start > notBefore + 10) {
            for (const earlier of [start - 10, notBefore, (start + notBefore) / 2]) {
              if (sent.some((other) => earlier < other.end && other.start < earlier + airtime)) continue;
              expect(fits([...sent, { start: earlier, end: earlier + airtime }])).toBe(false);
            }
          }
          sent.push({ start, end: start + airtime });
          ledger.record(G1, found, airtime);
          now += rng.below(200_000);
        }
      }),
      { numRuns: 60 },
    );
  });
});
