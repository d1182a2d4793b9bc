import { CallerError, type Clock, type Entropy, later } from '@airlift/kernel';
import type { McAddress, NetworkStore } from './network-store.ts';

const ADDRESSES = 0x1_0000;
/** For an address that is given out and whose group is never opened. */
const LEASE_MS = 30 * 86_400_000;
/**
 * A device may listen to a group for 2^15 s, by a clock of its own, and for longer when its session began late; until
 * then it would take frames of the next group under the address for frames of its own, and drop them.
 */
export const MC_ADDR_QUARANTINE_MS = 86_400_000;
/**
 * A counter is never used twice with an address, so a group goes on where the one before it under the same address
 * stopped. Devices take the first counter from 16 bits, so the whole broadcast has to stay below 2^16.
 */
const HIGHEST_FIRST_FCNT = 0xffff - 0x5000;

/**
 * A multicast address for a group that is about to be opened.
 * @throws CallerError `mc-addresses-exhausted`
 */
export async function allocateMcAddr(
  { store, clock, entropy }: { readonly store: NetworkStore; readonly clock: Clock; readonly entropy: Entropy },
  prefix: number,
): Promise<McAddress> {
  const [high = 0, low = 0] = entropy.octets(2);
  const now = clock.now();
  const address = await store.allocateMcAddr({
    first: prefix * ADDRESSES,
    count: ADDRESSES,
    draw: high * 256 + low,
    now,
    leasedUntil: later(now, LEASE_MS),
    highestFirstFCnt: HIGHEST_FIRST_FCNT,
  });
  if (address !== undefined) return address;
  const digits = prefix.toString(16).padStart(4, '0');
  throw new CallerError('mc-addresses-exhausted', `No multicast address is left under the prefix ${digits}`);
}
