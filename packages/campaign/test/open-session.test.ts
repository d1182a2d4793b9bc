import { gpsMs, steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobPlan } from '../src/job-plan.ts';
import { lateStart, planSession, withinBudgetMs } from '../src/session/open-session.ts';
import type { ImageFormat, MessageFormat } from '../src/session/session-format.ts';
import { type SessionPlan, sessionEnd } from '../src/session/session-state.ts';
import {
  SAMPLE_AT,
  SAMPLE_SESSION,
  sampleFotaPlan,
  sampleImageFormat,
  sampleMessagePlan,
  sampleSessionBase,
} from '../src/testing/index.ts';

const NOW = SAMPLE_AT;
const GPS_NOW = gpsMs(1_451_606_400_000);
const CARRIER = { region: 'EU868', frequencyHz: 869_525_000, dataRate: 5, airtimeMs: 100, dutyCycle: 1 };
const FORMAT = sampleImageFormat({ carrier: CARRIER, nbFrag: 1_000 });
const MESSAGE: MessageFormat = { kind: 'message', key: 'message', carrier: CARRIER, fPort: 3 };
const PACING = { plainMs: 1_500, parityMs: 3_000, shortMs: 1_000, listenMs: 20_000 };
const BASE = sampleSessionBase();
const FIXED = sampleFotaPlan({ launchDelayS: 120, uplinkIntervalS: 60 });
const OPEN = sampleFotaPlan({ launchDelayS: undefined, uplinkIntervalS: 60 });

type Facts = Parameters<typeof planSession>[0];

function planned(plan: JobPlan, more: Partial<Facts> = {}): SessionPlan {
  return planSession({
    plan,
    base: BASE,
    format: plan.kind === 'FOTA' ? FORMAT : MESSAGE,
    pacing: PACING,
    invited: { count: 10, waitForUplinks: true, startSlackS: 5 },
    groupId: 'job-1',
    address: { mcAddr: 0xff00_0001, nextFCnt: 0 },
    mcKey: '00'.repeat(16),
    now: NOW,
    gpsNowMs: GPS_NOW,
    ...more,
  });
}

const launchS = (plan: JobPlan, more: Partial<Facts> = {}): number => (planned(plan, more).launchAt - NOW) / 1000;

describe('frames under the duty budget of an hour', () => {
  it('follow at their own pace while the budget lasts', () => {
    // One in a hundred of an hour is 360 frames of 100 ms.
    expect(withinBudgetMs(360, 1_500, 100, 0.01)).toBe(540_000);
    expect(withinBudgetMs(361, 1_500, 100, 0.01)).toBe(3_600_000 + 1_500);
    expect(withinBudgetMs(720, 1_500, 100, 0.01)).toBe(3_600_000 + 540_000);
    expect(withinBudgetMs(721, 1_500, 100, 0.01)).toBe(7_200_000 + 1_500);
  });

  it('are not faster than their pace when that keeps the budget by itself', () => {
    expect(withinBudgetMs(1_000, 10_000, 100, 0.01)).toBe(10_000_000);
    expect(withinBudgetMs(721, 1_500, 100, 0.01, 9_000_000)).toBe(9_000_000);
  });

  it('know no budget where there is no duty cycle', () => {
    expect(withinBudgetMs(100_000, 1_500, 100, 1)).toBe(150_000_000);
    expect(withinBudgetMs(100_000, 1_500, 0, 0.01)).toBe(150_000_000);
  });

  it('that are longer than an hour allows take an hour each', () => {
    expect(withinBudgetMs(3, 1_500, 4_000, 0.001)).toBe(2 * 3_600_000 + 4_500);
  });

  it('never take less time when there are more of them', () => {
    for (const dutyCycle of [0.001, 0.01, 0.1]) {
      let before = 0;
      for (let frames = 1; frames < 2_000; frames += 7) {
        const spanMs = withinBudgetMs(frames, 1_500, 172.5, dutyCycle);
        expect(spanMs).toBeGreaterThanOrEqual(before);
        before = spanMs;
      }
    }
  });
});

describe('the launch', () => {
  it('is when a caller wants it', () => {
    expect(launchS(FIXED)).toBe(120);
    expect(launchS(sampleFotaPlan({ launchDelayS: 0 }))).toBe(0);
  });

  it('falls on a whole second of GPS time', () => {
    const plan = planned(FIXED, { gpsNowMs: gpsMs(GPS_NOW + 567) });
    expect(plan.sessionTimeGpsS).toBe(GPS_NOW / 1000 + 121);
    expect(plan.launchAt).toBe(NOW + 120_433);
  });

  it('leaves devices of class A two or three uplinks', () => {
    expect(launchS(OPEN)).toBe(150);
    expect(launchS(OPEN, { invited: { count: 1_000, waitForUplinks: true, startSlackS: 0 } })).toBe(315);
  });

  it('leaves devices that listen all the time what their downlinks take', () => {
    expect(launchS(OPEN, { invited: { count: 10, waitForUplinks: false, startSlackS: 0 } })).toBe(18);
    expect(launchS(OPEN, { invited: { count: 200, waitForUplinks: false, startSlackS: 0 } })).toBe(75);
  });

  it('gives those who are late so many uplinks more, and silence its meaning before that', () => {
    const spans = (plan: JobPlan, count: number, waitForUplinks: boolean): readonly number[] => {
      const one = planned(plan, { invited: { count, waitForUplinks, startSlackS: 0 } });
      return [one.silentFrom, one.gatherUntil].map((at) => (at - one.launchAt) / 1000);
    };
    expect(spans(OPEN, 10, true)).toEqual([150, 720]);
    expect(spans(OPEN, 10, false)).toEqual([10, 60]);
    expect(spans(OPEN, 1_000, false)).toEqual([10, 1_000]);
    expect(spans(FIXED, 1_000, true)).toEqual([120, 120]);
    expect(spans(sampleFotaPlan({ launchDelayS: 10 }), 10, true)).toEqual([60, 60]);
  });

  it('has the slack of the slowest device, and a counter that no device has heard', () => {
    expect(planned(FIXED)).toMatchObject({ startSlackMs: 5_000, firstFCnt: 1 });
    expect(planned(FIXED, { address: { mcAddr: 1, nextFCnt: 77 } })).toMatchObject({ mcAddr: 1, firstFCnt: 77 });
  });
});

describe('the time-out of a session', () => {
  const exponent = (plan: JobPlan, more: Partial<Facts> = {}): number => planned(plan, more).timeOutExponent;
  const limited = (dutyCycle: number): ImageFormat => ({ ...FORMAT, carrier: { ...CARRIER, dutyCycle } });

  it('holds the planned broadcast with its questions, and a quarter to spare', () => {
    // 1000 plain fragments of 1.5 s and 640 of parity of 3 s: 3420 s, with a quarter more 4275 s.
    expect(exponent(FIXED)).toBe(13);
    expect(exponent(FIXED, { base: { ...BASE, isFresh: false } })).toBe(12);
    expect(exponent(sampleFotaPlan({ launchDelayS: 120, parityFragments: 10 }))).toBe(11);
  });

  it('holds the hours that the duty cycle adds', () => {
    // 1640 frames, 360 an hour: four hours and 200 frames, with a quarter more 18 375 s.
    expect(exponent(FIXED, { format: limited(0.01) })).toBe(15);
    // 3600 an hour: nothing is added.
    expect(exponent(FIXED, { format: limited(0.1) })).toBe(13);
    // Nor is there more than 2^15 s.
    expect(exponent(FIXED, { format: limited(0.001) })).toBe(15);
  });

  it('holds the time for which late devices are waited for, unless the launch is fixed', () => {
    const small = { format: { ...FORMAT, nbFrag: 10 } };
    expect(exponent(FIXED, small)).toBe(9);
    // Twelve uplinks of a minute.
    expect(exponent(OPEN, small)).toBe(11);
  });

  it('is at least 2^8 s for an image', () => {
    const pacing = { plainMs: 200, parityMs: 200, shortMs: 200, listenMs: 20_000 };
    expect(exponent(FIXED, { format: { ...FORMAT, nbFrag: 1 }, pacing })).toBe(8);
  });

  it('of a message is what a caller wants, or what its transmissions take', () => {
    expect(exponent(sampleMessagePlan({ sessionTimeoutExponent: 3 }))).toBe(3);
    const own = sampleMessagePlan({ sessionTimeoutExponent: undefined, transmissions: 1 });
    expect(exponent(own)).toBe(8);
    expect(exponent({ ...own, transmissions: 1_000 })).toBe(11);
    const budget = { format: { ...MESSAGE, carrier: { ...CARRIER, dutyCycle: 0.01 } } };
    expect(exponent({ ...own, transmissions: 1_000 }, budget)).toBe(14);
  });
});

describe('a late start', () => {
  const session: SessionPlan = { ...SAMPLE_SESSION, timeOutExponent: 12 };
  const late = (s: number) => lateStart(session, session.sessionTimeGpsS + s);

  it('is later by as much as the device is told', () => {
    expect(late(100)).toEqual({
      sessionTimeGpsS: session.sessionTimeGpsS + 100,
      launchAt: session.launchAt + 100_000,
      timeOutExponent: 12,
    });
    expect(late(0)).toMatchObject({ launchAt: session.launchAt, timeOutExponent: 12 });
  });

  it('ends with the others or after them, and not much later', () => {
    for (const s of [1, 2_047, 2_048, 2_049, 3_000, 4_000, 4_095]) {
      const start = late(s);
      const end = sessionEnd(start);
      expect(end).toBeGreaterThanOrEqual(sessionEnd(session));
      expect(end - start.launchAt).toBeLessThan(Math.max(1_001, 2 * (sessionEnd(session) - start.launchAt)) + 1);
    }
    expect([2_047, 2_048, 3_072, 4_095].map((s) => late(s).timeOutExponent)).toEqual([12, 11, 10, 0]);
  });

  it('after the end is as short as can be', () => {
    expect(late(5_000).timeOutExponent).toBe(0);
    expect(sessionEnd(late(5_000))).toBe(steadyMs(session.launchAt + 5_001_000));
  });
});
