import { createHash } from 'node:crypto';
import { toHex } from '@airlift/kernel';

/** What was computed from the octets of blocks that several devices hold; remembered as long as the blocks are. */
const digests = new WeakMap<ArrayBufferLike, Map<string, Uint8Array>>();

/** From now on checksums of these octets, and of parts of them, are computed once. They must not be written to any more. */
export function shareDigests(octets: Uint8Array): void {
  digests.set(octets.buffer, new Map());
}

/** A checksum of octets: computed once for what lies in a shared block, each time for everything else. */
export function digestOf(name: string, octets: Uint8Array, compute: (octets: Uint8Array) => Uint8Array): Uint8Array {
  const known = digests.get(octets.buffer);
  if (known === undefined) return compute(octets);
  const key = `${name}/${octets.byteOffset}/${octets.length}`;
  const digest = known.get(key) ?? compute(octets);
  known.set(key, digest);
  return digest.slice();
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256(octets: Uint8Array): string {
  return toHex(digestOf('sha256', octets, (whole) => createHash('sha256').update(whole).digest()));
}
