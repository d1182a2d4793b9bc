import { binaryCodeNeeds, frameArrivals } from '@airlift/applayer';

/** A device as a broadcast finds it. */
export interface Listener {
  readonly loss: number;
  /** Frames that are over before it can hear one. */
  readonly misses: number;
}

/**
 * The least mean of the frames until the last device is complete, when any `fragments` frames suffice and each device has
 * a first chance of its own: E[max] = sum over t of 1 - product of F(t - misses), F being the probability that so many of t
 * frames arrive.
 */
export function leastFrames(fragments: number, listeners: readonly Listener[]): number {
  const kinds = new Map<string, Listener & { count: number; readonly by: (frames: number) => number }>();
  for (const { loss, misses } of listeners) {
    const key = `${loss}/${misses}`;
    const kind = kinds.get(key) ?? { loss, misses, count: 0, by: frameArrivals(fragments, loss) };
    kind.count += 1;
    kinds.set(key, kind);
  }
  for (let t = 0, mean = 0; ; t++) {
    let complete = 1;
    for (const { misses, count, by } of kinds.values()) complete *= by(t - misses) ** count;
    if (complete > 1 - 1e-9) return mean;
    mean += 1 - complete;
  }
}

/**
 * The smallest fixed number of parity fragments with which all of so many devices complete with this probability, with the
 * code of TS004 and no feedback.
 */
export function enoughParity(fragments: number, loss: number, devices: number, probability: number): number {
  const needs = binaryCodeNeeds(fragments).map(({ received, weight }) => ({
    weight,
    by: frameArrivals(received, loss),
  }));
  for (let parity = 0; ; parity++) {
    const complete = needs.reduce((sum, { weight, by }) => sum + weight * by(fragments + parity), 0);
    if (complete ** devices >= probability) return parity;
  }
}
