import type { Rng } from '@airlift/kernel';

/** When to kill one incarnation of the server, counted from its start; what the count never reaches is cut off in time. */
export interface KillPoint {
  /** So many frames of the stage have passed since the start... */
  readonly frames: number;
  /** ...and then so many milliseconds of real time. */
  readonly delayMs: number;
}

/** The kill points of one run of the test; everything in it follows from the seed. */
export interface KillPlan {
  /** While the devices are being set up, counted in questions to single devices. */
  readonly setup: readonly KillPoint[];
  /** During the broadcast, counted in frames to the group. */
  readonly broadcast: readonly KillPoint[];
  /** While a start is under way that takes up a running job: shares of the time that a start takes. */
  readonly starts: readonly number[];
  /** From the first complete image on: real milliseconds after it, or after the start. */
  readonly verification: readonly number[];
}

export function killPlan(rng: Rng): KillPlan {
  return {
    setup: points(rng.fork('setup'), 3, 3, 120),
    broadcast: points(rng.fork('broadcast'), 12, 7, 100),
    starts: Array.from({ length: 3 }, () => rng.between(0.3, 1)),
    verification: Array.from({ length: 2 }, () => rng.between(0, 250)),
  };
}

function points(rng: Rng, count: number, mostFrames: number, longestDelayMs: number): readonly KillPoint[] {
  return Array.from({ length: count }, () => ({
    frames: 1 + rng.below(mostFrames),
    delayMs: rng.between(0, longestDelayMs),
  }));
}
