import type { SteadyMs } from '@airlift/kernel';
import type { WaitCause } from '../link/device-link.ts';
import type { GroupFrame, SessionPlan, SessionState } from './session-state.ts';

/** What happens to a session. */
export type SessionEvent =
  | { readonly kind: 'opened'; readonly plan: SessionPlan }
  /** There is no multicast address for it. */
  | { readonly kind: 'no-address' }
  | { readonly kind: 'due' }
  | FrameEvent
  | { readonly kind: 'frame-waits'; readonly cause: WaitCause }
  /** A device of the session has moved. */
  | { readonly kind: 'member-moved' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Nothing more is to be sent, and nobody is asked any more. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'server-restarted' };

export interface FrameEvent {
  readonly kind: 'frame';
  readonly frame: GroupFrame;
  readonly fate: 'on-air' | 'refused';
  readonly at: SteadyMs;
  /** Why it was refused, in the words of the network server. */
  readonly error: string | undefined;
}

/** What is to be done; nothing follows from it but what an event tells later. */
export type SessionEffect =
  | { readonly kind: 'open' }
  | { readonly kind: 'send'; readonly frame: GroupFrame }
  | { readonly kind: 'close' };

/** What a step means for the devices of the session. */
export type SessionNews = 'opened' | 'launch' | 'status-requested' | 'broadcast-over';

export interface SessionStep {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
  readonly news: readonly SessionNews[];
}

/** A step that does nothing but change the state, if that. */
export function still(state: SessionState): SessionStep {
  return { state, effects: [], news: [] };
}
