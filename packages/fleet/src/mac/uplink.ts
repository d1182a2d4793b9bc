import type { MacUplinkCommand } from '@airlift/lorawan';

/** Something to be sent. */
export interface Uplink {
  /** Absent for a frame that only carries flags and MAC commands. */
  readonly fPort?: number;
  /** A function is called at the moment of sending: a time stamp must not age in a queue. */
  readonly payload?: Uint8Array | (() => Uint8Array);
  readonly confirmed?: boolean;
  /** MAC requests that ride along. */
  readonly requests?: readonly MacUplinkCommand[];
  /** False: the ADR flag stays clear in this one frame. */
  readonly adr?: boolean;
}

/** A unicast downlink with application data, accepted. */
export interface UnicastDownlink {
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly fCnt: number;
  /** The same frame carried DeviceTimeAns. */
  readonly deviceTimeAnswered: boolean;
}
