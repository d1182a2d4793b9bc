import type { DeviceVerdict } from '../simulation-engine.ts';

/** How one device came out. */
export interface SimulatedDevice {
  readonly deveui: string;
  readonly behaviour: string;
  /** What the server says of it. */
  readonly status: DeviceVerdict['status'];
  /** How success is known. */
  readonly verifiedBy: string | null;
  /** Code of the reason why it is no success. */
  readonly reason: string | null;
  /** What is true: whether it holds exactly the bytes of the image. */
  readonly identical: boolean;
  /** Seconds from the job's acceptance until it had all it needed; null when it never did. */
  readonly seconds: number | null;
  /** Fragments heard of its latest block, coded ones included. */
  readonly fragmentsHeard: number;
  readonly parityUsed: number;
}

/** What a simulation found, as `airlift simulate --json` prints it. Seconds and milliseconds are simulated ones. */
export interface SimulationReport {
  readonly devices: number;
  /** Devices that hold exactly the bytes of the image. */
  readonly completed: number;
  /** Devices of which the server says success although they do not hold the image. */
  readonly falseSuccess: number;
  /** Devices of which the server says failure although they hold it. */
  readonly falseFailure: number;
  readonly frames: {
    readonly plain: number;
    readonly parity: number;
    /** Requests for a status to the group. */
    readonly status: number;
    /** Frames to single devices that set them up: clock, group, fragmentation session, class C session. */
    readonly setup: number;
    /** Frames to groups, of whatever kind; one that several gateways send at once counts once. */
    readonly total: number;
  };
  /** Multicast sessions in which anything was sent. */
  readonly sessions: number;
  /** Time on air of the frames to groups, of one gateway. */
  readonly airtimeMs: number;
  /** From the first frame to a group until the last. */
  readonly sessionSeconds: number;
  /** From the job's acceptance until the first frame to a group. */
  readonly setupSeconds: number;
  /** The mean that information theory needs at least for so many fragments and devices at this loss. */
  readonly minimumFrames: number;
  readonly perDevice: readonly SimulatedDevice[];
}
