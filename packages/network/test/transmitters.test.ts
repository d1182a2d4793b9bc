import { type Eui64, parseEui64, type SteadyMs, steadyMs } from '@airlift/kernel';
import { region, subBandAt } from '@airlift/lorawan';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Slot, Transmitters } from '../src/transmitters.ts';

const A = parseEui64('00800000a0001234');
const B = parseEui64('a84041fdfe276a10');
const START = 1_767_225_600_000;
const GAP_MS = 80;
const EU868 = region('EU868');
const US915 = region('US915');

const slot = (startMs: number, airtimeMs: number, frequencyHz = 869_525_000, gatewayEui: Eui64 = A): Slot => ({
  gatewayEui,
  frequencyHz,
  at: steadyMs(START + startMs),
  airtimeMs,
});

describe('a transmitter', () => {
  it.each([
    ['at the same time', 1_000, 100, false],
    ['that ends 80 ms before', 820, 100, true],
    ['that ends 79 ms before', 821, 100, false],
    ['that begins 80 ms after', 1_180, 100, true],
    ['that begins 79 ms after', 1_179, 100, false],
    ['around it', 500, 2_000, false],
    ['within it', 1_010, 10, false],
    ['long before', 0, 10, true],
  ])('has room for a frame %s: %d ms, %d ms long: %s', (_what, startMs, airtimeMs, free) => {
    const transmitters = new Transmitters(US915);
    transmitters.promise(slot(1_000, 100, 923_300_000));
    expect(transmitters.isFree(slot(startMs, airtimeMs, 923_300_000))).toBe(free);
    expect(transmitters.isFree(slot(startMs, airtimeMs, 927_500_000))).toBe(free);
    expect(transmitters.isFree(slot(startMs, airtimeMs, 923_300_000, B))).toBe(true);
  });

  it('is free again when a promise is taken back, in time and in its budget', () => {
    const transmitters = new Transmitters(EU868);
    const whole = slot(0, 360_000);
    transmitters.promise(whole);
    expect(transmitters.isFree(slot(400_000, 1))).toBe(false);
    transmitters.release(whole);
    expect(transmitters.isFree(whole)).toBe(true);
    transmitters.release(whole);
    expect(transmitters.isFree(whole)).toBe(true);
  });

  it.each([
    [869_525_000, 360_000],
    [868_100_000, 36_000],
    [868_500_000, 36_000],
    [867_100_000, 36_000],
    [868_900_000, 3_600],
    [864_000_000, 3_600],
  ])('may be %d Hz for %d ms of an hour in EU868', (frequencyHz, budgetMs) => {
    const transmitters = new Transmitters(EU868);
    expect(transmitters.earliestStart(slot(0, budgetMs, frequencyHz))).toBe(START);
    expect(transmitters.earliestStart(slot(0, budgetMs + 1, frequencyHz))).toBeUndefined();
    transmitters.promise(slot(0, budgetMs, frequencyHz));
    expect(transmitters.earliestStart(slot(0, 1, frequencyHz))).toBeCloseTo(START + 3_600_000, 2);
    // Another gateway, and another band, have budgets of their own.
    expect(transmitters.isFree(slot(0, 1, frequencyHz, B))).toBe(true);
    expect(
      transmitters.isFree(slot(budgetMs + GAP_MS, 1, frequencyHz === 869_525_000 ? 868_100_000 : 869_525_000)),
    ).toBe(true);
  });

  it('never sends outside all bands', () => {
    const transmitters = new Transmitters(EU868);
    expect(transmitters.earliestStart(slot(0, 1, 868_650_000))).toBeUndefined();
    expect(transmitters.isFree(slot(0, 1, 868_650_000))).toBe(false);
  });

  it('lowers its power to 14 dBm once, for the gateway that refused', () => {
    const transmitters = new Transmitters(EU868);
    transmitters.promise(slot(0, 1));
    expect(transmitters.powerDbm(A, 29)).toBe(29);
    expect(transmitters.lowerPower(A, 29)).toBe(true);
    expect(transmitters.powerDbm(A, 29)).toBe(14);
    expect(transmitters.powerDbm(A, 10)).toBe(10);
    expect(transmitters.lowerPower(A, 14)).toBe(false);
    expect(transmitters.powerDbm(B, 29)).toBe(29);
    expect(transmitters.lowerPower(B, 29)).toBe(false);
  });

  it('remembers a thousand gateways, those that transmit longest', () => {
    const transmitters = new Transmitters(EU868);
    const own = (i: number): Slot => slot(2_000 + 200 * i, 10);
    for (let i = 0; i < 5_000; i++) {
      const invented = parseEui64(i.toString(16).padStart(16, '0'));
      transmitters.promise(slot(2_000, 10, 869_525_000, invented));
      // Kept by its own frames.
      if (i % 500 === 0) transmitters.promise(own(i));
    }
    expect(transmitters.isFree(own(4_500))).toBe(false);
    const isFreeAt = (gatewayEui: string): boolean =>
      transmitters.isFree(slot(2_000, 10, 869_525_000, parseEui64(gatewayEui)));
    expect(isFreeAt('0000000000000000')).toBe(true);
    expect(isFreeAt((4_999).toString(16).padStart(16, '0'))).toBe(false);
  });
});

describe('the promises of a transmitter, whatever is asked of it', () => {
  const wishes = fc.array(
    fc.record({
      laterMs: fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: 200_000 })),
      // Answers are promised ahead, at most until the later window after the longest delay.
      aheadMs: fc.oneof(fc.constant(0), fc.nat({ max: 16_000 })),
      airtimeMs: fc.double({ min: 1, max: 3_000, noNaN: true }),
      frequencyHz: fc.constantFrom(869_525_000, 868_100_000, 868_500_000, 868_900_000),
      sent: fc.boolean(),
    }),
    { minLength: 20, maxLength: 120 },
  );

  it('never overlap, never exceed a budget, and none starts before it may', () => {
    fc.assert(
      fc.property(wishes, (all) => {
        const transmitters = new Transmitters(EU868);
        const kept: Slot[] = [];
        let nowMs = 0;
        for (const { laterMs, aheadMs, airtimeMs, frequencyHz, sent } of all) {
          nowMs += laterMs;
          const wish = slot(nowMs + aheadMs, airtimeMs, frequencyHz);
          const at = transmitters.earliestStart(wish);
          if (at === undefined) throw new Error('every wish can come true some day');
          expect(at).toBeGreaterThanOrEqual(wish.at);
          const promised = { ...wish, at };
          expect(transmitters.isFree(promised)).toBe(true);
          if (at > START + nowMs + 16_000) continue;
          transmitters.promise(promised);
          expect(transmitters.isFree(promised)).toBe(false);
          if (sent) kept.push(promised);
          else transmitters.release(promised);
        }
        kept.sort((a, b) => a.at - b.at);
        for (const [i, one] of kept.entries()) {
          const next = kept[i + 1];
          if (next !== undefined) expect(next.at - one.at - one.airtimeMs).toBeGreaterThan(GAP_MS - 0.01);
          expect(airtimeBefore(kept, one)).toBeLessThanOrEqual(budgetMs(one) + 0.1);
        }
      }),
      { numRuns: 200 },
    );
  });
});

function budgetMs({ frequencyHz }: Slot): number {
  return 3_600_000 * (subBandAt(EU868, frequencyHz)?.dutyCycle ?? 0);
}

/** Time on air in the hour that ends with a frame, in its band. */
function airtimeBefore(kept: readonly Slot[], last: Slot): number {
  const until = last.at + last.airtimeMs;
  const band = subBandAt(EU868, last.frequencyHz);
  let sum = 0;
  for (const { at, airtimeMs, frequencyHz } of kept) {
    if (subBandAt(EU868, frequencyHz) !== band) continue;
    sum += Math.max(0, Math.min(until, at + airtimeMs) - Math.max(at as SteadyMs, until - 3_600_000));
  }
  return sum;
}
