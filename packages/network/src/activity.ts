/**
 * Counts work under way, so that a stop or a composition in virtual time can wait for its end. Waiting for time to pass
 * or for a gateway's word is not work: who waits for the end of work must not wait for those.
 */
export class Activity {
  #running = 0;
  #waiting: (() => void)[] = [];

  /** Runs a piece of work. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await task();
    } finally {
      this.#end();
    }
  }

  /** Inside of `run`: awaits something that is not work of ours. */
  async aside<T>(wait: Promise<T>): Promise<T> {
    this.#end();
    try {
      return await wait;
    } finally {
      this.#running += 1;
    }
  }

  /** Resolves when no work is under way. */
  async idle(): Promise<void> {
    while (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #end(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
