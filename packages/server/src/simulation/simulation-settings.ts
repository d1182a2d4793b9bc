import type { BehaviourShares, Faults } from '@airlift/fleet';

/** What a simulation is made of. Everything random in it follows from the seed. */
export interface SimulationSettings {
  readonly devices: number;
  readonly seed: string;
  readonly image: Uint8Array;
  /** Probability with which a device does not hear a frame, 0 to below 1. */
  readonly loss: number;
  /** The same for uplinks; that of downlinks unless given. */
  readonly lossUp?: number;
  /** Mean number of frames that are lost in a row; 1 for losses that have nothing to do with each other. */
  readonly burstFrames: number;
  /** Each device is near one of them, one in four near two. */
  readonly gateways: number;
  /** Clocks of devices are fast or slow by up to so many parts in a million; as the behaviours say unless given. */
  readonly driftPpm?: number;
  /** Share of the devices that are switched on, and join, only after the launch; 0 to 1. */
  readonly late: number;
  /** Seconds between the uplinks of a device; `usualUplinkIntervalS` unless given. */
  readonly uplinkIntervalS?: number;
  /** The behaviours of the devices by weight; the server is told the profile that fits each. */
  readonly mix: BehaviourShares;
  /** What single devices do wrong, by their place; nothing unless given. Their times count from the job's acceptance. */
  readonly faults?: (index: number) => Partial<Faults>;
  /** The server is told no profiles and has to find out. */
  readonly hidesProfiles?: boolean;
  /** As the regional parameters spell it. */
  readonly region: string;
  /** Downlink data rate of multicast sessions; the region's own unless given. */
  readonly dataRate?: number;
  /** Exactly so many parity fragments, as other servers send them; as many as the devices need unless given. */
  readonly parityFragments?: number;
  /** Pauses between plain and between parity fragments, milliseconds; the usual ones unless given. */
  readonly sleepMs?: number;
  readonly paritySleepMs?: number;
}

/** More than so many uplinks a second of a whole fleet would leave a gateway no room for answers. */
const MOST_UPLINKS_PER_S = 10;
const SHORTEST_USUAL_INTERVAL_S = 60;

/** A minute; longer for fleets so large that a gateway would hear more than ten uplinks a second. */
export function usualUplinkIntervalS({ devices, gateways }: Pick<SimulationSettings, 'devices' | 'gateways'>): number {
  return Math.max(SHORTEST_USUAL_INTERVAL_S, Math.ceil(devices / gateways / MOST_UPLINKS_PER_S));
}
