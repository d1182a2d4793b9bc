import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BEACON_GUARD_MS,
  BEACON_PERIOD_S,
  BEACON_RESERVED_MS,
  BEACON_WINDOW_MS,
  beaconLayout,
  beaconTimeAt,
  nextPingSlot,
  PING_SLOT_COUNT,
  PING_SLOT_MS,
  parseDevAddr,
  pingSlotStartMs,
  pingSlots,
} from '../src/index.ts';
import { vectors } from './vectors.ts';

const { cases } = vectors<{
  cases: readonly {
    beacon_time_gps_s: number;
    mc_addr: string;
    periodicity: number;
    ping_nb: number;
    ping_period_slots: number;
    ping_offset: number;
    first_slots_gps_ms: readonly number[];
  }[];
}>('pingslots.json');

describe('ping slots', () => {
  it.each(cases)('after beacon $beacon_time_gps_s of $mc_addr, periodicity $periodicity', (known) => {
    const address = parseDevAddr(known.mc_addr);
    const slots = pingSlots(known.beacon_time_gps_s, address, known.periodicity);
    expect(slots).toEqual({ offset: known.ping_offset, period: known.ping_period_slots, count: known.ping_nb });
    const starts = known.first_slots_gps_ms;
    expect(starts.map((_, k) => pingSlotStartMs(known.beacon_time_gps_s, slots, k))).toEqual(starts);

    // The same slots, one after the other.
    let from = known.beacon_time_gps_s * 1000;
    for (const startMs of starts) {
      expect(nextPingSlot(from, address, known.periodicity)).toEqual({ startMs, beaconTimeS: known.beacon_time_gps_s });
      expect(nextPingSlot(startMs, address, known.periodicity).startMs).toBe(startMs);
      from = startMs + 1;
    }
  });

  it('fill the window between reserved time and guard', () => {
    expect(BEACON_RESERVED_MS + BEACON_WINDOW_MS + BEACON_GUARD_MS).toBe(BEACON_PERIOD_S * 1000);
    expect(PING_SLOT_COUNT * PING_SLOT_MS).toBe(BEACON_WINDOW_MS);
  });

  it('always come, never early, and stay inside the window', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 42 }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.nat(7),
        (gpsMs, address, periodicity) => {
          const { startMs, beaconTimeS } = nextPingSlot(gpsMs, address, periodicity);
          expect(startMs).toBeGreaterThanOrEqual(gpsMs);
          expect(startMs - gpsMs).toBeLessThan(2 * BEACON_PERIOD_S * 1000);
          expect(beaconTimeAt(startMs)).toBe(beaconTimeS);
          const within = startMs - beaconTimeS * 1000 - BEACON_RESERVED_MS;
          expect(within % PING_SLOT_MS).toBe(0);
          expect(within).toBeLessThan(BEACON_WINDOW_MS);
        },
      ),
    );
  });

  it('need a periodicity and a beacon time', () => {
    expect(() => pingSlots(0, 1, 8)).toThrow(expect.objectContaining({ code: 'periodicity' }));
    expect(() => pingSlots(100, 1, 0)).toThrow(expect.objectContaining({ code: 'beacon-time' }));
  });
});

describe('beacons', () => {
  it.each([
    [8, [1, 7, 19]],
    [9, [2, 8, 17]],
    [10, [3, 9, 19]],
    [12, [5, 11, 23]],
  ])('with SF%i have the layout %j', (sf, layout) => {
    expect(beaconLayout(sf)).toEqual(layout);
  });

  it('do not exist with SF7', () => {
    expect(() => beaconLayout(7)).toThrow(expect.objectContaining({ code: 'spreading-factor' }));
  });
});
