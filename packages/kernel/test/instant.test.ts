import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gpsFromUtc, gpsMs, gpsSecondsU32, isoSeconds, utcFromGps, utcMs } from '../src/index.ts';

interface Case {
  readonly utc: string;
  readonly gps_s: number;
  readonly gps_mod_2_32: number;
}
const file = new URL('../../../vectors/gpstime.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] };

describe('GPS time', () => {
  it.each(cases)('$utc', ({ utc, gps_s, gps_mod_2_32 }) => {
    const instant = utcMs(Date.parse(utc));
    expect(gpsFromUtc(instant) / 1000).toBe(gps_s);
    expect(gpsSecondsU32(gpsFromUtc(instant))).toBe(gps_mod_2_32);
    expect(utcFromGps(gpsMs(gps_s * 1000))).toBe(instant);
  });

  it('converts there and back at every instant since 1980, leap seconds included', () => {
    const instants = fc.integer({ min: Date.UTC(1980, 0, 6), max: Date.UTC(2100, 0, 1) });
    fc.assert(fc.property(instants, (ms) => utcFromGps(gpsFromUtc(utcMs(ms))) === ms));
  });

  it('wraps at 2^32 seconds, and counts instants before the epoch from the top', () => {
    expect(gpsSecondsU32(gpsMs(2 ** 32 * 1000 + 5_999))).toBe(5);
    expect(gpsSecondsU32(gpsMs(-1))).toBe(2 ** 32 - 1);
  });

  it('writes timestamps in whole seconds', () => {
    expect(isoSeconds(utcMs(Date.UTC(2025, 11, 17, 20, 0, 0, 999)))).toBe('2025-12-17T20:00:00Z');
  });
});
