import type { UtcMs } from '@airlift/kernel';

const HOUR_MS = 3_600_000;

/** Keeps a device within its time on air: a budget for each hour, and the pauses that DutyCycleReq asks for. */
export class AirtimeBudget {
  readonly #perHourMs: number | null;
  #hourStart = Number.NEGATIVE_INFINITY;
  #usedMs = 0;
  #pauseUntil = Number.NEGATIVE_INFINITY;

  constructor(perHourMs: number | null) {
    this.#perHourMs = perHourMs;
  }

  /** Whether a frame may be sent now. */
  allows(now: UtcMs, airtimeMs: number): boolean {
    if (now < this.#pauseUntil) return false;
    return this.#perHourMs === null || this.#usedIn(now) + airtimeMs <= this.#perHourMs;
  }

  /** @param maxDutyCycle n of 1/2^n */
  spend(now: UtcMs, airtimeMs: number, maxDutyCycle: number): void {
    const used = this.#usedIn(now);
    if (now - this.#hourStart >= HOUR_MS) this.#hourStart = now;
    this.#usedMs = used + airtimeMs;
    this.#pauseUntil = now + airtimeMs * 2 ** maxDutyCycle;
  }

  #usedIn(now: UtcMs): number {
    return now - this.#hourStart >= HOUR_MS ? 0 : this.#usedMs;
  }
}
