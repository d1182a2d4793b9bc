/** After so many holders in a row, timers and sockets get their turn before the next one. */
const HOLDERS_BEFORE_A_BREAK = 256;

/**
 * Lets one holder in at a time, in the order of asking. The one in the query builder wakes every waiter at each
 * release, which takes seconds when thousands of devices wait.
 */
export class FifoLock {
  #held = false;
  readonly #waiting: (() => void)[] = [];
  /** Index of the first waiter: shifting a long array is slow. */
  #head = 0;
  #inARow = 0;

  /** Resolves when the caller holds the lock. */
  acquire(): Promise<void> {
    if (!this.#held) {
      this.#held = true;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Hands the lock to the next one. */
  release(): void {
    const next = this.#waiting[this.#head];
    if (next === undefined) {
      this.#held = false;
      this.#inARow = 0;
      return;
    }
    this.#head += 1;
    if (this.#head === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#head = 0;
    }
    this.#inARow += 1;
    // Holders that never wait for anything outside would otherwise keep the event loop for seconds.
    if (this.#inARow % HOLDERS_BEFORE_A_BREAK === 0) setImmediate(next);
    else next();
  }

  /** Runs `work` while holding the lock. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.acquire();
    try {
      return await work();
    } finally {
      this.release();
    }
  }
}
