import type { DeviceProfile, RowRule } from '@airlift/applayer';

/**
 * What of a device profile a job depends on. Devices of one job share its frames, so those whose `broadcastKey` differs
 * cannot be served together.
 */
export interface DeviceTraits {
  readonly profileId: string;
  readonly ports: { readonly multicast: number; readonly fragmentation: number; readonly clock: number };
  /** Number that the first plain fragment bears on the air. */
  readonly fragIndexBase: 0 | 1;
  readonly codeRule: RowRule;
  /** McGroupIDs that work on the device, in order of preference. */
  readonly groups: readonly number[];
  /** maxMcFCnt to send in McGroupSetupReq. */
  readonly maxMcFCnt: number;
  /** What McClassCSessionReq carries as SessionTime. */
  readonly sessionTime: 'gps' | 'countdown';
  /** Several commands of one package may share a downlink. */
  readonly severalCommands: boolean;
  readonly keyScheme: 'ts005' | 'kek-zero';
  /**
   * What MissingFrag counts: plain fragments lost, repaired or not; or what is missing now. `unknown` where nobody chose
   * a profile for the device.
   */
  readonly missingMeans: 'plain-losses' | 'missing-now' | 'unknown';
  /** The device confirms the image by MultiTech's CRC-64 exchange, so that success without it is not believed. */
  readonly confirmsByCrc64: boolean;
  /** MissingFrag is what is left of the number modulo 256. */
  readonly missingOverflows: boolean;
  /** MissingFrag reaches 0 before the block is complete: the device only subtracts what it heard. */
  readonly zeroMissingIsOpen: boolean;
}

/** The group of the device under which it takes part: the wanted one, unless it has none of that number. */
export function groupOn({ groups }: DeviceTraits, wanted: number): number {
  return groups.includes(wanted) ? wanted : (groups[0] ?? wanted);
}

/** Equal for devices that understand the same fragment frames. */
export function broadcastKey(traits: DeviceTraits): string {
  return `${traits.codeRule}/${traits.fragIndexBase}/${traits.ports.fragmentation}`;
}

/** What a device may have of which nobody chose a profile. */
const EVERY_GROUP: readonly number[] = [0, 1, 2, 3];

const MISSING_MEANS = {
  missing: 'missing-now',
  'at-least': 'missing-now',
  'plain-losses': 'plain-losses',
  // Complete with 1 missing when nothing was lost.
  'missing-or-one': 'unknown',
} as const satisfies Record<DeviceProfile['fragmentation']['status']['missing'], DeviceTraits['missingMeans']>;

/** The ports that the specifications recommend, for packages that a profile does not name. */
const DEFAULT_PORTS = { multicast: 200, fragmentation: 201, clock: 202 } as const;

/**
 * What a job makes of a device profile. `assigned` tells that an operator chose the profile for the device: only then is
 * a check value that never comes held against it.
 */
export function traitsOf(profile: DeviceProfile, assigned: boolean): DeviceTraits {
  const { packages, multicast, fragmentation, keys } = profile;
  return {
    profileId: profile.id,
    ports: {
      multicast: packages.multicast?.fPort ?? DEFAULT_PORTS.multicast,
      fragmentation: packages.fragmentation?.fPort ?? DEFAULT_PORTS.fragmentation,
      clock: packages.clock?.fPort ?? DEFAULT_PORTS.clock,
    },
    fragIndexBase: fragmentation.firstIndex,
    codeRule: fragmentation.rowRule,
    groups: assigned ? multicast.groups : EVERY_GROUP,
    maxMcFCnt: multicast.maxMcFCnt,
    sessionTime: multicast.sessionTime,
    severalCommands: profile.commandsPerDownlink === 'several',
    keyScheme: keys.scheme,
    missingMeans: assigned ? MISSING_MEANS[fragmentation.status.missing] : 'unknown',
    confirmsByCrc64: assigned && fragmentation.integrity === 'mts-crc64',
    missingOverflows: fragmentation.status.overflow === 'modulo-256',
    zeroMissingIsOpen: fragmentation.status.missing === 'at-least',
  };
}

/** Whether campaigns can serve devices of the profile: they speak version 1 of the packages. */
export function isServed(profile: DeviceProfile): boolean {
  const { multicast, fragmentation } = profile.packages;
  const first = fragmentation?.version === 1 || fragmentation?.version === 'multitech';
  return multicast?.version === 1 && first && profile.multicast.classes.includes('C');
}
