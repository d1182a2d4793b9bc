import { describe, expect, it } from 'vitest';
import { frameTimeOnAirMs, fskTimeOnAirMs, timeOnAirMs } from '../src/index.ts';
import { vectors } from './vectors.ts';

const { points } = vectors<{
  points: readonly (readonly [sf: number, khz: number, n: number, phy: number, downUs: number, upUs: number])[];
}>('airtime.json');

describe('time on air', () => {
  it.each(points)('SF%i at %i kHz with %i octets', (spreadingFactor, bandwidthKhz, n, payloadOctets, downUs, upUs) => {
    expect(payloadOctets).toBe(n + 13);
    const transmission = { spreadingFactor, bandwidthKhz, payloadOctets };
    expect(timeOnAirMs({ ...transmission, payloadCrc: false })).toBe(downUs / 1000);
    expect(timeOnAirMs({ ...transmission, payloadCrc: true })).toBe(upUs / 1000);
    const modulation = { kind: 'lora', spreadingFactor, bandwidthKhz } as const;
    expect(frameTimeOnAirMs(modulation, payloadOctets, 'down')).toBe(downUs / 1000);
    expect(frameTimeOnAirMs(modulation, payloadOctets, 'up')).toBe(upUs / 1000);
  });

  it('of FSK counts preamble, synchronisation, length and checksum', () => {
    expect(fskTimeOnAirMs({ payloadOctets: 12 })).toBe(3.68);
    expect(fskTimeOnAirMs({ payloadOctets: 12, payloadCrc: false })).toBe(3.36);
    expect(fskTimeOnAirMs({ payloadOctets: 255, bitRate: 50_000 })).toBe(42.56);
    expect(frameTimeOnAirMs({ kind: 'fsk', bitRate: 50_000 }, 12, 'down')).toBe(3.68);
  });

  it('of a beacon (no header, ten symbols of preamble, SF9, 17 octets) is 152.576 ms', () => {
    expect(
      timeOnAirMs({
        spreadingFactor: 9,
        bandwidthKhz: 125,
        payloadOctets: 17,
        payloadCrc: false,
        preambleSymbols: 10,
        implicitHeader: true,
      }),
    ).toBe(152.576);
  });

  it('grows with the coding rate', () => {
    const frame = { spreadingFactor: 12, bandwidthKhz: 125, payloadOctets: 64, payloadCrc: false };
    // 492 bits are 13 groups of 40; each group takes three symbols more.
    expect(timeOnAirMs({ ...frame, codingRate: 4 }) - timeOnAirMs(frame)).toBeCloseTo((13 * 3 * 4096) / 125, 9);
  });

  it('is not defined for other spreading factors', () => {
    for (const spreadingFactor of [5, 6, 13, 7.5]) {
      expect(() => timeOnAirMs({ spreadingFactor, bandwidthKhz: 125, payloadOctets: 1, payloadCrc: true })).toThrow(
        expect.objectContaining({ code: 'spreading-factor' }),
      );
    }
  });
});
