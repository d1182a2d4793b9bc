import type { Heard } from './device-state.ts';

/** Decoders take no more losses than a part of the image; who lacks more is better served with its plain fragments. */
const MOST_LACKED = 0.8;

/** Whether the device has so much of the image that parity completes it. @param nbFrag of the image as the device gets it */
export function holdsPart({ found }: Heard, nbFrag: number): boolean {
  if (found === undefined || !('reception' in found)) return false;
  return found.reception.missing.likely <= nbFrag * MOST_LACKED;
}
