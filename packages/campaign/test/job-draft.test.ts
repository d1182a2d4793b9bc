import { Rng, steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { type DeviceState, nothingHeard, type SettingUp } from '../src/device/device-state.ts';
import { listening, mayBeListening } from '../src/device/set-up.ts';
import { JobDraft } from '../src/engine/job-draft.ts';
import type { Broadcasting, SessionState } from '../src/session/session-state.ts';
import {
  SAMPLE_AT,
  SAMPLE_DEVICE_STATES,
  SAMPLE_SESSION_STATES,
  sampleEui,
  sampleFotaPlan,
  sampleJob,
} from '../src/testing/index.ts';

const draftOf = (devices = 3): JobDraft =>
  new JobDraft(sampleJob(sampleFotaPlan({ devEuis: Array.from({ length: devices }, (_, n) => sampleEui(n + 1)) })));

const NOTHING = nothingHeard(undefined);
const READY: DeviceState = { kind: 'ready', session: 1, heard: NOTHING };
const RECEIVING = listening(1, NOTHING);
const settingUp = (askAgainMs?: number, more: Partial<SettingUp> = {}): SettingUp => ({
  kind: 'setting-up',
  session: 1,
  todo: ['group', 'session'],
  question: { kind: 'on-air' },
  askAgainAt: askAgainMs === undefined ? undefined : steadyMs(SAMPLE_AT + askAgainMs),
  asked: 1,
  resyncs: 0,
  refusals: 0,
  isHeard: false,
  mayListen: false,
  startGpsS: undefined,
  isRestarted: false,
  isInvited: false,
  heard: NOTHING,
  ...more,
});

function broadcasting(kind: Broadcasting['phase']['kind']): Broadcasting {
  const found = SAMPLE_SESSION_STATES.find((one) => one.kind === 'broadcasting' && one.phase.kind === kind);
  if (found?.kind !== 'broadcasting') throw new Error(`no sample that is ${kind}`);
  return { ...found, isPaused: false };
}

describe('changes of a draft', () => {
  it('stand after a commit, and are gone after a rollback', () => {
    const draft = draftOf();
    const before = draft.record();
    draft.putDevice(sampleEui(1), READY);
    draft.putDevice(sampleEui(1), RECEIVING);
    draft.putSession(broadcasting('pacing'));
    draft.putState({ kind: 'cancelled', at: SAMPLE_AT });
    expect(draft.change(SAMPLE_AT)).toMatchObject({
      state: { kind: 'cancelled' },
      sessions: [{ number: 1, kind: 'broadcasting' }],
      devices: [{ devEui: sampleEui(1), state: RECEIVING }],
    });
    draft.rollback();
    expect(draft.change(SAMPLE_AT)).toBeUndefined();
    expect(draft.record()).toEqual(before);
    expect(draft.counts(1)).toMatchObject({ total: 0, receiving: 0 });
    draft.putDevice(sampleEui(3), RECEIVING);
    draft.commit(true);
    draft.rollback();
    expect(draft.devices.get(sampleEui(3))).toBe(RECEIVING);
    expect(draft.version).toBe(before.version + 1);
  });

  it('tell from which kind to which everything has moved, once', () => {
    const draft = draftOf();
    draft.putDevice(sampleEui(1), READY);
    draft.putDevice(sampleEui(1), { ...READY });
    draft.putDevice(sampleEui(2), { kind: 'skipped', reason: 'unknown-device', at: SAMPLE_AT });
    draft.putSession(broadcasting('pacing'));
    const moves = [
      { kind: 'session', session: 1, to: 'broadcasting', round: 2, sent: 12 },
      { kind: 'device', devEui: sampleEui(1), to: 'ready', evidence: undefined, reason: undefined },
      { kind: 'device', devEui: sampleEui(2), to: 'skipped', evidence: undefined, reason: 'unknown-device' },
    ];
    expect(draft.change(SAMPLE_AT)?.events.map(({ event }) => event)).toEqual(moves);
    expect(draft.commit(true)).toEqual(moves);
    draft.putDevice(sampleEui(1), { ...READY });
    expect(draft.commit(true)).toEqual([]);
  });

  it('need no write when only a question moved, and need one for what a restart cannot find out', () => {
    const draft = draftOf();
    const before = settingUp();
    draft.putDevice(sampleEui(1), before);
    draft.commit(true);
    draft.putDevice(sampleEui(1), settingUp(5, { question: { kind: 'queued' }, asked: 2 }));
    expect(draft.change(SAMPLE_AT)).toBeUndefined();
    draft.commit(false);
    draft.putDevice(sampleEui(1), before);
    draft.commit(false);
    const facts: readonly Partial<SettingUp>[] = [
      { session: 2 },
      { resyncs: 1 },
      { refusals: 1 },
      { isHeard: true },
      { mayListen: true },
      { todo: ['session'] },
      { startGpsS: 1_451_606_708 },
      { heard: nothingHeard(7) },
    ];
    for (const more of facts) {
      draft.putDevice(sampleEui(1), { ...before, ...more });
      expect(draft.change(SAMPLE_AT)?.devices, JSON.stringify(more)).toHaveLength(1);
      draft.rollback();
    }
  });

  it('need no write while a frame is on its way, and bring the session along with the next one', () => {
    const draft = draftOf();
    draft.putSession(broadcasting('pacing'));
    draft.commit(true);
    const sending = broadcasting('sending');
    for (const transient of [sending, broadcasting('holding'), sending]) {
      draft.putSession(transient);
      expect(draft.change(SAMPLE_AT)).toBeUndefined();
      draft.commit(false);
    }
    draft.putDevice(sampleEui(1), READY);
    expect(draft.change(SAMPLE_AT)?.sessions).toEqual([sending]);
    draft.commit(true);
    draft.putDevice(sampleEui(2), READY);
    expect(draft.change(SAMPLE_AT)?.sessions).toEqual([]);
  });

  it('of a session that is told to pause are written, whatever its frame does', () => {
    const draft = draftOf();
    draft.putSession(broadcasting('sending'));
    draft.commit(true);
    draft.putSession({ ...broadcasting('sending'), isPaused: true });
    expect(draft.change(SAMPLE_AT)?.sessions).toMatchObject([{ isPaused: true }]);
  });

  it('are for devices of the job', () => {
    expect(() => draftOf().putDevice(sampleEui(9), RECEIVING)).toThrow('not in the job');
  });
});

describe('the counts of a draft', () => {
  it('are those of all devices looked at one by one', () => {
    const rng = new Rng('counts');
    const draft = draftOf(20);
    const states: readonly DeviceState[] = [
      ...SAMPLE_DEVICE_STATES,
      ...[1, 2, 12, 13].map((silentFor) => ({ ...RECEIVING, silentFor })),
    ];
    const settled = new Set(['done', 'unverified', 'failed', 'skipped']);
    for (let n = 0; n < 2_000; n++) {
      const state = states[rng.below(states.length)];
      if (state !== undefined) draft.putDevice(sampleEui(1 + rng.below(20)), state);
      if (rng.chance(0.05)) draft.commit(rng.chance(0.5));
      if (rng.chance(0.05)) draft.rollback();
      const all = [...draft.devices.values()];
      expect(draft.settled, `step ${n}`).toBe(all.filter(({ kind }) => settled.has(kind)).length);
      expect(draft.held, `step ${n}`).toBe(all.filter(({ kind }) => kind === 'held').length);
      for (const session of [1, 2, 3]) {
        const own = all.filter((device) => 'session' in device && device.session === session);
        const receiving = own.filter((device) => device.kind === 'receiving');
        const between = own.filter((device) => device.kind === 'between');
        const hidden = own.filter(mayBeListening).length;
        expect(draft.counts(session), `step ${n}, session ${session}`).toMatchObject({
          total: own.length,
          ready: own.filter(({ kind }) => kind === 'ready').length,
          receiving: receiving.length + hidden,
          awaited: receiving.filter(({ silentFor }) => silentFor >= 1 && silentFor <= 12).length,
          joining: own.filter((one) => one.kind === 'setting-up' && one.isHeard && !mayBeListening(one)).length,
          between: between.length,
          unproven: between.filter(({ mayProve }) => mayProve).length,
        });
      }
    }
  });
});

describe('questions to devices that listen all the time', () => {
  it('come when they are due, and not more than once a second', () => {
    const draft = draftOf();
    expect(draft.askAgainAt).toBeUndefined();
    draft.putDevice(sampleEui(1), settingUp(8_000));
    draft.putDevice(sampleEui(2), settingUp(8_001));
    draft.putDevice(sampleEui(3), settingUp(20_000));
    expect(draft.askAgainAt).toBe(SAMPLE_AT + 8_000);
    expect(draft.takeQuestions(steadyMs(SAMPLE_AT + 7_999))).toEqual([]);
    expect(draft.takeQuestions(steadyMs(SAMPLE_AT + 8_000))).toEqual([sampleEui(1)]);
    draft.putDevice(sampleEui(1), settingUp());
    expect(draft.askAgainAt).toBe(SAMPLE_AT + 9_000);
    expect(draft.takeQuestions(steadyMs(SAMPLE_AT + 9_000))).toEqual([sampleEui(2)]);
    draft.putDevice(sampleEui(2), READY);
    expect(draft.askAgainAt).toBe(SAMPLE_AT + 20_000);
    draft.putDevice(sampleEui(3), READY);
    expect(draft.takeQuestions(steadyMs(SAMPLE_AT + 20_000))).toEqual([]);
    expect(draft.askAgainAt).toBeUndefined();
  });

  it('that could not be stored are due again', () => {
    const draft = draftOf();
    draft.putDevice(sampleEui(1), settingUp(8_000));
    draft.commit(true);
    const now = steadyMs(SAMPLE_AT + 8_000);
    expect(draft.takeQuestions(now)).toEqual([sampleEui(1)]);
    draft.putDevice(sampleEui(1), settingUp(undefined, { question: { kind: 'queued' }, asked: 2 }));
    draft.rollback();
    expect(draft.takeQuestions(now)).toEqual([sampleEui(1)]);
  });
});

/** A kind without a sample would go untested above. */
const EVERY_SESSION: ReadonlySet<SessionState['kind']> = new Set(SAMPLE_SESSION_STATES.map(({ kind }) => kind));

describe('the samples', () => {
  it('hold every kind of session, also as the first that a draft is told of', () => {
    expect([...EVERY_SESSION].sort()).toEqual(['broadcasting', 'closing', 'ended', 'opening', 'setup']);
    for (const session of SAMPLE_SESSION_STATES) {
      const draft = draftOf();
      draft.putSession(session);
      expect(draft.change(SAMPLE_AT)?.sessions).toEqual([session]);
    }
  });
});
