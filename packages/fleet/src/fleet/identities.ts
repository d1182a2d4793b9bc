import { type Eui64, eui64FromBigEndian, parseEui64, type Rng, toHex } from '@airlift/kernel';
import type { DeviceIdentity } from '../mac/mac-parts.ts';

/** The first devices of every fleet, whatever its seed: documentation and examples speak of them. */
export const FIRST_DEV_EUIS: readonly Eui64[] = [
  '00-80-00-ff-00-00-00-02',
  '00-80-00-00-0a-00-11-ba',
  '70-b3-d5-32-60-00-12-34',
].map(parseEui64);

/** Begins the EUIs of the other devices; the rest comes from the seed. */
const MAKER = '008000';

/**
 * EUIs and keys of a fleet. Equal seeds give equal ones, and a larger fleet begins with the devices of a smaller one.
 * @param firstDevEuis EUIs of the first devices, by default `FIRST_DEV_EUIS`
 */
export function fleetIdentities(rng: Rng, count: number, firstDevEuis = FIRST_DEV_EUIS): DeviceIdentity[] {
  const joinEui = eui64FromBigEndian(Uint8Array.of(0, 0x80, 0, 0, 0, ...rng.fork('join-eui').octets(3)));
  const taken = new Set<Eui64>(firstDevEuis);
  return Array.from({ length: count }, (_, index) => {
    const own = rng.fork(`identity/${index}`);
    let devEui = firstDevEuis[index];
    while (devEui === undefined) {
      const candidate = parseEui64(MAKER + toHex(own.octets(5)));
      if (!taken.has(candidate)) devEui = candidate;
    }
    taken.add(devEui);
    return { devEui, joinEui, appKey: own.octets(16), genAppKey: own.octets(16) };
  });
}
