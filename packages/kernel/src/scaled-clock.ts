import type { Clock, Timer } from './clock.ts';
import { type RealMs, realMs, type SteadyMs, steadyMs } from './instant.ts';

/**
 * The air's time on a real machine: as fast as real time, or faster, with `scale` 60 an hour in a minute. Clocks of
 * several processes agree when they are given the same `anchor`, the real instant at which they start to run ahead.
 */
export class ScaledClock implements Clock<SteadyMs> {
  readonly scale: number;
  readonly #real: Clock<RealMs>;
  readonly #anchor: number;

  constructor(real: Clock<RealMs>, options: { readonly scale?: number; readonly anchor?: RealMs } = {}) {
    this.#real = real;
    this.scale = options.scale ?? 1;
    this.#anchor = options.anchor ?? real.now();
  }

  now(): SteadyMs {
    return steadyMs(this.#anchor + (this.#real.now() - this.#anchor) * this.scale);
  }

  setTimer(at: SteadyMs, fire: () => void): Timer {
    return this.#real.setTimer(realMs(this.#anchor + (at - this.#anchor) / this.scale), fire);
  }
}
