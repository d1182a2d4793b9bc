import { isIPv6, SocketAddress } from 'node:net';

const IPV4_MAPPED = /^::ffff:(?=\d+\.)/i;

/** What counts as one client address: an IPv4 address however it is written, or the 64-bit network of an IPv6 address. */
export function addressGroup(address: string): string {
  const plain = address.replace(IPV4_MAPPED, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  // Written in the one normal form; whoever has one address of a network has all 2^64 of them.
  const [head = '', tail] = new SocketAddress({ address: plain, family: 'ipv6' }).address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`;
}
