import { type Clock, DriftingClock, type GpsMs, gpsMs, type Timer, type UtcMs, utcMs } from '@airlift/kernel';

/** GPS time of 1970-01-01 as devices count it that know no leap seconds: they boot at this time. */
const BOOT_GPS_MS = -315_964_800_000;

/**
 * What a device takes for the time: it starts at 1970 when the device boots, runs a little fast or slow, and is
 * moved by the answers of the network.
 */
export class DeviceClock {
  readonly #clock: DriftingClock;

  /**
   * @param base the true time
   * @param options.driftPpm how much faster than the truth it runs
   * @param options.startGpsMs what it shows at first; 1970 when absent
   */
  constructor(base: Clock<UtcMs>, options: { readonly driftPpm: number; readonly startGpsMs?: number }) {
    this.#clock = new DriftingClock(base, {
      offsetMs: (options.startGpsMs ?? BOOT_GPS_MS) - base.now(),
      driftPpm: options.driftPpm,
    });
  }

  now(): GpsMs {
    return gpsMs(this.#clock.now());
  }

  /** Whole seconds modulo 2^32, as the commands carry them. */
  seconds(): number {
    return modulo(Math.floor(this.now() / 1000));
  }

  /** Moves the clock by this much. */
  correct(byMs: number): void {
    this.#clock.correct(byMs);
  }

  /** Calls `fire` when this clock has run on by `delayMs`; corrections in between do not move it. */
  after(delayMs: number, fire: () => void): Timer {
    return this.#clock.setTimer(utcMs(this.#clock.now() + delayMs) as UtcMs, fire);
  }
}

/** The unsigned 32-bit integer congruent to a whole number. */
export function modulo(value: number): number {
  const rest = value % 0x1_0000_0000;
  return rest < 0 ? rest + 0x1_0000_0000 : rest;
}

/** The signed 32-bit integer congruent to a whole number. */
export function signed(value: number): number {
  const rest = modulo(value);
  return rest >= 0x8000_0000 ? rest - 0x1_0000_0000 : rest;
}
