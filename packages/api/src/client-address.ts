import { isIPv4, isIPv6 } from 'node:net';

/** Longest name of a client whose address is none: behind a proxy, it comes from a header. */
const MOST_CHARACTERS = 64;

/**
 * Names the client behind an address, as shares and counts are kept: an IPv4 address as it is, also in its IPv6
 * spelling; of an IPv6 address the first 64 bits, since whoever has one has all the others of them too.
 */
export function clientOf(address: string): string {
  const bare = address.replace(/%.*$/s, '');
  if (isIPv4(bare)) return bare;
  if (!isIPv6(bare)) return address.slice(0, MOST_CHARACTERS);
  const groups = groupsOf(bare);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  // The one spelling that URLs have: hexadecimal groups, at most one run of zeros left out.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical.split('::').map((half) =>
    half
      .split(':')
      .filter((group) => group !== '')
      .map((group) => Number.parseInt(group, 16)),
  );
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}
