import { HeldDeviceTime, OffsetCalendar, Rng, steadyMs } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobPacing } from '../src/job-machine.ts';
import type { JobPlan } from '../src/job-plan.ts';
import { plannedGoal } from '../src/parity-policy.ts';
import { planSession } from '../src/session-plan.ts';
import { SAMPLE_AT, sampleFotaPlan, sampleMessagePlan } from '../src/testing/index.ts';

/** Those of the documented gateways: 1.5 s between fragments, 3 s between parity fragments. */
const PACING: JobPacing = { plainMs: 1_500, parityMs: 3_000, shortMs: 1_000, listenMs: 20_000, sustainedMs: 600 };

const TIME = new HeldDeviceTime(new OffsetCalendar());

const session = (plan: JobPlan, pacing: Partial<JobPacing> = {}, now = SAMPLE_AT) =>
  planSession({
    plan,
    pacing: { ...PACING, ...pacing },
    groupId: 'group',
    mcAddr: 0xf0da_0001,
    nextFCnt: 0,
    entropy: new Rng('session'),
    deviceTime: TIME,
    now,
  });
const exponent = (nbFrag: number, more: { parityFragments?: number } = {}, pacing: Partial<JobPacing> = {}): number =>
  session(sampleFotaPlan({ nbFrag, ...more }), pacing).timeOutExponent;

describe('the length of a session', () => {
  it('is the documented one for 1058 fragments', () => {
    expect(exponent(1058)).toBe(13);
  });

  it.each([
    [1, 9],
    [10, 9],
    [100, 10],
    [16_000, 15],
  ])('for %i fragments is 2^%i s', (nbFrag, expected) => {
    expect(exponent(nbFrag)).toBe(expected);
  });

  it('follows fixed parity fragments, slow pacing and the duty cycle of the band', () => {
    expect(exponent(1058, { parityFragments: 0 })).toBe(12);
    expect(exponent(1058, {}, { plainMs: 5_000 })).toBe(14);
    expect(exponent(10, { parityFragments: 0 })).toBe(8);
    expect(exponent(1058, {}, { sustainedMs: 10_000 })).toBe(15);
  });

  it('is the smallest that holds the broadcast with a quarter to spare', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6_000 }), fc.integer({ min: 100, max: 4_000 }), (nbFrag, plainMs) => {
        const n = exponent(nbFrag, {}, { plainMs, parityMs: plainMs, sustainedMs: 0 });
        const neededS = ((plannedGoal(nbFrag) * plainMs + 3 * 21_000) * 1.25 + 60_000) / 1_000;
        if (n < 15) expect(2 ** n).toBeGreaterThanOrEqual(neededS);
        if (n > 8) expect(2 ** (n - 1)).toBeLessThan(neededS);
        expect(n >= 8 && n <= 15).toBe(true);
      }),
    );
  });

  it.each([0, 2, 3, 5, 15])('of a message is as wished: %i', (sessionTimeoutExponent) => {
    expect(session(sampleMessagePlan({ sessionTimeoutExponent })).timeOutExponent).toBe(sessionTimeoutExponent);
  });
});

describe('the beginning of a session', () => {
  it('is on a whole second, the same on both time scales, never early', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), fc.nat(100_000), (offsetMs, launchDelayS) => {
        const now = steadyMs(SAMPLE_AT + offsetMs);
        const { launchAt, sessionTimeGpsS } = session(sampleFotaPlan({ launchDelayS }), {}, now);
        expect(Number.isInteger(sessionTimeGpsS)).toBe(true);
        expect(TIME.gpsOf(launchAt)).toBe(sessionTimeGpsS * 1_000);
        const waitMs = launchAt - now - launchDelayS * 1_000;
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThan(1_000);
      }),
    );
    expect(TIME.instantOf(TIME.gpsOf(SAMPLE_AT))).toBe(SAMPLE_AT);
  });

  it('counts frames from 1, so that the counter is the number of the fragment', () => {
    expect(session(sampleFotaPlan())).toMatchObject({ firstFCnt: 1, groupId: 'group', mcAddr: 0xf0da_0001 });
  });

  it('draws sixteen octets for the key', () => {
    const { mcKey } = session(sampleFotaPlan());
    expect(mcKey).toMatch(/^[0-9a-f]{32}$/);
    expect(mcKey).toBe(session(sampleFotaPlan()).mcKey);
  });
});
