import { later } from './clock.ts';
import { type SteadyMs, type UtcMs, utcMs } from './instant.ts';

/** What date it is at an instant of a clock, as far as is known now: the date of a machine may be corrected. */
export interface Calendar<Instant extends number = SteadyMs> {
  dateOf(at: Instant): UtcMs;
  /** When the clock will stand at the date, or stood, unless the date steps. */
  instantOf(date: UtcMs): Instant;
  /** Calls the listener whenever the date has stepped against the clock. Returns how to stop that. */
  onStep(listener: () => void): () => void;
}

/** A calendar that is told how far the date is from its clock. */
export class OffsetCalendar<Instant extends number = SteadyMs> implements Calendar<Instant> {
  readonly #listeners = new Set<() => void>();
  #offsetMs: number;

  constructor(offsetMs = 0) {
    this.#offsetMs = offsetMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  dateOf(at: Instant): UtcMs {
    return utcMs(at + this.#offsetMs);
  }

  instantOf(date: UtcMs): Instant {
    return later(date as number as Instant, -this.#offsetMs);
  }

  onStep(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sets what to add to an instant of the clock to get its date. */
  setOffset(offsetMs: number): void {
    if (offsetMs === this.#offsetMs) return;
    this.#offsetMs = offsetMs;
    for (const listener of this.#listeners) listener();
  }
}
