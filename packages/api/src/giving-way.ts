/** What a connection has to show for itself. */
export type Standing =
  /** No login: silent, in its handshake, slow, or waiting for its next request. */
  | 'stranger'
  /** Somebody who is logged in, with nothing under way. */
  | 'idle'
  /** A request of somebody who is logged in is under way, or the server owes an answer. Never gives way. */
  | 'working';

/** A connection as the choice sees it. */
export interface Candidate {
  readonly address: string;
  readonly standing: Standing;
}

/** More than any number of connections. */
const LAST = 1e9;

/**
 * Which connection gives way to a newcomer for whom there is no room; undefined when none may. Whoever floods takes its
 * own places: an address that has its share gives up one of its own, and when all places are taken the address with the
 * most connections gives one up. Strangers go before those who are logged in, and of equals the oldest, so that nobody
 * can hold a place by being there first, and a newcomer has the time in which a whole share of others comes.
 * @param candidates oldest first, without the newcomer
 * @param counts connections of each address
 * @param onlyOf the address whose share is used up, when it is that
 */
export function givesWay<C extends Candidate>(
  candidates: Iterable<C>,
  counts: ReadonlyMap<string, number>,
  onlyOf?: string,
): C | undefined {
  let victim: C | undefined;
  let leastClaim = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const { address, standing } = candidate;
    if ((onlyOf !== undefined && address !== onlyOf) || standing === 'working') continue;
    const claim = (standing === 'idle' ? LAST : 0) - (counts.get(address) ?? 0);
    if (claim >= leastClaim) continue;
    victim = candidate;
    leastClaim = claim;
  }
  return victim;
}
