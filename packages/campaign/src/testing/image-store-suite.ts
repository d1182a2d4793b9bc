import { BugError, sameOctets } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ImageStore } from '../stores.ts';

/** What every `ImageStore` must do. `make` gives an empty store for each test. */
export function imageStoreSuite(make: () => ImageStore | Promise<ImageStore>): void {
  let store: ImageStore;

  beforeEach(async () => {
    store = await make();
  });

  describe('images', () => {
    it('are kept under the SHA-256 of their content', async () => {
      // FIPS 180-4 example "abc".
      const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
      expect(await store.keep(Uint8Array.of(0x61, 0x62, 0x63))).toBe(sha256);
      expect(await store.load(sha256)).toEqual(Uint8Array.of(0x61, 0x62, 0x63));
    });

    it('may be kept twice', async () => {
      const octets = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
      const [first, second] = await Promise.all([store.keep(octets), store.keep(octets)]);
      expect(first).toBe(second);
      expect(sameOctets(await store.load(first), octets)).toBe(true);
    });

    it('may be empty', async () => {
      expect(await store.load(await store.keep(new Uint8Array(0)))).toEqual(new Uint8Array(0));
    });

    it('do not change with the array they came from or went to', async () => {
      const octets = Uint8Array.of(1, 2, 3);
      const sha256 = await store.keep(octets);
      octets[0] = 9;
      (await store.load(sha256))[1] = 9;
      expect(await store.load(sha256)).toEqual(Uint8Array.of(1, 2, 3));
    });

    it('that are not there are a broken promise', async () => {
      await expect(store.load('00'.repeat(32))).rejects.toThrow(BugError);
    });
  });
}
