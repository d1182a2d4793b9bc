import { createHash } from 'node:crypto';
import { BugError } from '@airlift/kernel';
import type { ImageStore } from '../stores.ts';

/** An `ImageStore` that forgets everything with the process; for tests and simulations. */
export class MemoryImageStore implements ImageStore {
  readonly #images = new Map<string, Uint8Array>();

  async load(sha256: string): Promise<Uint8Array> {
    const octets = this.#images.get(sha256);
    if (octets === undefined) throw new BugError(`image ${sha256} is gone`);
    return octets.slice();
  }

  async keep(octets: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(octets).digest('hex');
    this.#images.set(sha256, octets.slice());
    return sha256;
  }
}
