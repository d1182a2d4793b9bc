import type { JobPlan } from '../job-plan.ts';

/** How many devices each wave has, the rest in the last. */
export function waveSizes({ waves, devEuis }: JobPlan): readonly number[] {
  const sizes: number[] = [];
  let left = devEuis.length;
  for (const size of waves?.sizes ?? []) {
    const own = Math.min(size, left);
    if (own > 0) sizes.push(own);
    left -= own;
  }
  if (left > 0 || sizes.length === 0) sizes.push(left);
  return sizes;
}

/** The wave, from 0, of the device at that place in the plan. */
export function waveOf(place: number, sizes: readonly number[]): number {
  let end = 0;
  for (const [wave, size] of sizes.entries()) {
    end += size;
    if (place < end) return wave;
  }
  return Math.max(0, sizes.length - 1);
}
