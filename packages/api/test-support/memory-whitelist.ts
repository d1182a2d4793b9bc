import type { WhitelistDevice } from '@airlift/contract';
import { CallerError, type Eui64 } from '@airlift/kernel';
import type { Whitelist } from '../src/ports.ts';

/** `Whitelist` in memory, for tests. */
export class MemoryWhitelist implements Whitelist {
  #devices: WhitelistDevice[] = [];

  async list(): Promise<readonly WhitelistDevice[]> {
    return [...this.#devices];
  }

  async add(device: WhitelistDevice): Promise<void> {
    if (this.#indexOf(device.devEui) >= 0) throw new CallerError('device-exists', 'Device already exists');
    this.#devices.push(device);
  }

  async replace(device: WhitelistDevice): Promise<boolean> {
    const index = this.#indexOf(device.devEui);
    if (index < 0) return false;
    this.#devices[index] = device;
    return true;
  }

  async remove(devEui: Eui64): Promise<boolean> {
    const index = this.#indexOf(devEui);
    if (index < 0) return false;
    this.#devices.splice(index, 1);
    return true;
  }

  async removeAll(): Promise<void> {
    this.#devices = [];
  }

  #indexOf(devEui: Eui64): number {
    return this.#devices.findIndex((device) => device.devEui === devEui);
  }
}
