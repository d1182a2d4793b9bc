import type { SteadyMs } from '@airlift/kernel';
import type { ReasonCode } from './reasons.ts';

/** One question of the set-up conversation with a device. */
export type SetupStep = 'clock' | 'fragmentation' | 'group' | 'session';

/** How a device's success is known, strongest first. */
export type Evidence = 'mic' | 'crc64' | 'session-complete' | 'status-answer' | 'session-answer';

/** What a device last said of its reception in FragSessionStatusAns. */
export interface Reception {
  /** Fragments received, or the number of the last one heard: stacks differ. */
  readonly nbFragReceived: number;
  /** Saturates at 255. */
  readonly missingFrag: number;
  /** The last fragment that was on the air when the device answered. */
  readonly sentByThen: number;
  /** As `sentByThen`, for the first of the answers in a row that said the same of what is missing. */
  readonly steadySince: number;
  /** As `steadySince`, for the answers in a row that said the same `nbFragReceived`. */
  readonly frozenSince?: number;
  /** The device's profile says that `missingFrag` is what is left of the number modulo 256. */
  readonly overflows?: boolean;
  /** The device's profile says that `missingFrag` counts plain losses, repaired or not. */
  readonly countsPlainLosses?: boolean;
  /** The device's profile says that `missingFrag` is 0 as soon as the block is complete. */
  readonly countsMissingNow?: boolean;
  /** The device's profile says that 0 missing is reached before the block is complete. */
  readonly zeroIsOpen?: boolean;
}

/** What a device keeps from one session to the next: its fragmentation session outlives them. */
export interface Holding {
  readonly reception: Reception | undefined;
  /** The first fragment number that it can have heard. */
  readonly from: number;
}

/** Where one device stands in one job. */
export type DeviceState =
  /** The job has not begun its set-up. */
  | { readonly kind: 'pending' }
  | {
      readonly kind: 'setting-up';
      /** Steps without a positive answer, in the order in which they are asked. */
      readonly todo: readonly SetupStep[];
      /** `queued`: a question waits for its way out; `on-air`: it left, and the next uplink should answer it. */
      readonly question: 'none' | 'queued' | 'on-air';
      /** When to ask a device again that listens all the time; undefined for class A, whose uplinks give the beat. */
      readonly askAgainAt: SteadyMs | undefined;
      readonly asked: number;
      readonly resyncs: number;
      /** The device was heard since its set-up began. */
      readonly heard?: boolean;
      /** The session was asked for on the air: should only the answer be lost, the device will listen. */
      readonly mayListen?: boolean;
      /** Refusals of the group: one may come from a device that was just busy. */
      readonly refusals?: number;
      /** SessionTime that the device was told when it is late for that of the session, GPS seconds. */
      readonly startGpsS?: number;
      readonly holding?: Holding;
      /** The device joined anew while it was in the session. */
      readonly restarted?: boolean;
      /** It was in the session by all that is known, and was asked into it anew. */
      readonly invited?: boolean;
    }
  /** Everything is agreed; waiting for the session. */
  | { readonly kind: 'ready'; readonly holding?: Holding }
  | {
      readonly kind: 'receiving';
      readonly reception: Reception | undefined;
      /** Status requests since the device last said anything. */
      readonly silentFor: number;
      /** Only its answer to the session is missing: it may be listening all the same. */
      readonly unconfirmed?: boolean;
      /** The first fragment number that it can have heard; 1 unless it came late. */
      readonly from?: number;
      /** SessionTime that the device was told when it came late, GPS seconds. */
      readonly startGpsS?: number;
      /** Was asked into the session anew, once. */
      readonly invited?: boolean;
    }
  | {
      readonly kind: 'done';
      readonly evidence: Evidence;
      readonly at: SteadyMs;
      readonly reception: Reception | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly reason: ReasonCode;
      readonly at: SteadyMs;
      readonly reception: Reception | undefined;
    }
  | { readonly kind: 'skipped'; readonly reason: ReasonCode; readonly at: SteadyMs };

/** Nothing more will happen to the device in this job. */
export function isSettled(state: DeviceState): boolean {
  return state.kind === 'done' || state.kind === 'failed' || state.kind === 'skipped';
}
