import { steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { DeviceState } from '../src/device/device-state.ts';
import type { JobState } from '../src/job/job-state.ts';
import { reportJob } from '../src/job-views.ts';
import { REASONS } from '../src/reasons.ts';
import type { SessionState } from '../src/session/session-state.ts';
import type { JobRecord } from '../src/stores.ts';
import {
  SAMPLE_AT,
  SAMPLE_DEVICE_STATES,
  SAMPLE_JOB_STATES,
  SAMPLE_SESSION_STATES,
  sampleEui,
  sampleFotaPlan,
  sampleMessagePlan,
} from '../src/testing/index.ts';

const running = (percent: number): JobState => ({
  kind: 'running',
  startedAt: SAMPLE_AT,
  control: { kind: 'going' },
  wave: 0,
  formats: [],
  percent,
});

function report(
  state: JobState,
  devices: readonly DeviceState[] = [],
  sessions: readonly SessionState[] = [],
  plan: JobRecord['plan'] = sampleFotaPlan(),
) {
  const own = devices.map((one, n) => ({ devEui: sampleEui(n + 1), state: one }));
  return reportJob({ plan, version: 1, state, sessions, devices: own });
}

const session = (kind: SessionState['kind']): SessionState => {
  const found = SAMPLE_SESSION_STATES.find((one) => one.kind === kind);
  if (found === undefined) throw new Error('no sample');
  return found;
};

describe('a job', () => {
  it.each([
    ['opening', 'SETUP'],
    ['setup', 'SETUP'],
    ['broadcasting', 'BROADCASTING'],
    ['closing', 'TEARDOWN'],
    ['ended', 'SETUP'],
  ] as const)('whose session is %s shows %s', (kind, phase) => {
    expect(report(running(12.5), [], [session(kind)])).toMatchObject({ phase, percentComplete: 12.5 });
  });

  it.each([
    ['scheduled', 'SCHEDULED', 0],
    ['waiting', 'SCHEDULED', 0],
    ['complete', 'COMPLETE', 100],
    ['cancelled', 'SCHEDULED', 0],
  ] as const)('that is %s shows %s at %f', (kind, phase, percentComplete) => {
    const state = SAMPLE_JOB_STATES.find((one) => one.kind === kind);
    if (state === undefined) throw new Error('no sample');
    expect(report(state)).toMatchObject({ phase, percentComplete });
  });

  it('that sends a message has no teardown', () => {
    expect(report(running(9), [], [session('closing')], sampleMessagePlan()).phase).toBe('BROADCASTING');
  });

  it.each(SAMPLE_JOB_STATES.map((state) => [state.kind, state] as const))(
    'shows 100 when and only when it is complete: %s',
    (kind, state) => {
      expect(report(state).percentComplete === 100).toBe(kind === 'complete');
    },
  );

  it('says what it waits for', () => {
    const waiting: JobState = { kind: 'waiting', since: SAMPLE_AT, devicesHeld: 2 };
    const held: DeviceState = { kind: 'held', by: 'fota_9', until: undefined };
    expect(report(waiting, [held, held]).waitsFor).toBe('2 devices are in use by fota_9');
    const paused: JobState = { ...running(5), control: { kind: 'paused', since: SAMPLE_AT } } as JobState;
    expect(report(paused).waitsFor).toContain('paused');
    expect(report(running(5)).waitsFor).toBeUndefined();
  });
});

describe('a device', () => {
  it.each([
    ['pending', 'pending', 0],
    ['held', 'pending', 0],
    ['setting-up', 'in_progress', 3],
    ['ready', 'in_progress', 3],
    ['receiving', 'in_progress', 3],
    ['between', 'in_progress', 3],
    ['done', 'success', 100],
    ['unverified', 'unverified', 3],
    ['failed', 'failed', 3],
    ['skipped', 'skipped', 3],
  ] as const)('that is %s shows as %s at %f', (kind, outcome, percentComplete) => {
    const states = SAMPLE_DEVICE_STATES.filter((one) => one.kind === kind);
    expect(states.length).toBeGreaterThan(0);
    for (const device of report(running(3), states).devices) {
      expect(device).toMatchObject({ outcome, percentComplete });
    }
  });

  it('tells why it failed, what to do, and what it said last', () => {
    const said = { fragIndex: 0, nbFragReceived: 9, missingFrag: 3, memoryError: false };
    const asked = { fragIndex: 0, sentLow: 12, sentHigh: 12, sentByAnswer: 12 };
    const [device] = report(running(50), [
      {
        kind: 'failed',
        reason: 'not-complete',
        at: steadyMs(SAMPLE_AT + 1),
        heard: {
          answers: [{ said, asked }],
          found: undefined,
          undecidedFor: 0,
          checks: 0,
          vainSessions: 0,
          mayHold: false,
          isFurther: false,
          from: 1,
          sessionCnt: undefined,
        },
        freeAt: undefined,
      },
    ]).devices;
    expect(device).toEqual({
      devEui: sampleEui(1),
      outcome: 'failed',
      percentComplete: 50,
      reason: { code: 'not-complete', ...REASONS['not-complete'] },
      evidence: undefined,
      settledAt: SAMPLE_AT + 1,
      fragmentsHeard: 9,
      fragmentsMissing: 3,
    });
  });

  it('tells how its success is known', () => {
    const done: DeviceState = {
      kind: 'done',
      evidence: 'block-mic',
      at: SAMPLE_AT,
      heard: undefined,
      freeAt: undefined,
    };
    expect(report(running(5), [done]).devices[0]).toMatchObject({
      evidence: 'block-mic',
      settledAt: SAMPLE_AT,
      reason: undefined,
      fragmentsHeard: undefined,
    });
  });

  it('has a text and an advice for every reason', () => {
    for (const reason of Object.values(REASONS)) {
      expect(reason.text.length).toBeGreaterThan(10);
      expect(reason.advice.length).toBeGreaterThan(10);
    }
  });
});
