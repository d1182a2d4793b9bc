import type { SteadyMs } from '@airlift/kernel';
import type { SessionFormat } from '../session/session-format.ts';

/** What a caller let a running job do. */
export type JobControl =
  | { readonly kind: 'going' }
  | { readonly kind: 'paused'; readonly since: SteadyMs }
  /** A wave is over, and the next one waits for somebody to allow it. */
  | { readonly kind: 'awaiting-approval'; readonly since: SteadyMs };

/** How a job ended. */
export type JobOutcome =
  /** Every device has its verdict. */
  | 'served'
  | 'aborted'
  /** A wave fell short of the successes it needed. */
  | 'halted';

/** Where a job stands. */
export type JobState =
  | { readonly kind: 'scheduled' }
  /** Due, but other jobs have so many of its devices that it would be in vain to begin. */
  | { readonly kind: 'waiting'; readonly since: SteadyMs; readonly devicesHeld: number }
  | RunningJob
  | {
      readonly kind: 'complete';
      readonly startedAt: SteadyMs;
      readonly completedAt: SteadyMs;
      readonly outcome: JobOutcome;
      /** Devices of the job may be listening to one of its sessions until then. */
      readonly freeAt: SteadyMs;
      /** As they were while it ran: devices may still ask about the image. */
      readonly formats: readonly SessionFormat[];
    }
  | { readonly kind: 'cancelled'; readonly at: SteadyMs };

export interface RunningJob {
  readonly kind: 'running';
  readonly startedAt: SteadyMs;
  readonly control: JobControl;
  /** The wave under way, from 0. */
  readonly wave: number;
  /** One for each kind of devices in the job. */
  readonly formats: readonly SessionFormat[];
  /** The highest percentage that was ever told, 0 .. 99.9. */
  readonly percent: number;
}
