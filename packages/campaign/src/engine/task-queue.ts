import { CallerError } from '@airlift/kernel';

/** Does one task after the other. */
export class TaskQueue {
  #last: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** @throws CallerError `stopping` when the queue was stopped before the task's turn came, or what the task throws */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#isStopped) throw new CallerError('stopping', 'The server is stopping');
      return task();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Lets the task under way finish and begins no further one. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#last;
  }

  /** Resolves when no task is under way or waiting. */
  async idle(): Promise<void> {
    for (let last = this.#last; ; last = this.#last) {
      await last;
      if (last === this.#last) return;
    }
  }
}
