import { type Clock, type RealMs, realMs } from '@airlift/kernel';

export interface PaceOptions {
  /** So many at once... */
  readonly burst: number;
  /** ...and then one in so many milliseconds. */
  readonly everyMs: number;
  /** Those who were counted longest ago are forgotten beyond so many. */
  readonly mostKeys: number;
}

/** How often each of many may still do something. */
export class Pace {
  readonly #clock: Clock<RealMs>;
  readonly #options: PaceOptions;
  /** When nothing of what was counted will matter any more, the one counted last at the end. */
  readonly #settledAt = new Map<string, RealMs>();

  constructor(clock: Clock<RealMs>, options: PaceOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** From when on one may; an instant that may have passed. */
  readyAt(key: string): RealMs {
    const { burst, everyMs } = this.#options;
    return realMs((this.#settledAt.get(key) ?? this.#clock.now()) - (burst - 1) * everyMs);
  }

  isReady(key: string): boolean {
    return this.readyAt(key) <= this.#clock.now();
  }

  /** Counts one. */
  spend(key: string): void {
    const from = Math.max(this.#settledAt.get(key) ?? 0, this.#clock.now());
    this.#settledAt.delete(key);
    this.#settledAt.set(key, realMs(from + this.#options.everyMs));
    const [oldest] = this.#settledAt.keys();
    if (this.#settledAt.size > this.#options.mostKeys && oldest !== undefined) this.#settledAt.delete(oldest);
  }
}
