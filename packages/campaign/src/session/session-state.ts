import { type SteadyMs, steadyMs } from '@airlift/kernel';
import type { WaitCause } from '../link/device-link.ts';

/** One multicast session, fixed when it is opened. */
export interface SessionPlan {
  readonly groupId: string;
  readonly mcAddr: number;
  /** 16 octets, lower-case hexadecimal; stores keep it sealed. */
  readonly mcKey: string;
  /** Whole GPS seconds; devices switch to class C then. */
  readonly sessionTimeGpsS: number;
  readonly launchAt: SteadyMs;
  /** From `launchAt` to the first frame, as the device that needs longest has it. */
  readonly startSlackMs: number;
  /** A device that has said nothing by then, though it was asked in, is listening: else it would have sent an uplink. */
  readonly silentFrom: SteadyMs;
  /** Until then devices that are late are waited for, once the session has begun; `launchAt` = not at all. */
  readonly gatherUntil: SteadyMs;
  /** The session lasts 2^n seconds. */
  readonly timeOutExponent: number;
  readonly firstFCnt: number;
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
  | {
      readonly kind: 'sending';
      readonly frame: GroupFrame;
      readonly refusals: number;
      readonly since: SteadyMs;
      readonly waitsFor: WaitCause | undefined;
    }
  /** The frame was refused; it is tried again. */
  | {
      readonly kind: 'holding';
      readonly frame: GroupFrame;
      readonly refusals: number;
      readonly until: SteadyMs;
      readonly because: string;
    }
  /** Devices are answering a status request; looked at again at `lookAt`. */
  | { readonly kind: 'listening'; readonly until: SteadyMs; readonly lookAt: SteadyMs }
  /** Nobody in the session needs anything, but devices are on their way into it. */
  | { readonly kind: 'awaiting-late'; readonly until: SteadyMs };

/** How far the frames of a format have come, over all its sessions. */
export interface Progress {
  /** The last fragment number that went on the air; for messages, how often the message did. */
  readonly sent: number;
  /** How often the only fragment of a block was sent again. */
  readonly repeats: number;
}

export interface SessionBase extends Progress {
  /** From 1, in the order of opening. */
  readonly number: number;
  readonly formatKey: string;
  /** How often a session was opened for the format before, and this time. */
  readonly round: number;
  /** `sent` and `repeats` when the session was opened. */
  readonly began: Progress;
  /** The image is sent from its beginning, since nobody holds a part of it. */
  readonly isFresh: boolean;
  /** `sent` before the last question to the group, in whatever session of the format; undefined before the first. */
  readonly askedAt: number | undefined;
}

/** Where a session stands. */
export type SessionState =
  /** An address is being asked for; devices are not told before `notBefore`. */
  | (SessionBase & { readonly kind: 'opening'; readonly since: SteadyMs; readonly notBefore: SteadyMs })
  | (SessionBase & {
      readonly kind: 'setup';
      readonly plan: SessionPlan;
      /** Its time has come, and the devices that were ready are listening. */
      readonly isLaunched: boolean;
      /** When to see next whether there is something to do. */
      readonly lookAt: SteadyMs;
      readonly isPaused: boolean;
    })
  | Broadcasting
  /** Nothing more is sent to the group; single devices are asked, and check values come in. */
  | (SessionBase & {
      readonly kind: 'closing';
      readonly plan: SessionPlan;
      readonly until: SteadyMs;
      /** Devices were there, and no frame could be sent to them. */
      readonly isUnsent: boolean;
    })
  | (SessionBase & {
      readonly kind: 'ended';
      readonly why: 'served' | 'unserved' | 'unsent' | 'stopped' | 'no-address';
      readonly groupId: string | undefined;
    });

export interface Broadcasting extends SessionBase {
  readonly kind: 'broadcasting';
  readonly plan: SessionPlan;
  readonly phase: BroadcastPhase;
  /** Nothing is sent meanwhile. */
  readonly isPaused: boolean;
  /** Fragments are sent up to this number, repeats counted in, before the policy is asked again. */
  readonly goal: number;
  readonly questions: number;
  /** Answers to the last question may come until then; undefined before the first in this session. */
  readonly roundUntil: SteadyMs | undefined;
}

/** What every state of a session has. */
export function baseOf(state: SessionState): SessionBase {
  const { number, formatKey, round, began, isFresh, askedAt, sent, repeats } = state;
  return { number, formatKey, round, began, isFresh, askedAt, sent, repeats };
}

type Lasting = Pick<SessionPlan, 'timeOutExponent'>;

/** How long devices stay in the session unless they leave before. */
export function sessionMs({ timeOutExponent }: Lasting): number {
  return 1000 * 2 ** timeOutExponent;
}

/** When devices that were told that start go back to their own class, unless they do so before. */
export function sessionEnd(start: Lasting & Pick<SessionPlan, 'launchAt'>): SteadyMs {
  return steadyMs(start.launchAt + sessionMs(start));
}

/** The fragment that is on its way counted in. */
export function sentAtMost(session: SessionState): number {
  if (session.kind !== 'broadcasting') return session.sent;
  const { phase, sent } = session;
  const underWay = phase.kind === 'sending' || phase.kind === 'holding' ? phase.frame.number : 0;
  return Math.max(sent, underWay);
}
