import { steadyMs } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Members, SessionContext } from '../src/session/session-context.ts';
import type { SessionFormat } from '../src/session/session-format.ts';
import { type SessionState, sessionEnd } from '../src/session/session-state.ts';
import { sessionDueAt, sessionStep } from '../src/session/session-step.ts';
import {
  SAMPLE_FORMATS,
  SAMPLE_SESSION,
  SAMPLE_SESSION_STATES,
  sampleFotaPlan,
  sampleMessagePlan,
} from '../src/testing/index.ts';

const CARRIER = { region: 'US915', frequencyHz: 923_300_000, dataRate: 8, airtimeMs: 100, dutyCycle: 1 };
const MESSAGE: SessionFormat = { kind: 'message', key: 'message', carrier: CARRIER, fPort: 3 };
const [IMAGE = MESSAGE] = SAMPLE_FORMATS.filter(({ kind }) => kind === 'image');

const counts = fc.nat({ max: 3 });
const anyMembers: fc.Arbitrary<Members> = fc
  .record({
    ready: counts,
    receiving: counts,
    unconfirmed: counts,
    awaited: counts,
    joining: counts,
    between: counts,
    unproven: counts,
  })
  .map((some) => ({
    ...some,
    total: some.ready + some.receiving + some.joining + some.between,
    launchShare: 0.98,
    devices: Array.from({ length: some.receiving }, (_, n) => ({
      id: String(n),
      found: undefined,
      missedAnswers: some.awaited,
      heardSince: false,
    })),
  }));

/** A sample state, paused or not, with what is around it. */
const anySession = fc.record({
  state: fc.constantFrom(...SAMPLE_SESSION_STATES),
  isPaused: fc.boolean(),
  plan: fc.constantFrom(
    sampleFotaPlan(),
    sampleFotaPlan({ launchDelayS: undefined }),
    sampleFotaPlan({ parityFragments: 3 }),
    sampleMessagePlan({ transmissions: 3, sessionTimeoutExponent: undefined }),
    sampleMessagePlan({ launchDelayS: undefined, confirmPort: 10 }),
  ),
  members: anyMembers,
  lateMs: fc.constantFrom(0, 1, 2_000, 70_000),
});

/** The sample as it can come about: a set-up is first looked at when its launch is due. */
function started(sample: SessionState, isPaused: boolean): SessionState {
  if (!('isPaused' in sample)) return sample;
  return sample.kind === 'setup' ? { ...sample, isPaused, lookAt: sample.plan.launchAt } : { ...sample, isPaused };
}

describe('a session', () => {
  it('never wants to be woken again for an instant that has passed', () => {
    fc.assert(
      fc.property(anySession, ({ state: sample, isPaused, plan, members, lateMs }) => {
        let state = started(sample, isPaused);
        for (let wakes = 0; ; wakes++) {
          const due = sessionDueAt(state);
          if (due === undefined) return;
          // What waits for the fate of a frame is over with the session at the latest.
          expect(wakes).toBeLessThan(5_000);
          const now = steadyMs(due + lateMs);
          const context: SessionContext = {
            now,
            plan,
            format: plan.kind === 'Message' ? MESSAGE : IMAGE,
            pacing: { plainMs: 1_500, parityMs: 3_000, shortMs: 1_000, listenMs: 20_000 },
            members,
            firstGoal: 25,
          };
          const before = state;
          state = sessionStep(state, { kind: 'due' }, context).state;
          const next = sessionDueAt(state);
          if (state.kind === before.kind && next !== undefined) expect(next).toBeGreaterThan(now);
          // An opening is tried for as long as it takes.
          if (state.kind === 'opening') return;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('sends nothing more once its time is up, whatever it waits for', () => {
    fc.assert(
      fc.property(anySession, ({ state: sample, isPaused, plan, members, lateMs }) => {
        const state = started(sample, isPaused);
        const context: SessionContext = {
          now: steadyMs(sessionEnd(SAMPLE_SESSION) + lateMs),
          plan,
          format: plan.kind === 'Message' ? MESSAGE : IMAGE,
          pacing: { plainMs: 1_500, parityMs: 3_000, shortMs: 1_000, listenMs: 20_000 },
          members,
          firstGoal: 25,
        };
        for (const kind of ['due', 'member-moved', 'resume', 'server-restarted'] as const) {
          const { effects } = sessionStep(state, { kind }, context);
          expect(effects.filter((effect) => effect.kind === 'send')).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
