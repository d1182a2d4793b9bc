import { Rng, steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { ActiveJob } from '../src/active-job.ts';
import { mayBeListening } from '../src/device-machine.ts';
import type { DeviceState } from '../src/device-state.ts';
import type { JobState } from '../src/job-state.ts';
import {
  SAMPLE_AT,
  SAMPLE_DEVICE_STATES,
  SAMPLE_SESSION,
  sampleEui,
  sampleFotaPlan,
  sampleJob,
  sampleMessagePlan,
} from '../src/testing/index.ts';

const job = (devices = 3): ActiveJob =>
  new ActiveJob(sampleJob(sampleFotaPlan({ devEuis: Array.from({ length: devices }, (_, n) => sampleEui(n + 1)) })));

const RECEIVING: DeviceState = { kind: 'receiving', reception: undefined, silentFor: 0 };
const settingUp = (askAgainAt?: number): DeviceState => ({
  kind: 'setting-up',
  todo: ['group', 'session'],
  question: 'on-air',
  askAgainAt: askAgainAt === undefined ? undefined : steadyMs(SAMPLE_AT + askAgainAt),
  asked: 1,
  resyncs: 0,
});
const SETUP: JobState = { kind: 'setup', startedAt: SAMPLE_AT, round: 1, session: SAMPLE_SESSION, percent: 0 };

describe('changes', () => {
  it('stand after a commit, and are gone after a rollback', () => {
    const one = job();
    one.put(sampleEui(1), { kind: 'ready' });
    one.put(sampleEui(1), RECEIVING);
    one.put(sampleEui(2), { kind: 'ready' });
    expect(one.changes()).toEqual([
      { devEui: sampleEui(1), state: RECEIVING },
      { devEui: sampleEui(2), state: { kind: 'ready' } },
    ]);
    one.rollback();
    expect(one.changes()).toEqual([]);
    expect(one.record()).toEqual(job().record());
    expect(one.view()).toMatchObject({ ready: 0, receiving: 0 });
    one.put(sampleEui(3), RECEIVING);
    expect(one.commit()).toEqual([{ devEui: sampleEui(3), state: RECEIVING }]);
    one.rollback();
    expect(one.devices.get(sampleEui(3))).toBe(RECEIVING);
  });

  it('need no write when only a question moved, and need one for what a restart cannot find out', () => {
    const one = job();
    const before = settingUp();
    one.put(sampleEui(1), before);
    one.commit();
    one.put(sampleEui(1), settingUp(5));
    expect(one.changes()).toEqual([]);
    expect(one.commit()).toEqual([]);
    for (const more of [{ resyncs: 1 }, { refusals: 1 }, { heard: true }, { mayListen: true }, { todo: ['session'] }]) {
      one.put(sampleEui(1), { ...before, ...more } as DeviceState);
      expect(one.changes(), JSON.stringify(more)).toHaveLength(1);
      one.rollback();
    }
  });

  it('are for devices of the job', () => {
    expect(() => job().put(sampleEui(9), RECEIVING)).toThrow('not in the job');
  });
});

describe('the view', () => {
  it('counts as if it looked at every device', () => {
    const rng = new Rng('counts');
    const one = job(20);
    const states: readonly DeviceState[] = [
      ...SAMPLE_DEVICE_STATES,
      ...[1, 2, 3].map((silentFor) => ({ ...RECEIVING, silentFor }) as DeviceState),
    ];
    for (let n = 0; n < 2_000; n++) {
      const state = states[rng.below(states.length)];
      if (state !== undefined) one.put(sampleEui(1 + rng.below(20)), state);
      if (rng.chance(0.05)) one.commit();
      if (rng.chance(0.05)) one.rollback();
      const all = [...one.devices.values()];
      const receiving = all.filter((device) => device.kind === 'receiving');
      const { total, ready, receiving: counted, awaited, joining } = one.view();
      expect({ total, ready, counted, awaited, joining }, `step ${n}`).toEqual({
        total: 20,
        ready: all.filter(({ kind }) => kind === 'ready').length,
        counted: receiving.length + all.filter(mayBeListening).length,
        awaited: receiving.filter((device) => device.silentFor >= 1 && device.silentFor <= 4).length,
        joining: all.filter((device) => device.kind === 'setting-up' && device.heard === true).length,
      });
    }
  });
});

describe('questions to devices that listen all the time', () => {
  it('come when they are due, and not more than once a second', () => {
    const one = job(3);
    one.state = SETUP;
    expect(one.nextQuestionAt()).toBeUndefined();
    one.put(sampleEui(1), settingUp(8_000));
    one.put(sampleEui(2), settingUp(8_001));
    one.put(sampleEui(3), settingUp(20_000));
    expect(one.nextQuestionAt()).toBe(SAMPLE_AT + 8_000);
    expect(one.takeQuestions(steadyMs(SAMPLE_AT + 7_999))).toEqual([]);
    expect(one.takeQuestions(steadyMs(SAMPLE_AT + 8_000))).toEqual([sampleEui(1)]);
    one.put(sampleEui(1), settingUp());
    expect(one.nextQuestionAt()).toBe(SAMPLE_AT + 9_000);
    expect(one.takeQuestions(steadyMs(SAMPLE_AT + 9_000))).toEqual([sampleEui(2)]);
    one.put(sampleEui(2), { kind: 'ready' });
    expect(one.nextQuestionAt()).toBe(SAMPLE_AT + 20_000);
    one.put(sampleEui(3), { kind: 'ready' });
    expect(one.takeQuestions(steadyMs(SAMPLE_AT + 20_000))).toEqual([]);
    expect(one.nextQuestionAt()).toBeUndefined();
  });

  it('come during set-up only', () => {
    const one = job(1);
    one.put(sampleEui(1), settingUp(1));
    expect(one.nextQuestionAt()).toBeUndefined();
    one.state = SETUP;
    expect(one.nextQuestionAt()).toBe(SAMPLE_AT + 1);
  });
});

describe('whether a device may have the whole image', () => {
  const broadcasting = (sent: number, sending?: number): JobState => ({
    kind: 'broadcasting',
    startedAt: SAMPLE_AT,
    round: 1,
    session: SAMPLE_SESSION,
    phase:
      sending === undefined
        ? { kind: 'pacing', until: SAMPLE_AT }
        : { kind: 'sending', frame: { kind: 'plain', number: sending }, refusals: 0, since: SAMPLE_AT },
    sent,
    goal: 17,
    statusRequests: 0,
    percent: 20,
  });
  const may = (
    state: JobState,
    plan: ConstructorParameters<typeof ActiveJob>[0]['plan'] = sampleFotaPlan(),
  ): boolean => {
    const one = new ActiveJob(sampleJob(plan));
    one.state = state;
    return one.allPlainSent;
  };

  it.each([
    ['scheduled', { kind: 'scheduled' } as const, false],
    ['in its first set-up', SETUP, false],
    ['in a further set-up', { ...SETUP, round: 2 }, true],
    ['at fragment 9 of 10', broadcasting(9), false],
    ['sending fragment 9 of 10', broadcasting(8, 9), false],
    ['sending fragment 10 of 10', broadcasting(9, 10), true],
    ['at fragment 10 of 10', broadcasting(10), true],
  ])('follows from where the job stands: %s', (_where, state, expected) => {
    expect(may(state)).toBe(expected);
  });

  it('is never so for messages', () => {
    expect(may(broadcasting(1), sampleMessagePlan())).toBe(false);
  });
});
