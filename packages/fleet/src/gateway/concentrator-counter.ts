import { type UtcMs, utcMs } from '@airlift/kernel';

const MODULUS = 0x1_0000_0000;

/**
 * The free-running microsecond counter of a concentrator. On the wire it has 32 bits and wraps every 71.6 minutes;
 * here it is kept unwrapped, so that only the edges compute modulo 2^32.
 */
export class ConcentratorCounter {
  readonly #startMs: number;
  readonly #startUs: number;

  /** @param startUs what the counter shows at `startMs`, 0 .. 2^32-1 */
  constructor(startMs: UtcMs, startUs: number) {
    this.#startMs = startMs;
    this.#startUs = startUs;
  }

  /** Microseconds since the counter was 0, never wrapping. */
  at(instant: UtcMs): number {
    return Math.round((instant - this.#startMs) * 1000) + this.#startUs;
  }

  /** The 32 bits that travel as `tmst`. */
  tmstAt(instant: UtcMs): number {
    return this.at(instant) % MODULUS;
  }

  /**
   * The next unwrapped count, not before `nowUs`, whose lower 32 bits are `tmst`. A `tmst` that has just passed
   * therefore lies almost 72 minutes ahead, which is why forwarders call it too early.
   */
  unwrap(tmst: number, nowUs: number): number {
    return nowUs + ((((tmst - nowUs) % MODULUS) + MODULUS) % MODULUS);
  }

  /** When the unwrapped counter shows this. */
  instantOf(us: number): UtcMs {
    return utcMs(this.#startMs + (us - this.#startUs) / 1000);
  }
}
