import type { Clock, SteadyMs, Timer } from '@airlift/kernel';

/** Waits for instants that can all be cut short: what they were for is over. */
export class Waits {
  readonly #clock: Clock;
  readonly #open = new Map<() => void, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at the instant, or earlier when the waits are cut short. */
  until(at: SteadyMs): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#open.delete(end);
        resolve();
      };
      this.#open.set(end, this.#clock.setTimer(at, end));
    });
  }

  /** Ends all waits that are open now. */
  cutShort(): void {
    for (const [end, timer] of this.#open) {
      timer.cancel();
      end();
    }
  }
}
