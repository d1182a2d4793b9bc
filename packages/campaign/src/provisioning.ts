import type { Eui64 } from '@airlift/kernel';

/** What a device was provisioned with for campaigns; the network server knows nothing of it. */
export interface ProvisionedFirmware {
  readonly devEui: Eui64;
  /** Root of the multicast keys (TS005), 32 hexadecimal digits; undefined = the profile's default, or all zero. */
  readonly genAppKey: string | undefined;
  /** Device profile of the application layer packages that an operator chose; undefined = the server's default. */
  readonly fuotaProfile: string | undefined;
}

/** Profiles, keys and counters of the application layer packages, device by device. Keys are sealed at rest. */
export interface Provisioning {
  find(devEui: Eui64): Promise<ProvisionedFirmware | undefined>;
  /** Adds or replaces; counters stay. */
  put(device: ProvisionedFirmware): Promise<void>;
  /** Removes with all counters; unknown ones are let pass. */
  remove(devEui: Eui64): Promise<void>;
  /**
   * Reserves `count` values of SessionCnt (TS004 version 2) and returns the first; none of them was ever returned before.
   * A `count` of 0 tells the next one and reserves nothing.
   * The counters are kept also for devices that were never `put`.
   */
  reserveSessionCnt(devEui: Eui64, count: number): Promise<number>;
}
