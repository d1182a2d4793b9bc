import type { Calendar } from './calendar.ts';
import { type GpsMs, gpsFromUtc, type SteadyMs, steadyMs, utcFromGps, utcMs } from './instant.ts';

/**
 * The GPS time that devices are told, and by which they start their sessions. It follows the date as long as nobody
 * relies on it. Devices that were told an instant keep their own time whatever happens to the date of the server, so
 * while something is kept for them the scale stays where it is.
 */
export interface DeviceTime {
  gpsOf(at: SteadyMs): GpsMs;
  instantOf(gps: GpsMs): SteadyMs;
  /** From now on the scale stays, until `letGo` of the same name. */
  keepFor(name: string): void;
  letGo(name: string): void;
}

/** Device time over a calendar. */
export class HeldDeviceTime implements DeviceTime {
  readonly #calendar: Calendar;
  readonly #names = new Set<string>();
  #offsetMs: number;

  /** `offsetMs`: where the scale of an earlier process stood; what that one kept is to be kept again before use. */
  constructor(calendar: Calendar, offsetMs: number | undefined = undefined) {
    this.#calendar = calendar;
    this.#offsetMs = offsetMs ?? calendarOffset(calendar);
    calendar.onStep(() => this.#follow());
  }

  /** How far UTC on the scale of devices is ahead of the clock. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  gpsOf(at: SteadyMs): GpsMs {
    return gpsFromUtc(utcMs(at + this.#offsetMs));
  }

  instantOf(gps: GpsMs): SteadyMs {
    return steadyMs(utcFromGps(gps) - this.#offsetMs);
  }

  keepFor(name: string): void {
    this.#names.add(name);
  }

  letGo(name: string): void {
    this.#names.delete(name);
    this.#follow();
  }

  #follow(): void {
    if (this.#names.size === 0) this.#offsetMs = calendarOffset(this.#calendar);
  }
}

function calendarOffset(calendar: Calendar): number {
  return calendar.dateOf(steadyMs(0));
}
