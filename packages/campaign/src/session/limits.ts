/** N has 14 bits. */
export const HIGHEST_NUMBER = 16_383;

/** Parity that an ordinary loss of one in ten takes, with a little for what a code of random equations needs. */
export function usualParity(nbFrag: number): number {
  return Math.ceil((nbFrag * 0.1 + 5) / 0.9);
}

/** Fragments for which a session is planned to have room: a third may get lost. */
export function plannedGoal(nbFrag: number): number {
  return Math.min(nbFrag + Math.ceil(nbFrag * 0.6) + 40, HIGHEST_NUMBER);
}

/** Fragments beyond which a job never goes: enough for a device that hears one in six. */
export function lastGoal(nbFrag: number): number {
  return Math.min(nbFrag * 6 + 200, HIGHEST_NUMBER);
}

/** Decoders take no more losses than a part of the image. */
const MOST_MISSED_SHARE = 0.5;
/** So few they take whatever the image is. */
const FEW_MISSED = 100;

/** Whether a device that holds nothing may still join a session that has sent so much of the image. */
export function mayStillJoin(sent: number, nbFrag: number): boolean {
  return sent <= Math.max(FEW_MISSED, nbFrag * MOST_MISSED_SHARE);
}
