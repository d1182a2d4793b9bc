declare const utcBrand: unique symbol;
declare const gpsBrand: unique symbol;
declare const steadyBrand: unique symbol;
declare const realBrand: unique symbol;

/** What people mean by a date: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (as `Date.now()`). */
export type UtcMs = number & { readonly [utcBrand]: true };

/** Milliseconds since 1980-01-06T00:00:00Z, leap seconds counted: the time scale of LoRaWAN. */
export type GpsMs = number & { readonly [gpsBrand]: true };

/**
 * An instant by which network and campaigns act: milliseconds that pass as fast as the air's, so faster than real ones
 * where time is scaled. It began as UTC and leaves out every later step of the machine's date; only a `Calendar` tells
 * what date it is, and only `DeviceTime` which GPS time.
 */
export type SteadyMs = number & { readonly [steadyBrand]: true };

/** As `SteadyMs`, but of real milliseconds, whatever the scale of the air's: log-ins, uploads, connections. */
export type RealMs = number & { readonly [realBrand]: true };

export const steadyMs = (value: number): SteadyMs => value as SteadyMs;
export const realMs = (value: number): RealMs => value as RealMs;
export const utcMs = (value: number): UtcMs => value as UtcMs;
export const gpsMs = (value: number): GpsMs => value as GpsMs;

const GPS_EPOCH_UTC_MS = 315_964_800_000;

/** UTC instants (ms) from which one more leap second counts, since the GPS epoch. None has been announced after 2017. */
const LEAP_SECONDS_UTC_MS: readonly number[] = [
  '1981-07-01',
  '1982-07-01',
  '1983-07-01',
  '1985-07-01',
  '1988-01-01',
  '1990-01-01',
  '1991-01-01',
  '1992-07-01',
  '1993-07-01',
  '1994-07-01',
  '1996-01-01',
  '1997-07-01',
  '1999-01-01',
  '2006-01-01',
  '2009-01-01',
  '2012-07-01',
  '2015-07-01',
  '2017-01-01',
].map((date) => Date.parse(`${date}T00:00:00Z`));

/** GPS time of a UTC instant: 18 s ahead of the naive difference for every date since 2017. */
export function gpsFromUtc(utc: UtcMs): GpsMs {
  let leaps = 0;
  for (const start of LEAP_SECONDS_UTC_MS) if (utc >= start) leaps += 1;
  return gpsMs(utc - GPS_EPOCH_UTC_MS + leaps * 1000);
}

/** UTC of a GPS instant. An inserted leap second itself is mapped onto the second after it. */
export function utcFromGps(gps: GpsMs): UtcMs {
  let utc = gps + GPS_EPOCH_UTC_MS - LEAP_SECONDS_UTC_MS.length * 1000;
  for (let leaps = LEAP_SECONDS_UTC_MS.length; leaps >= 0; leaps--) {
    utc = gps + GPS_EPOCH_UTC_MS - leaps * 1000;
    const start = leaps === 0 ? Number.NEGATIVE_INFINITY : (LEAP_SECONDS_UTC_MS[leaps - 1] ?? 0);
    if (utc >= start) break;
  }
  return utcMs(utc);
}

/** Whole GPS seconds modulo 2^32, the form in which LoRaWAN commands carry a time. */
export function gpsSecondsU32(gps: GpsMs): number {
  const seconds = Math.floor(gps / 1000) % 0x1_0000_0000;
  return seconds < 0 ? seconds + 0x1_0000_0000 : seconds;
}

/** `YYYY-MM-DDTHH:MM:SSZ`, the timestamp form of the HTTP contract. */
export function isoSeconds(utc: UtcMs): string {
  return `${new Date(utc).toISOString().slice(0, 19)}Z`;
}
