import { lossBound } from '../evidence/chance.ts';

/** What a device has told of its plain losses while the plain fragments are sent. */
export interface ToldLosses {
  /** Highest number sent when it said so. */
  readonly at: number;
  readonly lost: number;
  /** Losses that its decoder mends. */
  readonly maxLosses: number;
}

/** Loss rate that a device of which nothing is known may have. */
const UNKNOWN_LOSS = 0.25;
/** Asking late in the pass brings nothing that the question at its end does not. */
const LATEST_SHARE = 0.85;

/** The next number at which to ask during the plain fragments, so that no device passes its limit unseen; undefined: none. */
export function nextWatch(
  nbFrag: number,
  sent: number,
  devices: readonly (ToldLosses | { readonly maxLosses: number })[],
): number | undefined {
  let next = Number.POSITIVE_INFINITY;
  for (const device of devices) {
    const at =
      'at' in device
        ? device.at + Math.max(1, Math.ceil((device.maxLosses - device.lost) / lossBound(device.lost, device.at)))
        : Math.ceil(device.maxLosses / UNKNOWN_LOSS);
    // Whoever is beyond the limit needs no watch any more.
    if ('at' in device && device.lost > device.maxLosses) continue;
    next = Math.min(next, Math.max(at, sent + 1));
  }
  return next <= nbFrag * LATEST_SHARE ? next : undefined;
}

/** Whether a device will have lost more than its decoder mends when the plain fragments are through. */
export function losesTooMuch(told: ToldLosses, nbFrag: number): 'yes' | 'likely' | 'no' {
  if (told.lost > told.maxLosses) return 'yes';
  return (told.lost / Math.max(1, told.at)) * nbFrag > told.maxLosses ? 'likely' : 'no';
}
