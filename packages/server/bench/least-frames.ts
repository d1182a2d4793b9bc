/** A binary code lacks more than so many fragments with a probability of 2^-30. */
const MOST_EXTRA = 30;

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
    const kind = kinds.get(key) ?? { loss, misses, count: 0, by: arrivals(fragments, loss) };
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
 * code of TS004 and no feedback; table A3 has it for 99 %.
 */
export function enoughParity(fragments: number, loss: number, devices: number, probability: number): number {
  const needs = Array.from({ length: MOST_EXTRA }, (_, extra) => ({
    weight: suffices(extra) - (extra === 0 ? 0 : suffices(extra - 1)),
    by: arrivals(fragments + extra, loss),
  }));
  for (let parity = 0; ; parity++) {
    const complete = needs.reduce((sum, { weight, by }) => sum + weight * by(fragments + parity), 0);
    if (complete ** devices >= probability) return parity;
  }
}

/** Probability that so many fragments more than N are enough for a random binary code: the product of 1 - 2^-j, j > extra. */
function suffices(extra: number): number {
  let product = 1;
  for (let j = extra + 1; j <= extra + 60; j++) product *= 1 - 2 ** -j;
  return product;
}

/** Probability that `wanted` frames have arrived after so many were sent (negative binomial). */
function arrivals(wanted: number, loss: number): (frames: number) => number {
  const by: number[] = [];
  let log = wanted * Math.log1p(-loss);
  let sum = Math.exp(log);
  by.push(sum);
  return (frames) => {
    const late = frames - wanted;
    if (late < 0) return 0;
    while (by.length <= late) {
      log += Math.log((wanted + by.length - 1) / by.length) + Math.log(loss);
      sum += Math.exp(log);
      by.push(Math.min(1, sum));
    }
    return by[late] ?? 1;
  };
}
