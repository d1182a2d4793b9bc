import { createHash } from 'node:crypto';
import { type Clock, concatOctets, type RealMs, sameOctets, VirtualClock } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredFile, UploadStore } from '../src/ports.ts';

/** An empty store of its own for each test, reading the time from the given clock. */
export interface UploadStoreHarness {
  readonly store: UploadStore;
  /** The octets kept for a file the store returned. */
  contentOf(file: StoredFile): Promise<Uint8Array>;
  /** How many half-received files are lying about; 0 whenever no `receive` is under way. */
  leftovers(): Promise<number>;
  dispose?(): Promise<void>;
}

const MIB = 1024 * 1024;

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part;
}

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255);
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

/** What every `UploadStore` must do. */
export function uploadStoreSuite(make: (clock: Clock<RealMs>) => Promise<UploadStoreHarness>): void {
  describe('UploadStore', () => {
    let clock: VirtualClock<RealMs>;
    let harness: UploadStoreHarness;
    let store: UploadStore;

    beforeEach(async () => {
      clock = new VirtualClock<RealMs>();
      harness = await make(clock);
      store = harness.store;
    });
    afterEach(async () => {
      await harness.dispose?.();
    });

    it('keeps what it received, octet for octet', async () => {
      const parts = [pattern(1, 1), pattern(70_000, 2), pattern(3, 3)];
      const whole = concatOctets(...parts);
      const file = await store.receive('fota', 'firmware_v2.0.bin', chunks(...parts), MIB);
      expect(file).toEqual({
        kind: 'fota',
        name: 'firmware_v2.0.bin',
        sha256: sha256(whole),
        sizeBytes: whole.length,
        uploadedAt: clock.now(),
      });
      expect(sameOctets(await harness.contentOf(file), whole)).toBe(true);
      expect(await store.file('fota', 'firmware_v2.0.bin')).toEqual(file);
      expect(await harness.leftovers()).toBe(0);
    });

    it('knows nothing at first', async () => {
      expect(await store.file('fota', 'a')).toBeUndefined();
      expect(await store.latest('fota')).toBeUndefined();
      expect(await harness.leftovers()).toBe(0);
    });

    it('keeps the two kinds apart under one name', async () => {
      const fota = await store.receive('fota', 'same', chunks(pattern(10, 1)), MIB);
      const message = await store.receive('message', 'same', chunks(pattern(20, 2)), MIB);
      expect(await store.file('fota', 'same')).toEqual(fota);
      expect(await store.file('message', 'same')).toEqual(message);
      expect((await store.latest('fota'))?.sizeBytes).toBe(10);
      expect((await harness.contentOf(message)).length).toBe(20);
    });

    it.each(['.hidden', 'with space.bin', 'ünïcödé-固件.bin', '-rf', 'a'.repeat(255), 'con', 'x%2f..%2fy'])(
      'takes the name %j',
      async (name) => {
        const file = await store.receive('fota', name, chunks(pattern(5, 1)), MIB);
        expect(file.name).toBe(name);
        expect(await store.file('fota', name)).toEqual(file);
      },
    );

    it('names the most recent upload, also among uploads of one instant', async () => {
      await store.receive('fota', 'one', chunks(pattern(1, 1)), MIB);
      await store.receive('fota', 'two', chunks(pattern(2, 1)), MIB);
      await store.receive('message', 'msg', chunks(pattern(3, 1)), MIB);
      expect((await store.latest('fota'))?.name).toBe('two');
      await clock.advance(1000);
      await store.receive('fota', 'one', chunks(pattern(4, 1)), MIB);
      const latest = await store.latest('fota');
      expect(latest?.name).toBe('one');
      expect(latest?.sizeBytes).toBe(4);
      expect(latest?.uploadedAt).toBe(clock.now());
      expect((await store.latest('message'))?.name).toBe('msg');
    });

    it('replaces a file of the same name', async () => {
      await store.receive('fota', 'f', chunks(pattern(100, 1)), MIB);
      const second = await store.receive('fota', 'f', chunks(pattern(50, 9)), MIB);
      expect(await store.file('fota', 'f')).toEqual(second);
      expect(sameOctets(await harness.contentOf(second), pattern(50, 9))).toBe(true);
    });

    it('refuses an empty file and leaves nothing', async () => {
      await expect(store.receive('fota', 'empty', chunks(), MIB)).rejects.toMatchObject({ code: 'upload-empty' });
      await expect(store.receive('fota', 'empty', chunks(new Uint8Array(0)), MIB)).rejects.toMatchObject({
        code: 'upload-empty',
      });
      expect(await store.file('fota', 'empty')).toBeUndefined();
      expect(await harness.leftovers()).toBe(0);
    });

    it('takes exactly the limit and not one octet more', async () => {
      await store.receive('fota', 'full', chunks(pattern(600, 1), pattern(400, 2)), 1000);
      const tooLong = store.receive('fota', 'over', chunks(pattern(600, 1), pattern(401, 2)), 1000);
      await expect(tooLong).rejects.toMatchObject({ code: 'upload-too-large', kind: 'caller' });
      expect(await store.file('fota', 'over')).toBeUndefined();
      expect(await harness.leftovers()).toBe(0);
    });

    it('stops pulling as soon as the limit is passed', async () => {
      let pulled = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          pulled += 1;
          yield pattern(1000, pulled);
        }
      }
      await expect(store.receive('fota', 'x', endless(), 5000)).rejects.toMatchObject({ code: 'upload-too-large' });
      expect(pulled).toBeLessThan(12);
    });

    it('leaves nothing of an upload that breaks off, and the older file in place', async () => {
      const before = await store.receive('fota', 'f', chunks(pattern(10, 1)), MIB);
      async function* breaking(): AsyncGenerator<Uint8Array> {
        yield pattern(5000, 2);
        throw new Error('the line went dead');
      }
      await expect(store.receive('fota', 'f', breaking(), MIB)).rejects.toThrow('the line went dead');
      expect(await store.file('fota', 'f')).toEqual(before);
      expect(sameOctets(await harness.contentOf(before), pattern(10, 1))).toBe(true);
      expect(await store.latest('fota')).toEqual(before);
      expect(await harness.leftovers()).toBe(0);
    });

    it('shows a file only when it is complete', async () => {
      let seen: StoredFile | undefined;
      async function* watching(): AsyncGenerator<Uint8Array> {
        yield pattern(5000, 2);
        seen = await store.file('fota', 'slow');
        yield pattern(5000, 3);
      }
      const file = await store.receive('fota', 'slow', watching(), MIB);
      expect(seen).toBeUndefined();
      expect(file.sizeBytes).toBe(10_000);
    });

    it('never mixes two uploads of one name', async () => {
      async function* interleaved(seed: number): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 8; i++) {
          await Promise.resolve();
          yield Uint8Array.from({ length: 1000 }, () => seed);
        }
      }
      const [a, b] = await Promise.all([
        store.receive('fota', 'race', interleaved(1), MIB),
        store.receive('fota', 'race', interleaved(2), MIB),
      ]);
      const winner = await store.file('fota', 'race');
      expect([a.sha256, b.sha256]).toContain(winner?.sha256);
      if (winner === undefined) throw new Error('no winner');
      expect(sha256(await harness.contentOf(winner))).toBe(winner.sha256);
      expect(await harness.leftovers()).toBe(0);
    });
  });
}
