import { CallerError } from '@airlift/kernel';
import { binaryCodeNeeds, frameArrivals } from './frame-arrivals.ts';

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
  const needed = code === 'mds' ? [{ received: fragments, weight: 1 }] : binaryCodeNeeds(fragments);
  const waits = needed.map(({ received, weight }) => ({ weight, arrivedBy: frameArrivals(received, loss) }));
  const usual = fragments / (1 - loss);
  let before = 0;
  let mean = fragments;
  for (let t = fragments; ; t++) {
    let complete = 0;
    for (const { weight, arrivedBy } of waits) complete += weight * arrivedBy(t);
    const open = -Math.expm1(devices * Math.log(Math.min(1, complete)));
    // Rounding may keep the sum from reaching 1: when nothing more arrives, everything has.
    if (open < NEGLIGIBLE || (t > usual && complete === before)) return mean;
    before = complete;
    mean += open;
  }
}
