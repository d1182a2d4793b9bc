import { CallerError } from '@airlift/kernel';

/** A broadcast to devices that each lose frames at random. */
export interface LossyBroadcast {
  /** N, the plain fragments that make up the block. */
  readonly fragments: number;
  /** Probability with which a device loses a frame, 0 .. below 1. */
  readonly loss: number;
  readonly devices: number;
  /**
   * `mds`: any N fragments suffice, as information theory allows at best; `gf2`: a dense random binary code, as that of
   * TS004, which needs 1.6 more on average. `mds` unless given.
   */
  readonly code?: 'mds' | 'gf2';
}

/** Beyond this the rest of the sum changes nothing that anybody could measure. */
const NEGLIGIBLE = 1e-7;
/** A binary code lacks more than so many fragments with a probability of 2^-50. */
const MOST_EXTRA = 50;

/**
 * The mean number of frames after which the last device is complete when the sender knows at once that it is:
 * E[max] = sum over t of 1 - F(t)^devices, F(t) being the probability that one device is complete after t frames.
 * @throws CallerError `broadcast-invalid` unless `fragments` and `devices` are positive integers and 0 <= loss < 1
 */
export function minimumFrames({ fragments, loss, devices, code = 'mds' }: LossyBroadcast): number {
  const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;
  if (!isCount(fragments) || !isCount(devices) || !(loss >= 0 && loss < 1)) {
    throw new CallerError('broadcast-invalid', 'a broadcast has fragments, devices and a loss from 0 to below 1');
  }
  const needed = code === 'mds' ? [{ received: fragments, weight: 1 }] : gf2Needs(fragments);
  const waits = needed.map(({ received, weight }) => ({ weight, arrival: new Arrival(received, loss) }));
  const usual = fragments / (1 - loss);
  let before = 0;
  let mean = fragments;
  for (let t = fragments; ; t++) {
    let complete = 0;
    for (const { weight, arrival } of waits) complete += weight * arrival.by(t);
    const open = -Math.expm1(devices * Math.log(Math.min(1, complete)));
    // Rounding may keep the sum from reaching 1: when nothing more arrives, everything has.
    if (open < NEGLIGIBLE || (t > usual && complete === before)) return mean;
    before = complete;
    mean += open;
  }
}

/** With which probability a random binary code needs how many fragments; the rows of random matrices have that rank. */
function gf2Needs(fragments: number): { readonly received: number; readonly weight: number }[] {
  // Q(e), the probability that e more than N suffice: the product of 1 - 2^-j over all j > e.
  const suffices = (extra: number): number => {
    let product = 1;
    for (let j = extra + 1; j <= extra + 60; j++) product *= 1 - 2 ** -j;
    return product;
  };
  return Array.from({ length: MOST_EXTRA }, (_, extra) => ({
    received: fragments + extra,
    weight: suffices(extra) - (extra === 0 ? 0 : suffices(extra - 1)),
  }));
}

/** When the so manyth frame arrives (negative binomial), asked for ascending instants. */
class Arrival {
  readonly #wanted: number;
  readonly #loss: number;
  #t: number;
  #log: number;
  #by = 0;

  constructor(wanted: number, loss: number) {
    this.#wanted = wanted;
    this.#loss = loss;
    this.#t = wanted - 1;
    // Probability of arriving at the earliest instant; in logarithms, since it may be smaller than any number.
    this.#log = wanted * Math.log1p(-loss);
  }

  /** Probability that it has arrived after `t` frames. */
  by(t: number): number {
    while (this.#t < t) {
      this.#t += 1;
      const late = this.#t - this.#wanted;
      if (late > 0) this.#log += Math.log((this.#t - 1) / late) + Math.log(this.#loss);
      this.#by += Math.exp(this.#log);
    }
    return this.#by;
  }
}
