export { type Calendar, OffsetCalendar } from './calendar.ts';
export { after, type Clock, later, pause, type Timer } from './clock.ts';
export { type DeviceTime, HeldDeviceTime } from './device-time.ts';
export { DriftingClock } from './drifting-clock.ts';
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
export {
  type GpsMs,
  gpsFromUtc,
  gpsMs,
  gpsSecondsU32,
  isoSeconds,
  type RealMs,
  realMs,
  type SteadyMs,
  steadyMs,
  type UtcMs,
  utcFromGps,
  utcMs,
} from './instant.ts';
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
export { ScaledClock } from './scaled-clock.ts';
export { type Sum, SummingGate } from './summing-gate.ts';
export { type MachineTime, machineTime, SystemClock } from './system-clock.ts';
export { TrustTable } from './trust-table.ts';
export { utcClock } from './utc-clock.ts';
export { VirtualClock } from './virtual-clock.ts';
