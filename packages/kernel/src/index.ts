export { after, type Clock, DriftingClock, pause, SystemClock, type Timer, VirtualClock } from './clock.ts';
export { AirliftError, BugError, CallerError, type ErrorKind, PeerError, unreachable } from './errors.ts';
export {
  type Eui64,
  eui64BigEndian,
  eui64FromBigEndian,
  eui64FromLittleEndian,
  eui64LittleEndian,
  formatEui64,
  isEui64Text,
  parseEui64,
} from './eui64.ts';
export { type GpsMs, gpsFromUtc, gpsMs, gpsSecondsU32, isoSeconds, type UtcMs, utcFromGps, utcMs } from './instant.ts';
export {
  concatOctets,
  fromHex,
  littleEndian,
  readLittleEndian,
  reversedOctets,
  sameOctets,
  toHex,
} from './octets.ts';
export { type Entropy, Rng, systemEntropy } from './random.ts';
export { RateBudget } from './rate-budget.ts';
export { type Sum, SummingGate } from './summing-gate.ts';
export { TrustTable } from './trust-table.ts';
