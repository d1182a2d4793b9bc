import { contractError } from '@airlift/contract';

/**
 * Lets tasks of one name run one after the other, and only so many of all names at once. Checking a password takes
 * memory and a processor: without turns, parallel guesses would outrun the count of failures and fill the machine.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #idle: (() => void)[] = [];
  #running = 0;
  #waiting = 0;

  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Runs the task when its turn comes.
   * @throws CallerError `login-busy` when too many wait already
   */
  async run<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= this.#mostWaiting) throw contractError('login-busy');
    this.#waiting += 1;
    const before = this.#last.get(name);
    const mine = (async () => {
      try {
        await before;
      } catch {
        // How the one before ended is not ours to tell.
      }
      await this.#seat();
      try {
        return await task();
      } finally {
        this.#running -= 1;
        this.#idle.shift()?.();
      }
    })();
    this.#last.set(name, mine);
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
      if (this.#last.get(name) === mine) this.#last.delete(name);
    }
  }

  async #seat(): Promise<void> {
    while (this.#running >= this.#atOnce) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
      });
    }
    this.#running += 1;
  }
}
