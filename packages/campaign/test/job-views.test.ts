import { steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { DeviceState } from '../src/device-state.ts';
import type { JobState } from '../src/job-state.ts';
import { reportJob } from '../src/job-views.ts';
import { REASONS } from '../src/reasons.ts';
import {
  SAMPLE_AT,
  SAMPLE_DEVICE_STATES,
  SAMPLE_JOB_STATES,
  SAMPLE_SESSION,
  sampleEui,
  sampleFotaPlan,
  sampleMessagePlan,
} from '../src/testing/index.ts';

const setup = (percent: number, round = 1): JobState => ({
  kind: 'setup',
  startedAt: SAMPLE_AT,
  round,
  session: SAMPLE_SESSION,
  percent,
});
const report = (
  state: JobState,
  devices: readonly DeviceState[] = [],
  plan = sampleFotaPlan() as Parameters<typeof reportJob>[0]['plan'],
) => reportJob({ plan, state, devices: devices.map((one, n) => ({ devEui: sampleEui(n + 1), state: one })) });

describe('a job', () => {
  it.each([
    ['scheduled', 'SCHEDULED', 0],
    ['setup', 'SETUP', 3],
    ['broadcasting', 'BROADCASTING', 12.5],
    ['teardown', 'TEARDOWN', 99],
    ['complete', 'COMPLETE', 100],
    ['cancelled', 'SCHEDULED', 0],
  ] as const)('that is %s shows %s at %f', (kind, phase, percentComplete) => {
    const state = SAMPLE_JOB_STATES.find((one) => one.kind === kind);
    if (state === undefined) throw new Error('no sample');
    expect(report(state)).toMatchObject({ phase, percentComplete });
  });

  it('that sends a message has no teardown', () => {
    const teardown = SAMPLE_JOB_STATES.find((one) => one.kind === 'teardown');
    if (teardown === undefined) throw new Error('no sample');
    expect(report(teardown, [], sampleMessagePlan()).phase).toBe('BROADCASTING');
  });

  it.each(SAMPLE_JOB_STATES.map((state) => [state.kind, state] as const))(
    'shows 100 when and only when it is complete: %s',
    (kind, state) => {
      const full = 'percent' in state ? { ...state, percent: 99.999_999 } : state;
      expect(report(full).percentComplete === 100).toBe(kind === 'complete');
    },
  );

  it('shows one decimal, rounded down', () => {
    expect(report(setup(3.399_9)).percentComplete).toBe(3.3);
    expect(report(setup(100)).percentComplete).toBe(99.9);
  });
});

describe('a device', () => {
  it.each([
    ['pending', 'pending', 0],
    ['setting-up', 'in_progress', 3],
    ['ready', 'in_progress', 3],
    ['receiving', 'in_progress', 3],
    ['done', 'success', 100],
    ['failed', 'failed', 3],
    ['skipped', 'skipped', 3],
  ] as const)('that is %s shows as %s at %f', (kind, outcome, percentComplete) => {
    const states = SAMPLE_DEVICE_STATES.filter((one) => one.kind === kind);
    expect(states.length).toBeGreaterThan(0);
    for (const device of report(setup(3), states).devices) expect(device).toMatchObject({ outcome, percentComplete });
  });

  it('that waits for a further session is in progress, and its figure does not fall', () => {
    const reception = { nbFragReceived: 9, missingFrag: 3, sentByThen: 12, steadySince: 12 };
    const late: DeviceState = { kind: 'ready', holding: { reception, from: 1 } };
    const settingUp = SAMPLE_DEVICE_STATES.filter((one) => one.kind === 'setting-up');
    for (const device of report(setup(90, 2), [late, ...settingUp]).devices) {
      expect(device).toMatchObject({ outcome: 'in_progress', percentComplete: 90 });
    }
    expect(report(setup(90, 2), [late]).devices[0]).toMatchObject({ fragmentsHeard: 9, fragmentsMissing: 3 });
  });

  it('tells why it failed, and what to do', () => {
    const [device] = report({ kind: 'complete', startedAt: SAMPLE_AT, completedAt: SAMPLE_AT }, [
      {
        kind: 'failed',
        reason: 'not-complete',
        at: steadyMs(SAMPLE_AT + 1),
        reception: { nbFragReceived: 9, missingFrag: 3, sentByThen: 12, steadySince: 12 },
      },
    ]).devices;
    expect(device).toEqual({
      devEui: sampleEui(1),
      outcome: 'failed',
      percentComplete: 100,
      reason: { code: 'not-complete', ...REASONS['not-complete'] },
      evidence: undefined,
      settledAt: SAMPLE_AT + 1,
      fragmentsHeard: 9,
      fragmentsMissing: 3,
    });
  });

  it('tells how its success is known', () => {
    const [device] = report(setup(5), [{ kind: 'done', evidence: 'mic', at: SAMPLE_AT, reception: undefined }]).devices;
    expect(device).toMatchObject({
      evidence: 'mic',
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
