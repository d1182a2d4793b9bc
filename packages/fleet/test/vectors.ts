import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../../vectors/', import.meta.url);

/** A file of the repository's known answers. */
export function vectorFile<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as T;
}

/** Names of the erasure-code cases that are present. */
export function fragmentCases(): string[] {
  return readdirSync(FOLDER).filter((name) => /^frag-\d+-m\d+\.json$/.test(name));
}

/** The deterministic octet stream of vectors/README.md. */
export function stream(seed: string, length: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let counter = 0, at = 0; at < length; counter++, at += 32) {
    const index = new Uint8Array(4);
    new DataView(index.buffer).setUint32(0, counter, true);
    octets.set(
      createHash('sha256')
        .update(seed)
        .update(index)
        .digest()
        .subarray(0, length - at),
      at,
    );
  }
  return octets;
}

export function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
