import type { DeviceProfile } from '@airlift/applayer';
import type { CountingHabits } from './evidence/index.ts';

/** What a job knows of the kind of a device: data, so that a step can be replayed. */
export interface DeviceTraits {
  readonly profile: DeviceProfile;
  /** An operator chose the profile, or the device's own answers did; else it is a guess, and proves nothing. */
  readonly isAssigned: boolean;
}

/** The ports that the specifications recommend, for packages that a profile does not name. */
const DEFAULT_PORTS = { multicast: 200, fragmentation: 201, clock: 202 } as const;

/** What a device may have of which nobody chose a profile. */
const EVERY_GROUP: readonly number[] = [0, 1, 2, 3];

export type PackageName = keyof typeof DEFAULT_PORTS;

/** The port of a package on the device. */
export function portOf({ profile }: DeviceTraits, name: PackageName): number {
  return profile.packages[name]?.fPort ?? DEFAULT_PORTS[name];
}

/** McGroupIDs that work on the device, in order of preference. */
export function groupsOf({ profile, isAssigned }: DeviceTraits): readonly number[] {
  return isAssigned ? profile.multicast.groups : EVERY_GROUP;
}

/** The group of the device under which it takes part: the wanted one, unless it has none of that number. */
export function groupOn(traits: DeviceTraits, wanted: number): number {
  const groups = groupsOf(traits);
  return groups.includes(wanted) ? wanted : (groups[0] ?? wanted);
}

/** How the device counts; `unknown` where its profile is a guess. */
export function countingOf({ profile, isAssigned }: DeviceTraits): CountingHabits | 'unknown' {
  return isAssigned ? profile.fragmentation : 'unknown';
}

/** The device confirms the image by MultiTech's CRC-64 exchange, so that success without it is not believed. */
export function confirmsByCrc64({ profile, isAssigned }: DeviceTraits): boolean {
  return isAssigned && profile.fragmentation.integrity === 'mts-crc64';
}

/** The fragmentation package is of version 2: SessionCnt and MIC go with the session, and the device checks the block. */
export function isSecondVersion({ profile }: DeviceTraits): boolean {
  const version = profile.packages.fragmentation?.version;
  return version === 2 || version === '2-v1-status';
}

/** The device reports the numbers of an earlier fragmentation session until it hears a fragment of the new one. */
export function mayBeStale({ profile, isAssigned }: DeviceTraits): boolean {
  return isAssigned && profile.fragmentation.status.missing === 'plain-losses';
}

/** Whether campaigns can serve devices of the profile: they take part in sessions of class C. */
export function isServed(profile: DeviceProfile): boolean {
  const { multicast, fragmentation } = profile.packages;
  return multicast !== undefined && fragmentation !== undefined && profile.multicast.classes.includes('C');
}
