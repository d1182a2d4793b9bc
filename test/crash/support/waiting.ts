import { pause, SystemClock } from '@airlift/kernel';

const realTime = new SystemClock();

/** Lets real time pass. */
export function realPause(spanMs: number): Promise<void> {
  return pause(realTime, spanMs);
}

/** Resolves to true as soon as the condition holds, to false when it did not within the time. */
export async function holdsWithin(spanMs: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const end = performance.now() + spanMs;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await realPause(2);
  }
  return true;
}

/** Waits for a condition that has to come true. */
export async function until(what: string, spanMs: number, condition: () => boolean | Promise<boolean>): Promise<void> {
  if (!(await holdsWithin(spanMs, condition))) throw new Error(`Not within ${spanMs} ms: ${what}`);
}
