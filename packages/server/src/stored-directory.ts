import type { ProfileRegistry } from '@airlift/applayer';
import { type DeviceDirectory, type DirectoryEntry, traitsOf } from '@airlift/campaign';
import { type Eui64, fromHex } from '@airlift/kernel';
import type { NetworkStore } from '@airlift/network';

/** The profile whose traits devices get that were given none, here or by the operator. */
const COMMON_PROFILE = 'multitech-dot-4';
const ZERO_KEY = '00'.repeat(16);

/** The provisioned devices with their profiles, as campaigns look them up. */
export class StoredDirectory implements DeviceDirectory {
  readonly #store: NetworkStore;
  readonly #profiles: ProfileRegistry;
  readonly #defaultProfile: string | null;

  constructor(store: NetworkStore, profiles: ProfileRegistry, defaultProfile: string | null) {
    this.#store = store;
    this.#profiles = profiles;
    this.#defaultProfile = defaultProfile;
  }

  async find(devEui: Eui64): Promise<DirectoryEntry | undefined> {
    const device = await this.#store.device(devEui);
    if (device === undefined) return undefined;
    const assigned = device.fuotaProfile ?? this.#defaultProfile;
    const profile = this.#profiles.get(assigned ?? COMMON_PROFILE);
    const rootKey = device.genAppKey ?? profile.keys.defaultRootKey ?? ZERO_KEY;
    return { devEui, traits: traitsOf(profile, assigned !== null), genAppKey: fromHex(rootKey) };
  }
}
