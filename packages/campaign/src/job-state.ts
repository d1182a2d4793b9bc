import type { SteadyMs } from '@airlift/kernel';

/** The multicast session of a job, fixed when set-up begins. */
export interface SessionPlan {
  readonly groupId: string;
  readonly mcAddr: number;
  /** 16 octets, lower-case hexadecimal; stores keep it sealed. */
  readonly mcKey: string;
  /** Whole GPS seconds; devices switch to class C then. */
  readonly sessionTimeGpsS: number;
  readonly launchAt: SteadyMs;
  /** The session lasts 2^n seconds. */
  readonly timeOutExponent: number;
  readonly firstFCnt: number;
  /** What the frames are made for, see `broadcastKey`; undefined when nobody can take part. */
  readonly broadcastKey?: string;
}

/** A frame to the whole group. `number` is the fragment number N, counted from 1; 0 for the other kinds. */
export interface GroupFrame {
  readonly kind: 'plain' | 'parity' | 'status' | 'message';
  readonly number: number;
}

/** What the broadcast is waiting for. */
export type BroadcastPhase =
  | { readonly kind: 'pacing'; readonly until: SteadyMs }
  /** The frame was handed to the network server; its fate is not known. */
  | { readonly kind: 'sending'; readonly frame: GroupFrame; readonly refusals: number; readonly since: SteadyMs }
  /** The frame was refused; it is tried again. */
  | { readonly kind: 'holding'; readonly frame: GroupFrame; readonly refusals: number; readonly until: SteadyMs }
  /** Devices are answering a status request. */
  | { readonly kind: 'listening'; readonly until: SteadyMs };

/** Where a job stands. Every state before `complete` has a due instant (see `dueAt`). */
export type JobState =
  | { readonly kind: 'scheduled' }
  | {
      readonly kind: 'setup';
      readonly startedAt: SteadyMs;
      /** 1 for the first session; a further one serves the devices that missed those before. */
      readonly round: number;
      readonly session: SessionPlan;
      /** The last fragment number that went on the air in the sessions before; nothing unless there were any. */
      readonly sent?: number;
      /** At the start nobody was ready; so long, devices that are late are waited for. */
      readonly until?: SteadyMs;
      readonly percent: number;
    }
  | {
      readonly kind: 'broadcasting';
      readonly startedAt: SteadyMs;
      readonly round: number;
      readonly session: SessionPlan;
      readonly phase: BroadcastPhase;
      /** The last fragment number that went on the air, in whatever session; 1 once a message did. */
      readonly sent: number;
      /** What `sent` was when this session began. */
      readonly began?: number;
      /** Fragments are sent up to this number before the devices are asked. */
      readonly goal: number;
      readonly statusRequests: number;
      readonly percent: number;
    }
  | {
      readonly kind: 'teardown';
      readonly startedAt: SteadyMs;
      readonly round: number;
      readonly session: SessionPlan;
      readonly sent: number;
      readonly began?: number;
      readonly until: SteadyMs;
      readonly percent: number;
    }
  | { readonly kind: 'complete'; readonly startedAt: SteadyMs; readonly completedAt: SteadyMs }
  | { readonly kind: 'cancelled'; readonly at: SteadyMs };
