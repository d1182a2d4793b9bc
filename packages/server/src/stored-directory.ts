import type { ProfileRegistry } from '@airlift/applayer';
import type { DeviceDirectory, DirectoryEntry, Provisioning } from '@airlift/campaign';
import { type Eui64, fromHex } from '@airlift/kernel';
import type { NetworkStore } from '@airlift/network';

/** The profile whose traits devices get that were given none, here or by the operator. */
const COMMON_PROFILE = 'multitech-dot-4';
const ZERO_KEY = '00'.repeat(16);

/** The provisioned devices with their profiles, as campaigns look them up. */
export class StoredDirectory implements DeviceDirectory {
  readonly #store: NetworkStore;
  readonly #provisioning: Provisioning;
  readonly #profiles: ProfileRegistry;
  readonly #defaultProfile: string | null;

  constructor(
    store: NetworkStore,
    provisioning: Provisioning,
    profiles: ProfileRegistry,
    defaultProfile: string | null,
  ) {
    this.#store = store;
    this.#provisioning = provisioning;
    this.#profiles = profiles;
    this.#defaultProfile = defaultProfile;
  }

  async find(devEui: Eui64): Promise<DirectoryEntry | undefined> {
    if ((await this.#store.device(devEui)) === undefined) return undefined;
    const firmware = await this.#provisioning.find(devEui);
    // It was damaged on the disk: nobody knows the key, and all zero would be wrong.
    if (firmware === undefined) return undefined;
    const assigned = firmware.fuotaProfile ?? this.#defaultProfile;
    const profile = this.#profiles.get(assigned ?? COMMON_PROFILE);
    const rootKey = firmware.genAppKey ?? profile.keys.defaultRootKey ?? ZERO_KEY;
    return { devEui, traits: { profile, isAssigned: assigned !== null }, genAppKey: fromHex(rootKey) };
  }
}
