import type { Whitelist } from '@airlift/api';
import type { ProfileRegistry } from '@airlift/applayer';
import { isServed, type ProvisionedFirmware, type Provisioning } from '@airlift/campaign';
import { contractError, type WhitelistDevice } from '@airlift/contract';
import type { Clock, Eui64 } from '@airlift/kernel';
import type { NetworkStore, ProvisionedDevice } from '@airlift/network';

/**
 * The whitelist of the HTTP contract on top of the provisioned devices: what the network knows of them and what campaigns
 * do are two stores. Of a device that is there, both are: what campaigns know comes first and goes last, so that a crash
 * between leaves no device without its keys, but at most keys without a device, which nobody can use.
 */
export class StoredWhitelist implements Whitelist {
  readonly #store: NetworkStore;
  readonly #provisioning: Provisioning;
  readonly #profiles: ProfileRegistry;
  readonly #clock: Clock;
  /** The end of the last change. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: NetworkStore, provisioning: Provisioning, profiles: ProfileRegistry, clock: Clock) {
    this.#store = store;
    this.#provisioning = provisioning;
    this.#profiles = profiles;
    this.#clock = clock;
  }

  async list(): Promise<readonly WhitelistDevice[]> {
    const list: WhitelistDevice[] = [];
    for (const { createdAt, joinEui, ...device } of await this.#store.devices()) {
      // One after the other: thousands that wait for the database at once take longer.
      const firmware = await this.#provisioning.find(device.devEui);
      const { genAppKey, fuotaProfile } = firmware ?? { genAppKey: undefined, fuotaProfile: undefined };
      list.push({ ...device, appEui: joinEui, genAppKey, fuotaProfile });
    }
    return list;
  }

  add(device: WhitelistDevice): Promise<void> {
    return this.#inTurn(async () => {
      this.#checkProfile(device.fuotaProfile);
      // The keys of a device that is there already must not be overwritten.
      if ((await this.#store.device(device.devEui)) !== undefined) throw contractError('device-exists');
      await this.#provisioning.put(firmwareOf(device));
      if (!(await this.#store.addDevice(this.#networkDevice(device)))) throw contractError('device-exists');
    });
  }

  replace(device: WhitelistDevice): Promise<boolean> {
    return this.#inTurn(async () => {
      this.#checkProfile(device.fuotaProfile);
      if ((await this.#store.device(device.devEui)) === undefined) return false;
      await this.#provisioning.put(firmwareOf(device));
      return this.#store.replaceDevice(this.#networkDevice(device));
    });
  }

  remove(devEui: Eui64): Promise<boolean> {
    return this.#inTurn(async () => {
      const wasThere = await this.#store.removeDevice(devEui);
      // Also when the device is gone already: a crash may have left these.
      await this.#provisioning.remove(devEui);
      return wasThere;
    });
  }

  removeAll(): Promise<void> {
    return this.#inTurn(async () => {
      const devices = await this.#store.devices();
      await this.#store.removeAllDevices();
      for (const { devEui } of devices) await this.#provisioning.remove(devEui);
    });
  }

  /** Changes go one after the other: each looks at one store and writes to two. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #networkDevice({ appEui, genAppKey, fuotaProfile, ...device }: WhitelistDevice): ProvisionedDevice {
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

function firmwareOf({ devEui, genAppKey, fuotaProfile }: WhitelistDevice): ProvisionedFirmware {
  return { devEui, genAppKey, fuotaProfile };
}
