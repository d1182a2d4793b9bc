import { CallerError, concatOctets, littleEndian } from '@airlift/kernel';
import { aesEncryptBlock } from './crypto.ts';
import type { DevAddr } from './dev-addr.ts';

/** Seconds between beacons; each is sent at a GPS time that is a multiple of it. */
export const BEACON_PERIOD_S = 128;
/** Milliseconds after a beacon's start before the first ping slot. */
export const BEACON_RESERVED_MS = 2120;
/** Milliseconds before the next beacon in which nothing may be sent. */
export const BEACON_GUARD_MS = 3000;
/** Milliseconds in which ping slots lie. */
export const BEACON_WINDOW_MS = 122_880;
/** Length of one ping slot. */
export const PING_SLOT_MS = 30;
/** Ping slots between two beacons, of which a device opens some. */
export const PING_SLOT_COUNT = 4096;
/** How long a device goes on without hearing beacons before it leaves class B. */
export const BEACONLESS_S = 7200;

/** A device's or group's slots between two beacons. */
export interface PingSlots {
  /** Of the first slot, in slots from the end of the beacon's reserved time. */
  readonly offset: number;
  /** Distance of the slots, in slots: 2^(5+Periodicity). */
  readonly period: number;
  /** How many there are: 2^(7-Periodicity). */
  readonly count: number;
}

/**
 * Where the ping slots lie after a beacon (section 10.5): they move in a pseudo-random way, so that two addresses do not
 * meet for long.
 * @param beaconTimeS GPS seconds, a multiple of 128; taken modulo 2^32 as the beacon itself does
 * @param address DevAddr or McAddr
 * @param periodicity 0 (every 0.96 s) .. 7 (every 122.88 s)
 * @throws CallerError `periodicity`, `beacon-time`
 */
export function pingSlots(beaconTimeS: number, address: DevAddr, periodicity: number): PingSlots {
  if (!Number.isInteger(periodicity) || periodicity < 0 || periodicity > 7) {
    throw new CallerError('periodicity', 'the periodicity of ping slots is 0..7');
  }
  if (!Number.isInteger(beaconTimeS) || beaconTimeS < 0 || beaconTimeS % BEACON_PERIOD_S !== 0) {
    throw new CallerError('beacon-time', 'beacons start at multiples of 128 s of GPS time');
  }
  const block = concatOctets(littleEndian(beaconTimeS, 4), littleEndian(address, 4), new Uint8Array(8));
  const random = aesEncryptBlock(new Uint8Array(16), block);
  const period = 2 ** (5 + periodicity);
  return {
    offset: ((random[0] ?? 0) + 256 * (random[1] ?? 0)) % period,
    period,
    count: 2 ** (7 - periodicity),
  };
}

/** The start of slot `k` (0 .. count-1) after that beacon, in GPS milliseconds. */
export function pingSlotStartMs(beaconTimeS: number, slots: PingSlots, k: number): number {
  return beaconTimeS * 1000 + BEACON_RESERVED_MS + (slots.offset + k * slots.period) * PING_SLOT_MS;
}

/** The beacon whose period contains that GPS time (milliseconds), in GPS seconds. */
export function beaconTimeAt(gpsMs: number): number {
  return Math.floor(gpsMs / 1000 / BEACON_PERIOD_S) * BEACON_PERIOD_S;
}

/**
 * The first ping slot that starts at `gpsMs` or later.
 * @param address DevAddr or McAddr
 * @param periodicity 0..7
 * @returns its start in GPS milliseconds, and the beacon it follows (which decides on hopping frequencies)
 * @throws CallerError `periodicity`
 */
export function nextPingSlot(
  gpsMs: number,
  address: DevAddr,
  periodicity: number,
): { readonly startMs: number; readonly beaconTimeS: number } {
  for (let beaconTimeS = Math.max(0, beaconTimeAt(gpsMs)); ; beaconTimeS += BEACON_PERIOD_S) {
    const slots = pingSlots(beaconTimeS, address, periodicity);
    const first = pingSlotStartMs(beaconTimeS, slots, 0);
    const k = Math.max(0, Math.ceil((gpsMs - first) / (slots.period * PING_SLOT_MS)));
    if (k < slots.count) return { startMs: pingSlotStartMs(beaconTimeS, slots, k), beaconTimeS };
  }
}

/**
 * Offsets of the fields in a beacon, in octets: of the time, of the gateway-specific part and of the end; what a gateway
 * needs to send beacons by itself.
 * @throws CallerError `spreading-factor`: beacons exist for SF8, SF9, SF10 and SF12
 */
export function beaconLayout(spreadingFactor: number): readonly [timeAt: number, infoAt: number, length: number] {
  switch (spreadingFactor) {
    case 8:
      return [1, 7, 19];
    case 9:
      return [2, 8, 17];
    case 10:
      return [3, 9, 19];
    case 12:
      return [5, 11, 23];
    default:
      throw new CallerError('spreading-factor', 'beacons are sent with SF8, SF9, SF10 or SF12');
  }
}
