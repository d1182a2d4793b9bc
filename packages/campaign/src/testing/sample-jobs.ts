import { type Eui64, parseEui64, steadyMs, utcMs } from '@airlift/kernel';
import type { DeviceState, Reception } from '../device-state.ts';
import type { FotaPlan, MessagePlan } from '../job-plan.ts';
import type { BroadcastPhase, JobState, SessionPlan } from '../job-state.ts';
import type { JobRecord, LedgerFrame } from '../stores.ts';

/** An instant that the samples count from. */
export const SAMPLE_AT = steadyMs(1_767_225_600_000);

/** The n-th sample device. */
export const sampleEui = (n: number): Eui64 => parseEui64(n.toString(16).padStart(16, '0'));

/** A firmware plan; give at least another `jobId` and `filename` for a second one. */
export function sampleFotaPlan(more: Partial<FotaPlan> = {}): FotaPlan {
  return {
    kind: 'FOTA',
    jobId: 'job-1',
    filename: 'fota_1',
    createdAt: SAMPLE_AT,
    scheduledAt: utcMs(SAMPLE_AT + 60_000),
    setupAt: utcMs(SAMPLE_AT + 120_000),
    launchDelayS: 300,
    devEuis: [sampleEui(1), sampleEui(2), sampleEui(3)],
    multicastGroupId: 0,
    multicastEui: sampleEui(0xff00),
    scheduleSource: 'api',
    keepLog: false,
    radio: { frequencyHz: 923_300_000, dataRate: 8 },
    pacing: { sleepMs: 1500, paritySleepMs: 1500, shortSleepMs: 500 },
    image: { sha256: 'aa'.repeat(32), sizeBytes: 1000, name: 'firmware.bin' },
    descriptor: 0xffff_ffff,
    fragSize: 100,
    nbFrag: 10,
    firstGoal: 10,
    padding: 0,
    parityFragments: undefined,
    ...more,
  };
}

/** A message plan. */
export function sampleMessagePlan(more: Partial<MessagePlan> = {}): MessagePlan {
  const { descriptor, fragSize, nbFrag, padding, firstGoal, parityFragments, ...base } = sampleFotaPlan();
  return { ...base, kind: 'Message', messagePort: 1, sessionTimeoutExponent: 15, ...more };
}

/** A job of these plans that was just accepted. */
export function sampleJob(plan: FotaPlan | MessagePlan = sampleFotaPlan()): JobRecord {
  return {
    plan,
    state: { kind: 'scheduled' },
    devices: plan.devEuis.map((devEui) => ({ devEui, state: { kind: 'pending' } })),
  };
}

/** A multicast session; its key is easy to look for. */
export const SAMPLE_SESSION: SessionPlan = {
  groupId: 'job-1',
  mcAddr: 0xff00_0001,
  mcKey: '5e55104b5e55104b5e55104b5e55104b',
  sessionTimeGpsS: 1_451_606_700,
  launchAt: steadyMs(SAMPLE_AT + 420_000),
  timeOutExponent: 12,
  firstFCnt: 0,
};

const broadcasting = (phase: BroadcastPhase): JobState => ({
  kind: 'broadcasting',
  startedAt: SAMPLE_AT,
  round: 1,
  session: SAMPLE_SESSION,
  phase,
  sent: 7,
  goal: 12,
  statusRequests: 1,
  percent: 12.5,
});

/** Job states of every kind, the two final ones last. */
export const SAMPLE_JOB_STATES: readonly JobState[] = [
  { kind: 'scheduled' },
  { kind: 'setup', startedAt: steadyMs(SAMPLE_AT + 0.5), round: 2, session: SAMPLE_SESSION, percent: 3 },
  broadcasting({ kind: 'pacing', until: steadyMs(SAMPLE_AT + 1500) }),
  broadcasting({ kind: 'sending', frame: { kind: 'plain', number: 8 }, refusals: 0, since: SAMPLE_AT }),
  broadcasting({ kind: 'holding', frame: { kind: 'status', number: 0 }, refusals: 2, until: steadyMs(SAMPLE_AT + 9) }),
  broadcasting({ kind: 'listening', until: steadyMs(SAMPLE_AT + 0.25) }),
  {
    kind: 'teardown',
    startedAt: SAMPLE_AT,
    round: 1,
    session: SAMPLE_SESSION,
    sent: 14,
    until: steadyMs(SAMPLE_AT + 60_000),
    percent: 99,
  },
  { kind: 'complete', startedAt: SAMPLE_AT, completedAt: steadyMs(SAMPLE_AT + 90_000) },
  { kind: 'cancelled', at: SAMPLE_AT },
];

const RECEPTION: Reception = { nbFragReceived: 9, missingFrag: 3, sentByThen: 12, steadySince: 12 };

/** Device states of every kind. */
export const SAMPLE_DEVICE_STATES: readonly DeviceState[] = [
  { kind: 'pending' },
  {
    kind: 'setting-up',
    todo: ['clock', 'session'],
    question: 'on-air',
    askAgainAt: steadyMs(SAMPLE_AT + 1.25),
    asked: 2,
    resyncs: 1,
  },
  { kind: 'setting-up', todo: [], question: 'none', askAgainAt: undefined, asked: 0, resyncs: 0 },
  { kind: 'ready' },
  { kind: 'receiving', reception: undefined, silentFor: 0 },
  { kind: 'receiving', reception: RECEPTION, silentFor: 2 },
  { kind: 'done', evidence: 'mic', at: SAMPLE_AT, reception: undefined },
  { kind: 'failed', reason: 'not-complete', at: SAMPLE_AT, reception: RECEPTION },
  { kind: 'skipped', reason: 'never-joined', at: SAMPLE_AT },
];

/** A frame on the air. */
export function sampleFrame(more: Partial<LedgerFrame> = {}): LedgerFrame {
  return { kind: 'plain', number: 1, fCnt: 0, at: SAMPLE_AT, airtimeMs: 100.25, ...more };
}
