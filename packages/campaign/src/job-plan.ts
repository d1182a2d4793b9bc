import type { Eui64, SteadyMs, UtcMs } from '@airlift/kernel';

/** Where the group listens during the session. */
export interface RadioPlan {
  readonly frequencyHz: number;
  readonly dataRate: number;
}

/** Pauses between the starts of two frames, milliseconds. */
export interface Pacing {
  readonly sleepMs: number;
  readonly paritySleepMs: number;
  /** Shortest pause before and after a control frame. */
  readonly shortSleepMs: number;
}

interface PlanBase {
  readonly jobId: string;
  /** Schedule name: `fota_<scheduled>_<setup>` unless the caller chose one. */
  readonly filename: string;
  readonly createdAt: SteadyMs;
  /** T0, a date. A past one was moved to the acceptance of the job. */
  readonly scheduledAt: UtcMs;
  /** T0 + setup delay. */
  readonly setupAt: UtcMs;
  /** Seconds between set-up and launch. */
  readonly launchDelayS: number;
  readonly devEuis: readonly Eui64[];
  readonly multicastGroupId: number;
  readonly multicastEui: Eui64;
  readonly scheduleSource: string;
  readonly keepLog: boolean;
  readonly radio: RadioPlan;
  readonly pacing: Pacing;
  /** Content as it was when the job was accepted. */
  readonly image: { readonly sha256: string; readonly sizeBytes: number; readonly name: string };
}

export interface FotaPlan extends PlanBase {
  readonly kind: 'FOTA';
  /** Sent most significant octet first. */
  readonly descriptor: number;
  readonly fragSize: number;
  readonly nbFrag: number;
  readonly padding: number;
  /** Fragments sent before the devices are asked for the first time. */
  readonly firstGoal: number;
  /** Exactly so many parity fragments at most; undefined = as many as the devices need. */
  readonly parityFragments: number | undefined;
}

export interface MessagePlan extends PlanBase {
  readonly kind: 'Message';
  readonly messagePort: number;
  readonly sessionTimeoutExponent: number;
}

/** Everything decided when a job is accepted; it never changes afterwards. */
export type JobPlan = FotaPlan | MessagePlan;
