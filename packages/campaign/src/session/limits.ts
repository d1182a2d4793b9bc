/** N has 14 bits. */
export const HIGHEST_NUMBER = 16_383;

/** Fragments for which a session is planned to have room: a third may get lost. */
export function plannedGoal(nbFrag: number): number {
  return Math.min(nbFrag + Math.ceil(nbFrag * 0.6) + 40, HIGHEST_NUMBER);
}

/** Fragments beyond which a job never goes: enough for a device that hears one in six. */
export function lastGoal(nbFrag: number): number {
  return Math.min(nbFrag * 6 + 200, HIGHEST_NUMBER);
}
