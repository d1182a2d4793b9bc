import { createHash } from 'node:crypto';
import { Rng } from '@airlift/kernel';

/** Octets without structure that follow from the seed: an exchanged or shifted fragment cannot go unnoticed. */
export function firmware(seed: string, sizeOctets: number): Uint8Array {
  return new Rng(`firmware/${seed}`).octets(sizeOctets);
}

export function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
