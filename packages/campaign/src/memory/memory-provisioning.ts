import { CallerError, type Eui64 } from '@airlift/kernel';
import type { ProvisionedFirmware, Provisioning } from '../provisioning.ts';

/** SessionCnt has 16 bits. */
const SESSION_CNTS = 0x1_0000;

/** A `Provisioning` that forgets everything with the process; for tests and simulations. */
export class MemoryProvisioning implements Provisioning {
  readonly #devices = new Map<Eui64, ProvisionedFirmware>();
  readonly #nextSessionCnt = new Map<Eui64, number>();

  async find(devEui: Eui64): Promise<ProvisionedFirmware | undefined> {
    return this.#devices.get(devEui);
  }

  async put(device: ProvisionedFirmware): Promise<void> {
    this.#devices.set(device.devEui, device);
  }

  async remove(devEui: Eui64): Promise<void> {
    this.#devices.delete(devEui);
    this.#nextSessionCnt.delete(devEui);
  }

  async reserveSessionCnt(devEui: Eui64, count: number): Promise<number> {
    const first = this.#nextSessionCnt.get(devEui) ?? 0;
    if (first + count > SESSION_CNTS) {
      throw new CallerError('session-cnt-exhausted', `The device ${devEui} has no SessionCnt left`);
    }
    this.#nextSessionCnt.set(devEui, first + count);
    return first;
  }
}
