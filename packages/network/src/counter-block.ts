/**
 * Hands out frame counters from blocks that the store has reserved. What is left of a block when the process ends is
 * never used: numbers are skipped, none is repeated.
 */
export class CounterBlock {
  readonly #reserve: (count: number) => Promise<number | undefined>;
  readonly #blockSize: number;
  #next = 0;
  #end = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(blockSize: number, reserve: (count: number) => Promise<number | undefined>) {
    this.#blockSize = blockSize;
    this.#reserve = reserve;
  }

  /** The next counter; undefined when what it counts for is gone. */
  take(): Promise<number | undefined> {
    const result = this.#queue.then(async () => {
      if (this.#next >= this.#end) {
        const first = await this.#reserve(this.#blockSize);
        if (first === undefined) return undefined;
        this.#next = first;
        this.#end = first + this.#blockSize;
      }
      return this.#next++;
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
