import type { Clock, Timer, UtcMs } from '@airlift/kernel';

/** A clock whose timers can be taken back all at once: what is in RAM is gone after a reset. */
export class ScopedClock implements Clock<UtcMs> {
  readonly #base: Clock<UtcMs>;
  readonly #timers = new Set<Timer>();

  constructor(base: Clock<UtcMs>) {
    this.#base = base;
  }

  now(): UtcMs {
    return this.#base.now();
  }

  setTimer(at: UtcMs, fire: () => void): Timer {
    const inner = this.#base.setTimer(at, () => {
      this.#timers.delete(timer);
      fire();
    });
    const timer: Timer = {
      cancel: () => {
        if (this.#timers.delete(timer)) inner.cancel();
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  cancelAll(): void {
    for (const timer of [...this.#timers]) timer.cancel();
  }
}
