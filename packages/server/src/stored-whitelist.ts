import type { Whitelist } from '@airlift/api';
import type { ProfileRegistry } from '@airlift/applayer';
import { isServed } from '@airlift/campaign';
import { contractError, type WhitelistDevice } from '@airlift/contract';
import type { Clock, Eui64 } from '@airlift/kernel';
import type { NetworkStore, ProvisionedDevice } from '@airlift/network';

/** The whitelist of the HTTP contract on top of the provisioned devices. */
export class StoredWhitelist implements Whitelist {
  readonly #store: NetworkStore;
  readonly #profiles: ProfileRegistry;
  readonly #clock: Clock;

  constructor(store: NetworkStore, profiles: ProfileRegistry, clock: Clock) {
    this.#store = store;
    this.#profiles = profiles;
    this.#clock = clock;
  }

  async list(): Promise<readonly WhitelistDevice[]> {
    return (await this.#store.devices()).map(({ createdAt, joinEui, ...device }) => ({ ...device, appEui: joinEui }));
  }

  async add(device: WhitelistDevice): Promise<void> {
    if (!(await this.#store.addDevice(this.#provisioned(device)))) throw contractError('device-exists');
  }

  async replace(device: WhitelistDevice): Promise<boolean> {
    return this.#store.replaceDevice(this.#provisioned(device));
  }

  remove(devEui: Eui64): Promise<boolean> {
    return this.#store.removeDevice(devEui);
  }

  removeAll(): Promise<void> {
    return this.#store.removeAllDevices();
  }

  #provisioned({ appEui, ...device }: WhitelistDevice): ProvisionedDevice {
    this.#checkProfile(device.fuotaProfile);
    return { ...device, joinEui: appEui, createdAt: this.#clock.now() };
  }

  /** A profile that campaigns cannot serve is refused here, where somebody can still choose another. */
  #checkProfile(id: string | undefined): void {
    if (id === undefined) return;
    const served = this.#profiles.list().filter(isServed);
    if (served.some((profile) => profile.id === id)) return;
    const known = served.map((profile) => profile.id).join(', ');
    throw contractError('parameters-invalid', { detail: `fuota_profile must be one of ${known}` });
  }
}
