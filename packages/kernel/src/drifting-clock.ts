import { type Clock, later, type Timer } from './clock.ts';
import { type UtcMs, utcMs } from './instant.ts';

/**
 * A node's own imperfect clock over a better one: it stands `offsetMs` apart at first and gains `driftPpm` microseconds
 * a second. `correct` moves it, as a device does when it is told the time.
 */
export class DriftingClock implements Clock<UtcMs> {
  readonly #base: Clock<UtcMs>;
  readonly #rate: number;
  readonly #start: number;
  #offsetMs: number;

  constructor(base: Clock<UtcMs>, options: { readonly offsetMs: number; readonly driftPpm: number }) {
    this.#base = base;
    this.#start = base.now();
    this.#rate = 1 + options.driftPpm / 1e6;
    this.#offsetMs = options.offsetMs;
  }

  now(): UtcMs {
    return utcMs(this.#start + (this.#base.now() - this.#start) * this.#rate + this.#offsetMs);
  }

  correct(byMs: number): void {
    this.#offsetMs += byMs;
  }

  setTimer(at: UtcMs, fire: () => void): Timer {
    const waitMs = (at - this.now()) / this.#rate;
    return this.#base.setTimer(later(this.#base.now(), waitMs), fire);
  }
}
