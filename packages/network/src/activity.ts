/**
 * Counts work under way, so that a stop or a composition in virtual time can wait for its end. Waiting for time to pass
 * or for a gateway's word is not work: who waits for the end of work must not wait for those.
 */
export class Activity {
  #running = 0;
  #stopped = false;
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

  /** Inside of `run`, one at a time: awaits what is not work of ours. After a stop the work is not taken up again. */
  async aside<T>(wait: Promise<T>): Promise<T> {
    this.#end();
    try {
      return await wait;
    } finally {
      if (this.#stopped) await never;
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

  /** Lets the work under way finish, or get to where it waits; there it stays. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  #end(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const never = new Promise<never>(() => undefined);
