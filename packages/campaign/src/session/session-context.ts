import type { SteadyMs } from '@airlift/kernel';
import type { JobPlan } from '../job-plan.ts';
import type { ParityDevice } from '../parity/index.ts';
import type { SessionFormat } from './session-format.ts';

/** The devices of a session, as far as its course depends on them. */
export interface Members {
  readonly total: number;
  /** Share of them that is worth a launch before the time for gathering is up. */
  readonly launchShare: number;
  readonly ready: number;
  /** In the session and without a verdict. */
  readonly receiving: number;
  /** Of those, how many never said that they would take part. */
  readonly unconfirmed: number;
  /** Of those, how many owe an answer to a question and may still give it. */
  readonly awaited: number;
  /** Heard, and not yet through their set-up. */
  readonly joining: number;
  /** After the broadcast, without a verdict. */
  readonly between: number;
  /** Of those, how many may still prove what they hold. */
  readonly unproven: number;
  /** In the session and without a verdict, one by one; empty unless `decidesNow`. */
  readonly devices: readonly ParityDevice[];
}

/** Pauses of a session, milliseconds. */
export interface SessionPacing {
  /** Between the starts of two frames, at least as long as the frame. */
  readonly plainMs: number;
  readonly parityMs: number;
  /** Before a question. */
  readonly shortMs: number;
  /** How long devices may take to answer a question. */
  readonly listenMs: number;
}

/** What the machine of a session must know beside its state. */
export interface SessionContext {
  readonly now: SteadyMs;
  readonly plan: JobPlan;
  readonly format: SessionFormat;
  readonly pacing: SessionPacing;
  readonly members: Members;
  /** Up to where to send before the policy is asked. */
  readonly firstGoal: number;
}
