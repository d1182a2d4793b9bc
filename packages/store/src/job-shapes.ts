import {
  type BroadcastPhase,
  type DeviceState,
  type FotaPlan,
  type GroupFrame,
  type Holding,
  type JobPlan,
  type JobState,
  type MessagePlan,
  type Pacing,
  type RadioPlan,
  REASONS,
  type Reception,
  type SessionPlan,
} from '@airlift/campaign';
import { z } from 'zod';
import {
  count,
  DamagedRecord,
  eui64,
  instant,
  key128,
  requireShape,
  type ShapeOf,
  sha256,
  shape,
  text,
  uint32,
} from './record-shape.ts';

type Kinds<T extends { readonly kind: string }> = {
  readonly [K in T['kind']]: ShapeOf<Omit<Extract<T, { kind: K }>, 'kind'>>;
};

const RADIO: ShapeOf<RadioPlan> = { frequencyHz: count, dataRate: count };
const PACING: ShapeOf<Pacing> = { sleepMs: instant, paritySleepMs: instant, shortSleepMs: instant };
const IMAGE: ShapeOf<JobPlan['image']> = { sha256, sizeBytes: count, name: text };

const ANY_PLAN: ShapeOf<Omit<FotaPlan, 'kind' | Exclude<keyof FotaPlan, keyof MessagePlan>>> = {
  jobId: text,
  filename: text,
  createdAt: instant,
  scheduledAt: instant,
  setupAt: instant,
  launchDelayS: instant,
  devEuis: z.array(eui64),
  multicastGroupId: count,
  multicastEui: eui64,
  scheduleSource: text,
  keepLog: z.boolean(),
  radio: shape(RADIO),
  pacing: shape(PACING),
  image: shape(IMAGE),
};

const PLANS = schemas<JobPlan>({
  FOTA: {
    ...ANY_PLAN,
    descriptor: count,
    fragSize: z.int().min(1),
    nbFrag: z.int().min(1),
    padding: count,
    firstGoal: count,
    parityFragments: count.optional(),
  },
  Message: { ...ANY_PLAN, messagePort: count, sessionTimeoutExponent: count },
});

/** The key is checked where it is opened. */
const SESSION: ShapeOf<SessionPlan> = {
  groupId: text,
  mcAddr: uint32,
  mcKey: text,
  sessionTimeGpsS: count,
  launchAt: instant,
  timeOutExponent: count.max(15),
  firstFCnt: uint32,
  broadcastKey: text.optional(),
};

const FRAME: ShapeOf<GroupFrame> = { kind: z.enum(['plain', 'parity', 'status', 'message']), number: count };

const PHASES = schemas<BroadcastPhase>({
  pacing: { until: instant },
  sending: { frame: shape(FRAME), refusals: count, since: instant },
  holding: { frame: shape(FRAME), refusals: count, until: instant },
  listening: { until: instant },
});

const UNDER_WAY = { startedAt: instant, round: z.int().min(1), session: shape(SESSION), percent: z.number() };

const JOB_STATES = schemas<JobState>({
  scheduled: {},
  setup: { ...UNDER_WAY, sent: count.optional(), until: instant.optional() },
  broadcasting: {
    ...UNDER_WAY,
    phase: z.unknown().refine((phase) => isOneOf(PHASES, phase)),
    sent: count,
    began: count.optional(),
    goal: count,
    statusRequests: count,
  },
  teardown: { ...UNDER_WAY, sent: count, began: count.optional(), until: instant },
  complete: { startedAt: instant, completedAt: instant },
  cancelled: { at: instant },
});

const RECEPTION: ShapeOf<Reception> = {
  nbFragReceived: count,
  missingFrag: count,
  sentByThen: count,
  steadySince: count,
  frozenSince: count.optional(),
  overflows: z.boolean().optional(),
  countsPlainLosses: z.boolean().optional(),
  countsMissingNow: z.boolean().optional(),
  zeroIsOpen: z.boolean().optional(),
};
const reception = shape(RECEPTION).optional();
const holding = shape({ reception, from: count } satisfies ShapeOf<Holding>).optional();
const reason = z.enum(Object.keys(REASONS) as [string, ...string[]]);

const DEVICE_STATES = schemas<DeviceState>({
  pending: {},
  'setting-up': {
    todo: z.array(z.enum(['clock', 'fragmentation', 'group', 'session'])),
    question: z.enum(['none', 'queued', 'on-air']),
    askAgainAt: instant.optional(),
    asked: count,
    resyncs: count,
    heard: z.boolean().optional(),
    mayListen: z.boolean().optional(),
    refusals: count.optional(),
    startGpsS: count.optional(),
    restarted: z.boolean().optional(),
    invited: z.boolean().optional(),
    holding,
  },
  ready: { holding },
  receiving: {
    reception,
    silentFor: count,
    unconfirmed: z.boolean().optional(),
    from: count.optional(),
    startGpsS: count.optional(),
    invited: z.boolean().optional(),
  },
  done: {
    evidence: z.enum(['mic', 'crc64', 'session-complete', 'status-answer', 'session-answer']),
    at: instant,
    reception,
  },
  failed: { reason, at: instant, reception },
  skipped: { reason, at: instant },
});

/** @throws DamagedRecord */
export function requirePlan(value: unknown): JobPlan {
  requireOneOf(PLANS, value, 'plan');
  return value as JobPlan;
}

/** The multicast key still sealed. @throws DamagedRecord */
export function requireJobState(value: unknown): JobState {
  requireOneOf(JOB_STATES, value, 'state');
  return value as JobState;
}

/** @throws DamagedRecord */
export function requireDeviceState(value: unknown): DeviceState {
  requireOneOf(DEVICE_STATES, value, 'state');
  return value as DeviceState;
}

/** @throws DamagedRecord */
export function requireMcKey(mcKey: string): string {
  requireShape(shape({ mcKey: key128 }), { mcKey });
  return mcKey;
}

function schemas<T extends { readonly kind: string }>(kinds: Kinds<T>): ReadonlyMap<unknown, z.ZodType> {
  const members = Object.entries<Readonly<Record<string, z.ZodType>>>(kinds);
  return new Map(members.map(([kind, shapes]) => [kind, shape(shapes)]));
}

function requireOneOf(kinds: ReadonlyMap<unknown, z.ZodType>, value: unknown, column: string): void {
  const schema = typeof value === 'object' && value !== null && 'kind' in value ? kinds.get(value.kind) : undefined;
  if (schema === undefined) throw new DamagedRecord(`${column}: of no known kind`);
  requireShape(schema, value);
}

function isOneOf(kinds: ReadonlyMap<unknown, z.ZodType>, value: unknown): boolean {
  try {
    requireOneOf(kinds, value, '');
    return true;
  } catch {
    return false;
  }
}
