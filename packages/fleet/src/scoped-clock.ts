import type { Clock, Timer, UtcMs } from '@airlift/kernel';

class ScopedTimer implements Timer {
  readonly #scope: Set<ScopedTimer>;
  readonly #fire: () => void;
  inner: Timer | undefined;

  constructor(scope: Set<ScopedTimer>, fire: () => void) {
    this.#scope = scope;
    this.#fire = fire;
  }

  run(): void {
    this.#scope.delete(this);
    this.#fire();
  }

  cancel(): void {
    if (this.#scope.delete(this)) this.inner?.cancel();
  }
}

/** A clock whose timers can be taken back all at once: what is in RAM is gone after a reset. */
export class ScopedClock implements Clock<UtcMs> {
  readonly #base: Clock<UtcMs>;
  readonly #timers = new Set<ScopedTimer>();
  readonly #before: (() => void) | undefined;

  /** @param before called before each of its timers fires */
  constructor(base: Clock<UtcMs>, before?: () => void) {
    this.#base = base;
    this.#before = before;
  }

  now(): UtcMs {
    return this.#base.now();
  }

  setTimer(at: UtcMs, fire: () => void): Timer {
    const timer = new ScopedTimer(this.#timers, fire);
    timer.inner = this.#base.setTimer(at, () => {
      this.#before?.();
      timer.run();
    });
    this.#timers.add(timer);
    return timer;
  }

  cancelAll(): void {
    for (const timer of [...this.#timers]) timer.cancel();
  }
}
