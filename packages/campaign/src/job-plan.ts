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

/** Devices are served one group after the other, and the job stops when a group does not do well enough. */
export interface WavePlan {
  /** Devices in each wave but the last, which takes the rest. */
  readonly sizes: readonly number[];
  /** Share of a wave's devices, 0 .. 1, that must succeed for the next one to begin. */
  readonly leastSuccess: number;
  /** Somebody must allow each wave after the first. */
  readonly needsApproval: boolean;
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
  /** Seconds between set-up and launch as the caller fixed them; undefined = as the devices need. */
  readonly launchDelayS: number | undefined;
  /** How often devices of class A are expected to send. */
  readonly uplinkIntervalS: number;
  readonly devEuis: readonly Eui64[];
  readonly multicastGroupId: number;
  readonly multicastEui: Eui64;
  readonly scheduleSource: string;
  readonly keepLog: boolean;
  readonly radio: RadioPlan;
  readonly pacing: Pacing;
  readonly waves: WavePlan | undefined;
  /** Content as it was when the job was accepted. */
  readonly image: { readonly sha256: string; readonly sizeBytes: number; readonly name: string };
}

export interface FotaPlan extends PlanBase {
  readonly kind: 'FOTA';
  /** Sent most significant octet first. */
  readonly descriptor: number;
  /** Largest application payload of a frame, octets; a profile may want less. */
  readonly maxPacketOctets: number;
  /** Exactly so many parity fragments at most; undefined = as many as the devices need. */
  readonly parityFragments: number | undefined;
}

export interface MessagePlan extends PlanBase {
  readonly kind: 'Message';
  readonly messagePort: number;
  /** The session lasts 2^n seconds; undefined = as long as the message needs. */
  readonly sessionTimeoutExponent: number | undefined;
  /** How often the message goes on the air. */
  readonly transmissions: number;
  /** A device that sends an uplink on this port afterwards has received it; undefined = reception stays unknown. */
  readonly confirmPort: number | undefined;
}

/** Everything decided when a job is accepted; it never changes afterwards. */
export type JobPlan = FotaPlan | MessagePlan;
