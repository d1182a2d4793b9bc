import type { RowRule } from '../fec/limits.ts';
import type { KeyScheme } from '../keys/multicast-keys.ts';
import type { Ts003Version } from '../packages/ts003.ts';
import type { Ts004Version } from '../packages/ts004.ts';
import type { Ts005Version } from '../packages/ts005.ts';
import type { Ts006Version } from '../packages/ts006.ts';
import type { Ts007Version } from '../packages/ts007.ts';

/** A package as a device offers it. */
export interface OfferedPackage<V> {
  /** Version or dialect to encode and decode with. */
  readonly version: V;
  /** 1..223 for packages on a port of their own, 225 for multi-package access. */
  readonly fPort: number;
}

/** The packages of a device family; one left out is not offered. Versions are independent of each other. */
export interface OfferedPackages {
  readonly clock?: OfferedPackage<Ts003Version>;
  readonly multicast?: OfferedPackage<Ts005Version>;
  readonly fragmentation?: OfferedPackage<Ts004Version>;
  readonly firmware?: OfferedPackage<Ts006Version>;
  readonly multiPackage?: OfferedPackage<Ts007Version>;
}

/** How the device keeps its clock. */
export interface ClockHabits {
  /**
   * AppTimeReq comes together with DeviceTimeReq. Answer both in one downlink or only one of them: answering in two
   * frames corrects the clock twice.
   */
  readonly asksDeviceTimeToo: boolean;
  /** The device keeps asking until it is answered, so a correction of 0 is to be sent as well. */
  readonly wantsZeroCorrection: boolean;
  /** DeviceAppTimePeriodicityReq is obeyed. */
  readonly settablePeriod: boolean;
}

/** How the device takes part in multicast sessions. */
export interface MulticastHabits {
  /** McGroupIDs that work, in order of preference. */
  readonly groups: readonly number[];
  /** Classes in which sessions work. */
  readonly classes: readonly ('B' | 'C')[];
  /** What SessionTime holds: GPS seconds, or the seconds that are left (MultiTech before 4.0). */
  readonly sessionTime: 'gps' | 'countdown';
  /** Frame counter of the first multicast frame. Below 65536: stacks take the first one from its 16 bits on air. */
  readonly firstMcFCnt: number;
  /** The maxMcFCnt to send; 0 means "no limit" to MultiTech and "only 0" to others. */
  readonly maxMcFCnt: number;
  /** McGroupStatusReq is answered; elsewhere its mask octet is executed as a command, or nothing comes. */
  readonly statusReqSafe: boolean;
  /** DLFreq 0 (class B hopping) is accepted. */
  readonly hopping: boolean;
  /** Seconds from SessionTime to the first frame: devices switch on whole seconds of a clock that is a little off. */
  readonly startSlackS: number;
  /** Seconds before SessionTime in which no uplink may be provoked: one still open costs the device the session. */
  readonly quietBeforeStartS: number;
  /** While a session lasts, the device sends nothing but answers: an uplink of its own shows that it is not in it. */
  readonly silentInSession: boolean;
}

/** What the counts in FragSessionStatusAns mean. */
export interface StatusHabits {
  /**
   * NbFragReceived: `count`: fragments received; `last-number`: number of the last fragment heard;
   * `last-number-minus-lost`: that, less the fragments known to be lost.
   */
  readonly received: 'count' | 'last-number' | 'last-number-minus-lost';
  /**
   * MissingFrag: `missing`: still missing; `plain-losses`: plain fragments lost, not lowered by recovery;
   * `missing-or-one`: still missing, but 1 after a lossless reception; `at-least`: NbFrag less what was received, so 0
   * does not say that the block is complete.
   */
  readonly missing: 'missing' | 'plain-losses' | 'missing-or-one' | 'at-least';
  /** What becomes of a MissingFrag above 255. */
  readonly overflow: 'saturates' | 'modulo-256';
}

/** How the device takes part in fragmentation sessions. */
export interface FragmentationHabits {
  /** How the coded fragments must be made; another rule than the device's gives wrong data unnoticed. */
  readonly rowRule: RowRule;
  /** Number of the first fragment. */
  readonly firstIndex: 0 | 1;
  /** Sessions that can be open at once. Most stacks have one decoder behind all four FragIndex values. */
  readonly sessions: number;
  readonly maxNbFrag: number;
  readonly minFragSize: number;
  readonly maxFragSize: number;
  /** FragSize must be a multiple of this (flash write width). */
  readonly fragSizeMultiple: number;
  /** Plain fragments that may be lost before the decoder gives up, whatever comes after; left out when not known. */
  readonly maxLosses?: number;
  /** Seconds from FragSessionSetupAns until the device can store a fragment (it erases flash first). */
  readonly setupSettleS: number;
  /** How a correct block is told from a wrong one. */
  readonly integrity: 'mts-crc64' | 'ts004-v2-mic' | 'none';
  /** Set AckReception: the device reports the complete block by itself. Version 2 only. */
  readonly ackReception: boolean;
  readonly status: StatusHabits;
}

/** How the device comes by its multicast keys. */
export interface KeyHabits {
  readonly scheme: KeyScheme;
  /** Root key that the vendor ships, 32 hexadecimal digits; whoever listens can then derive the multicast keys. */
  readonly defaultRootKey?: string;
}

/** Everything in which device families differ, as data. What cannot be said here needs a named predicate. */
export interface DeviceProfile {
  /** Lower-case words joined by dashes. */
  readonly id: string;
  readonly title: string;
  /** Peculiarities that no field expresses, for people. */
  readonly notes: readonly string[];
  readonly packages: OfferedPackages;
  /** Whether one downlink may carry several commands of a package. */
  readonly commandsPerDownlink: 'one' | 'several';
  readonly clock: ClockHabits;
  readonly multicast: MulticastHabits;
  readonly fragmentation: FragmentationHabits;
  readonly keys: KeyHabits;
}
