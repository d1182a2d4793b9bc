import type { Eui64 } from '@airlift/kernel';
import type { DeviceTraits } from './traits.ts';

/** What was provisioned about a device that a job needs. */
export interface DirectoryEntry {
  readonly devEui: Eui64;
  readonly traits: DeviceTraits;
  /** Root of the multicast keys, 16 octets. */
  readonly genAppKey: Uint8Array;
}

/** Finds provisioned devices; undefined for one that is not. */
export interface DeviceDirectory {
  find(devEui: Eui64): Promise<DirectoryEntry | undefined>;
}
