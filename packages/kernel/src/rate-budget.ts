import type { Clock } from './clock.ts';

/** So much work a second and no more; what was not used is kept for half a second. */
export class RateBudget {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #left: number;
  #at: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#left = perSecond / 2;
    this.#at = clock.now();
  }

  /** How much of `wanted` could be taken now. */
  get left(): number {
    const now = this.#clock.now();
    const earned = (Math.max(0, now - this.#at) * this.#perSecond) / 1000;
    this.#left = Math.min(this.#perSecond / 2, this.#left + earned);
    this.#at = now;
    return Math.floor(this.#left);
  }

  /** Takes as much of `wanted` as there is; returns how much that was. */
  take(wanted: number): number {
    const taken = Math.min(wanted, this.left);
    this.#left -= taken;
    return taken;
  }
}
