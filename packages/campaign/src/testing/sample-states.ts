import { steadyMs } from '@airlift/kernel';
import { type DeviceState, type Heard, nothingHeard, type Receiving } from '../device/device-state.ts';
import type { Finding, HeardAnswer } from '../evidence/index.ts';
import type { JobOutcome, JobState } from '../job/job-state.ts';
import type { ImageFormat, SessionFormat } from '../session/session-format.ts';
import type { Broadcasting, BroadcastPhase, SessionBase, SessionPlan, SessionState } from '../session/session-state.ts';
import { everyKind } from './every-kind.ts';
import { SAMPLE_AT } from './sample-at.ts';

const after = (ms: number) => steadyMs(SAMPLE_AT + ms);

const CARRIER = { region: 'US915', frequencyHz: 923_300_000, dataRate: 8, airtimeMs: 172.5, dutyCycle: 1 };

/** A format of an image. */
export function sampleImageFormat(more: Partial<ImageFormat> = {}): ImageFormat {
  return {
    kind: 'image',
    key: 'image/1',
    carrier: CARRIER,
    fPort: 201,
    fragIndexBase: 1,
    codeRule: 'v1',
    fragSize: 100,
    nbFrag: 10,
    padding: 0,
    ...more,
  };
}

/** The first session of a format, before anything was sent. */
export function sampleSessionBase(more: Partial<SessionBase> = {}): SessionBase {
  return {
    number: 1,
    formatKey: 'image/1',
    round: 1,
    began: { sent: 0, repeats: 0 },
    isFresh: true,
    askedAt: undefined,
    sent: 0,
    repeats: 0,
    ...more,
  };
}

/** Formats of every kind. */
export const SAMPLE_FORMATS = everyKind<SessionFormat>({
  image: [
    sampleImageFormat(),
    sampleImageFormat({
      key: 'image/2',
      carrier: { ...CARRIER, dutyCycle: 0.1 },
      fragIndexBase: 0,
      codeRule: 'v2r',
      fragSize: 48,
      nbFrag: 21,
      padding: 8,
    }),
  ],
  message: [{ kind: 'message', key: 'message/1', carrier: CARRIER, fPort: 3 }],
});

const ended = (outcome: JobOutcome): Extract<JobState, { kind: 'complete' }> => ({
  kind: 'complete',
  startedAt: SAMPLE_AT,
  completedAt: after(90_000),
  outcome,
  freeAt: after(91_000.5),
  formats: SAMPLE_FORMATS,
});

/** Job states of every kind, the final ones last. */
export const SAMPLE_JOB_STATES = everyKind<JobState>({
  scheduled: [{ kind: 'scheduled' }],
  waiting: [{ kind: 'waiting', since: after(0.5), devicesHeld: 2 }],
  running: [
    { kind: 'running', startedAt: SAMPLE_AT, control: { kind: 'going' }, wave: 0, formats: [], percent: 0 },
    {
      kind: 'running',
      startedAt: SAMPLE_AT,
      control: { kind: 'paused', since: after(9) },
      wave: 1,
      formats: SAMPLE_FORMATS,
      percent: 12.5,
    },
    {
      kind: 'running',
      startedAt: after(0.25),
      control: { kind: 'awaiting-approval', since: after(99) },
      wave: 2,
      formats: SAMPLE_FORMATS,
      percent: 99.9,
    },
  ],
  complete: [ended('served'), ended('aborted'), ended('halted')],
  cancelled: [{ kind: 'cancelled', at: SAMPLE_AT }],
});

/** A multicast session; its key is easy to look for. */
export const SAMPLE_SESSION: SessionPlan = {
  groupId: 'job-1/1',
  mcAddr: 0xff00_0001,
  mcKey: '5e55104b5e55104b5e55104b5e55104b',
  sessionTimeGpsS: 1_451_606_700,
  launchAt: after(420_000),
  startSlackMs: 5_000,
  silentFrom: after(75_000),
  gatherUntil: after(480_000),
  timeOutExponent: 12,
  firstFCnt: 1,
};

const BASE = sampleSessionBase({
  round: 2,
  began: { sent: 7, repeats: 0 },
  isFresh: false,
  askedAt: 11,
  sent: 12,
  repeats: 1,
});

/** What a broadcast may wait for. */
export const SAMPLE_PHASES = everyKind<BroadcastPhase>({
  pacing: [{ kind: 'pacing', until: after(1500) }],
  sending: [
    { kind: 'sending', frame: { kind: 'plain', number: 8 }, refusals: 0, since: SAMPLE_AT, waitsFor: undefined },
    {
      kind: 'sending',
      frame: { kind: 'message', number: 1 },
      refusals: 3,
      since: SAMPLE_AT,
      waitsFor: 'duty-cycle',
    },
  ],
  holding: [
    {
      kind: 'holding',
      frame: { kind: 'status', number: 0 },
      refusals: 2,
      until: after(9),
      because: 'TOO_LATE',
    },
  ],
  listening: [{ kind: 'listening', until: after(0.25), lookAt: after(0.125) }],
  'awaiting-late': [{ kind: 'awaiting-late', until: after(7) }],
});

const broadcasting = (phase: BroadcastPhase): Broadcasting => ({
  ...BASE,
  kind: 'broadcasting',
  plan: SAMPLE_SESSION,
  phase,
  isPaused: false,
  goal: 12,
  questions: 1,
  roundUntil: after(600),
});

/** Session states of every kind, all of session number 1. */
export const SAMPLE_SESSION_STATES = everyKind<SessionState>({
  opening: [{ ...BASE, kind: 'opening', since: SAMPLE_AT, notBefore: after(1.5) }],
  setup: [
    { ...BASE, kind: 'setup', plan: SAMPLE_SESSION, isLaunched: false, lookAt: after(9), isPaused: true },
    {
      ...BASE,
      kind: 'setup',
      plan: SAMPLE_SESSION,
      isLaunched: true,
      lookAt: after(9),
      isPaused: false,
      isFresh: true,
    },
  ],
  broadcasting: [
    { ...broadcasting({ kind: 'pacing', until: after(3) }), isPaused: true, askedAt: undefined, roundUntil: undefined },
    ...SAMPLE_PHASES.map(broadcasting),
  ],
  closing: [{ ...BASE, kind: 'closing', plan: SAMPLE_SESSION, until: after(60_000), isUnsent: false }],
  ended: [
    { ...BASE, kind: 'ended', why: 'no-address', groupId: undefined },
    ...(['served', 'unserved', 'stopped'] as const).map((why) => ({
      ...BASE,
      kind: 'ended' as const,
      why,
      groupId: 'job-1/1',
    })),
  ],
});

const RECEPTION = {
  at: 12,
  missing: { atLeast: 1, likely: 2.5, atMost: 10 },
  heardAtLeast: 3,
  lossRate: undefined,
};

/** Findings of every kind. */
export const SAMPLE_FINDINGS = everyKind<Finding>({
  impossible: [{ kind: 'impossible', why: 'more-than-sent' }],
  'no-session': [{ kind: 'no-session' }],
  incomplete: [
    {
      kind: 'incomplete',
      reception: {
        ...RECEPTION,
        lossRate: 0.25,
        losses: { plain: 3, rateAtMost: 0.5, lastNumber: 11, tellingRun: 17 },
      },
      memory: 'exhausted',
    },
  ],
  undecided: [
    { kind: 'undecided', reception: RECEPTION, memory: 'in-doubt', provableFrom: 20, isSettled: false },
    { kind: 'undecided', reception: RECEPTION, memory: 'enough', provableFrom: undefined, isSettled: true },
  ],
  complete: [{ kind: 'complete', proof: 'status-frozen', errorRate: 1e-6 }],
  corrupt: [{ kind: 'corrupt', by: 'crc32' }],
});

const ANSWERS: readonly HeardAnswer[] = [
  { said: 'no-session', asked: { fragIndex: 0, sentLow: 1, sentHigh: 2, sentByAnswer: 3 } },
  {
    said: { fragIndex: 3, nbFragReceived: 9, missingFrag: 3, memoryError: false },
    asked: { fragIndex: 3, sentLow: 10, sentHigh: 11, sentByAnswer: 12, repeats: 1 },
  },
  {
    said: { fragIndex: 3, nbFragReceived: 9, missingFrag: 0, memoryError: true, micError: false },
    asked: { fragIndex: 3, sentLow: 10, sentHigh: 11, sentByAnswer: 12, unaired: [{ first: 2, last: 4 }] },
  },
];

const NOTHING = nothingHeard(undefined);

/** What devices told of their fragmentation sessions: one sample for every kind of finding, and nothing. */
export const SAMPLE_HEARD: readonly Heard[] = [
  NOTHING,
  ...SAMPLE_FINDINGS.map((found, index) => ({
    answers: ANSWERS,
    found,
    undecidedFor: index,
    checks: index,
    vainSessions: 1,
    mayHold: false,
    isFurther: false,
    from: 5,
    sessionCnt: index,
  })),
];

const HEARD: Heard = {
  ...nothingHeard(65_535),
  answers: ANSWERS,
  found: SAMPLE_FINDINGS[2],
  undecidedFor: 1,
  checks: 2,
};

const receiving = (heard: Heard): Receiving => ({
  kind: 'receiving',
  session: 1,
  heard,
  silentFor: 2,
  isAlive: true,
  isUnconfirmed: false,
  startGpsS: undefined,
  isInvited: true,
  asked: 1,
});

/** Device states of every kind. */
export const SAMPLE_DEVICE_STATES = everyKind<DeviceState>({
  pending: [{ kind: 'pending' }],
  held: [
    { kind: 'held', by: 'fota_2', until: undefined },
    { kind: 'held', by: 'fota_2', until: after(8) },
  ],
  'setting-up': [
    {
      kind: 'setting-up',
      session: 1,
      todo: ['clock', 'fragmentation', 'group', 'session'],
      question: { kind: 'on-air' },
      askAgainAt: after(1.25),
      asked: 2,
      resyncs: 1,
      refusals: 1,
      isHeard: true,
      mayListen: true,
      startGpsS: 1_451_606_701,
      isRestarted: true,
      isInvited: true,
      heard: HEARD,
    },
    {
      kind: 'setting-up',
      session: 2,
      todo: [],
      question: { kind: 'none' },
      askAgainAt: undefined,
      asked: 0,
      resyncs: 0,
      refusals: 0,
      isHeard: false,
      mayListen: false,
      startGpsS: undefined,
      isRestarted: false,
      isInvited: false,
      heard: NOTHING,
    },
  ],
  ready: [{ kind: 'ready', session: 1, heard: NOTHING }],
  receiving: [
    {
      kind: 'receiving',
      session: 3,
      heard: NOTHING,
      silentFor: 0,
      isAlive: false,
      isUnconfirmed: true,
      startGpsS: 1_451_606_702,
      isInvited: false,
      asked: 0,
    },
    ...SAMPLE_HEARD.map(receiving),
  ],
  between: [
    {
      kind: 'between',
      session: 1,
      heard: HEARD,
      isUnconfirmed: false,
      isAlive: true,
      mayProve: true,
      freeAt: after(60.5),
      question: { kind: 'queued' },
      asked: 3,
      askAgainAt: after(61),
    },
    {
      kind: 'between',
      session: 1,
      heard: NOTHING,
      isUnconfirmed: true,
      isAlive: false,
      mayProve: false,
      freeAt: after(60.5),
      question: { kind: 'none' },
      asked: 0,
      askAgainAt: undefined,
    },
  ],
  done: [
    { kind: 'done', evidence: 'status-lossless', at: SAMPLE_AT, heard: undefined, freeAt: undefined },
    { kind: 'done', evidence: 'session-agreed', at: SAMPLE_AT, heard: undefined, freeAt: after(5) },
    { kind: 'done', evidence: 'crc64', at: SAMPLE_AT, heard: HEARD, freeAt: after(5) },
  ],
  unverified: [
    { kind: 'unverified', reason: 'not-confirmed', at: SAMPLE_AT, heard: HEARD, freeAt: after(5) },
    { kind: 'unverified', reason: 'silent', at: SAMPLE_AT, heard: undefined, freeAt: undefined },
  ],
  failed: [
    { kind: 'failed', reason: 'not-complete', at: SAMPLE_AT, heard: HEARD, freeAt: after(5) },
    { kind: 'failed', reason: 'no-answer', at: SAMPLE_AT, heard: undefined, freeAt: undefined },
  ],
  skipped: [{ kind: 'skipped', reason: 'never-joined', at: SAMPLE_AT }],
});
