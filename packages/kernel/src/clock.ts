import type { SteadyMs } from './instant.ts';

/** A timer that has been set; cancelling twice or after it fired is harmless. */
export interface Timer {
  cancel(): void;
}

/**
 * The only door to time. Every node is handed its own, so that devices can drift and tests can run without waiting.
 * A clock never steps: it runs on, whatever is done to the date of the machine, so spans and deadlines measured by it
 * hold. What the date says is a `Calendar`'s matter. `Instant` is the scale on which the clock runs: instants of
 * different scales do not mix. All instants are in milliseconds and need not be whole.
 */
export interface Clock<Instant extends number = SteadyMs> {
  now(): Instant;
  /** Calls `fire` once, as soon as `now()` has reached `at`; never inside the call itself. */
  setTimer(at: Instant, fire: () => void): Timer;
}

/** An instant on the same scale, so much later. */
export function later<Instant extends number>(at: Instant, spanMs: number): Instant {
  return (at + spanMs) as Instant;
}

/** Calls `fire` after a span of the clock's own time. */
export function after<Instant extends number>(clock: Clock<Instant>, delayMs: number, fire: () => void): Timer {
  return clock.setTimer(later(clock.now(), delayMs), fire);
}

/** Resolves after a span of the clock's own time. */
export function pause<Instant extends number>(clock: Clock<Instant>, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    after(clock, delayMs, resolve);
  });
}
