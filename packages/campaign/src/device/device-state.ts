import type { Eui64, SteadyMs } from '@airlift/kernel';
import type { Finding, HeardAnswer, Proof } from '../evidence/index.ts';
import type { ReasonCode } from '../reasons.ts';

/** One question of the set-up conversation with a device. */
export type SetupStep = 'clock' | 'fragmentation' | 'group' | 'session';

/** How a device's success is known. */
export type Evidence =
  | Proof
  /** MultiTech: the device says that the session is complete. */
  | 'session-complete'
  /** Messages: the device had agreed to the session in which the message went on the air. */
  | 'session-agreed'
  /** Messages: the device sent an uplink on the port that the caller named. */
  | 'uplink';

/** What a device told of its fragmentation session, which outlives the multicast sessions. */
export interface Heard {
  /** Its answers to status requests in this fragmentation session, oldest first, the middle ones left out. */
  readonly answers: readonly HeardAnswer[];
  /** What the last answer that was evidence of anything proved; undefined when there was none. */
  readonly found: Finding | undefined;
  /** Answers in a row that left it open whether the device is complete. */
  readonly undecidedFor: number;
  /** How often it asked whether its check value is right, and it was. */
  readonly checks: number;
  /** Sessions one after the other in which it said nothing that was evidence. */
  readonly vainSessions: number;
  /** It was in a session that may have brought everything, or may have been, and never said what it holds since. */
  readonly mayHold: boolean;
  /** Not its first fragmentation session of the job: numbers that it tells may be those of the one before. */
  readonly isFurther: boolean;
  /** The first fragment number that the device can have heard. */
  readonly from: number;
  /** SessionCnt of the fragmentation session, version 2; undefined for version 1. */
  readonly sessionCnt: number | undefined;
}

/** A question on its way to one device. */
export type Question =
  | { readonly kind: 'none' }
  /** It waits for its way out. */
  | { readonly kind: 'queued' }
  /** It left, and the next uplink should answer it. */
  | { readonly kind: 'on-air' };

/** Where one device stands in one job. */
export type DeviceState =
  /** Its wave has not begun. */
  | { readonly kind: 'pending' }
  /** Another job has the device, or it is still in the session of one that is over. */
  | { readonly kind: 'held'; readonly by: string; readonly until: SteadyMs | undefined }
  | SettingUp
  | Ready
  | Receiving
  /** Between two sessions: the device may still prove what it holds. */
  | Between
  | {
      readonly kind: 'done';
      readonly evidence: Evidence;
      readonly at: SteadyMs;
      readonly heard: Heard | undefined;
      /** Until then the device may be listening to a session, and cannot take part in another. */
      readonly freeAt: SteadyMs | undefined;
    }
  /** Nothing proves that it has the image, and nothing that it has not. */
  | Unserved<'unverified'>
  | Unserved<'failed'>
  | { readonly kind: 'skipped'; readonly reason: ReasonCode; readonly at: SteadyMs };

export interface Unserved<K extends string> {
  readonly kind: K;
  readonly reason: ReasonCode;
  readonly at: SteadyMs;
  readonly heard: Heard | undefined;
  readonly freeAt: SteadyMs | undefined;
}

/** Everything is agreed; waiting for the start of the session. */
export interface Ready {
  readonly kind: 'ready';
  readonly session: number;
  readonly heard: Heard;
}

export interface SettingUp {
  readonly kind: 'setting-up';
  readonly session: number;
  /** Steps without a positive answer, in the order in which they are asked. */
  readonly todo: readonly SetupStep[];
  readonly question: Question;
  /** When to ask a device again that listens all the time; undefined for class A, whose uplinks give the beat. */
  readonly askAgainAt: SteadyMs | undefined;
  readonly asked: number;
  readonly resyncs: number;
  /** Refusals of the group: one may come from a device that was just busy. */
  readonly refusals: number;
  /** The device was heard since its set-up began. */
  readonly isHeard: boolean;
  /** The session was asked for on the air: should only the answer be lost, the device will listen. */
  readonly mayListen: boolean;
  /** SessionTime that the device was told when it is late for that of the session, GPS seconds. */
  readonly startGpsS: number | undefined;
  /** The device joined anew while it was in the session. */
  readonly isRestarted: boolean;
  /** It was in the session by all that is known, and was asked into it anew. */
  readonly isInvited: boolean;
  readonly heard: Heard;
}

export interface Receiving {
  readonly kind: 'receiving';
  readonly session: number;
  readonly heard: Heard;
  /** Questions since the device last said anything. */
  readonly silentFor: number;
  /** Something else was heard of it since it last answered. */
  readonly isAlive: boolean;
  /** Only its answer to the session is missing: it may be listening all the same. */
  readonly isUnconfirmed: boolean;
  /** SessionTime that the device was told when it came late, GPS seconds. */
  readonly startGpsS: number | undefined;
  /** Was asked into the session anew, once. */
  readonly isInvited: boolean;
  /** Questions to this one device. */
  readonly asked: number;
}

export interface Between {
  readonly kind: 'between';
  /** The session that it was in. */
  readonly session: number;
  readonly heard: Heard;
  readonly isUnconfirmed: boolean;
  /** Something was heard of it since the session began. */
  readonly isAlive: boolean;
  /** Another word of it could show that it is complete. */
  readonly mayProve: boolean;
  /** The device may listen to the session until then. */
  readonly freeAt: SteadyMs;
  readonly question: Question;
  readonly asked: number;
  readonly askAgainAt: SteadyMs | undefined;
}

/** What outlives the fragmentation session in which it was found out. */
export type Kept = Pick<Heard, 'vainSessions' | 'mayHold' | 'isFurther'>;

/** Of a fragmentation session that has just begun. `kept`: of those before it. */
export function nothingHeard(sessionCnt: number | undefined, kept: Partial<Kept> = {}): Heard {
  const { vainSessions = 0, mayHold = false, isFurther = false } = kept;
  return {
    answers: [],
    found: undefined,
    undecidedFor: 0,
    checks: 0,
    vainSessions,
    mayHold,
    isFurther,
    from: 1,
    sessionCnt,
  };
}

/** Nothing more will happen to the device in this job. */
export function isSettled(state: DeviceState): boolean {
  switch (state.kind) {
    case 'done':
    case 'unverified':
    case 'failed':
    case 'skipped':
      return true;
    case 'pending':
    case 'held':
    case 'setting-up':
    case 'ready':
    case 'receiving':
    case 'between':
      return false;
  }
}

/** What the device said of its reception, in whatever session. */
export function heardOf(state: DeviceState): Heard | undefined {
  return 'heard' in state ? state.heard : undefined;
}

/** A device and where it stands. */
export interface JobDevice {
  readonly devEui: Eui64;
  readonly state: DeviceState;
}
