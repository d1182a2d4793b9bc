import type { Eui64, SteadyMs } from '@airlift/kernel';
import type { AskStep } from './device/device-event.ts';
import type { DeviceState, Evidence } from './device/device-state.ts';
import type { JobControl, JobOutcome, JobState } from './job/job-state.ts';
import type { GatewayFate, WaitCause } from './link/device-link.ts';
import type { ReasonCode } from './reasons.ts';
import type { GroupFrame, SessionState } from './session/session-state.ts';

/** What a job lived through, in order; stored with the step that brought it about. */
export type CampaignEvent =
  | { readonly kind: 'job'; readonly to: JobState['kind']; readonly outcome: JobOutcome | undefined }
  | { readonly kind: 'control'; readonly to: JobControl['kind']; readonly wave: number }
  | {
      readonly kind: 'session';
      readonly session: number;
      readonly to: SessionState['kind'];
      readonly round: number;
      /** The last fragment number on the air so far. */
      readonly sent: number;
    }
  | {
      readonly kind: 'device';
      readonly devEui: Eui64;
      readonly to: DeviceState['kind'];
      readonly evidence: Evidence | undefined;
      readonly reason: ReasonCode | undefined;
    }
  /** What a device was asked or told in one downlink. */
  | { readonly kind: 'asked'; readonly devEui: Eui64; readonly steps: readonly AskStep[] }
  /** What a device said, in words of the packages. */
  | { readonly kind: 'said'; readonly devEui: Eui64; readonly answers: readonly string[] }
  /** A frame to the group did not go out as it should. */
  | {
      readonly kind: 'frame-refused';
      readonly session: number;
      readonly frame: GroupFrame;
      readonly error: string;
      readonly gateways: readonly GatewayFate[];
    }
  | {
      readonly kind: 'waits';
      readonly session: number;
      readonly cause: WaitCause;
      readonly until: SteadyMs | undefined;
    };

/** An event with its place in the job's own sequence, from 1 without gaps. */
export interface RecordedEvent {
  readonly sequence: number;
  readonly at: SteadyMs;
  readonly event: CampaignEvent;
}
