import { CallerError } from '@airlift/kernel';
import { basicsModemV1, basicsModemV2 } from './basics-modem.ts';
import { byTheBookV1, byTheBookV2 } from './by-the-book.ts';
import type { DeviceProfile } from './device-profile.ts';
import { loramacNode } from './loramac-node.ts';
import { multitechDot3, multitechDot4, multitechDotNewest } from './multitech-dot.ts';
import { parseProfile } from './parse-profile.ts';
import { stm32cubewlV1, stm32cubewlV2 } from './stm32cubewl.ts';
import { zephyr } from './zephyr.ts';

/** The profiles that come with Airlift. */
export const BUILT_IN_PROFILES: readonly DeviceProfile[] = [
  multitechDot3,
  multitechDot4,
  multitechDotNewest,
  loramacNode,
  basicsModemV1,
  basicsModemV2,
  stm32cubewlV1,
  stm32cubewlV2,
  zephyr,
  byTheBookV1,
  byTheBookV2,
];

/** Profiles by id: the built-in ones and those a user supplies. */
export class ProfileRegistry {
  readonly #byId = new Map<string, DeviceProfile>(BUILT_IN_PROFILES.map((one) => [one.id, one]));

  /** All profiles, built-in ones first. */
  list(): readonly DeviceProfile[] {
    return [...this.#byId.values()];
  }

  /** @throws CallerError `profile-unknown` */
  get(id: string): DeviceProfile {
    const found = this.#byId.get(id);
    if (found === undefined) {
      throw new CallerError(
        'profile-unknown',
        `no device profile ${id}; known are ${[...this.#byId.keys()].join(', ')}`,
      );
    }
    return found;
  }

  /**
   * Adds a profile written as JSON; it may extend any profile added before it and replace one of the same id.
   * @throws CallerError `profile-invalid` with the path of the first problem, `profile-unknown` for what it extends
   */
  add(json: unknown): DeviceProfile {
    const profile = parseProfile(json, (id) => this.get(id));
    this.#byId.set(profile.id, profile);
    return profile;
  }
}

const builtIn = new ProfileRegistry();

/** A built-in profile. @throws CallerError `profile-unknown` */
export function profile(id: string): DeviceProfile {
  return builtIn.get(id);
}
