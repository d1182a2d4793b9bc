import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BugError, toHex } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256Text } from '../src/image-files.ts';
import type { Store } from '../src/index.ts';
import { FailingFiles, type FileStep } from './failing-files.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

const LIMIT = 1_000_000;

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part;
}

const octets = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 255);

let dataDir: string;
let files: FailingFiles;
let store: Store;

beforeEach(async () => {
  dataDir = await scratchFolder();
  files = new FailingFiles();
  store = await scratchStore({ dataDir, files });
});

/** Names of everything in the folder of images. */
async function onDisk(): Promise<readonly string[]> {
  const inside = await readdir(join(dataDir, 'images', 'incoming'));
  return [...(await readdir(join(dataDir, 'images'))).filter((name) => name !== 'incoming'), ...inside].sort();
}

describe('a disk without room', () => {
  const steps: readonly FileStep[] = ['create', 'write', 'sync', 'close', 'rename', 'syncDirectory'];
  const cases = steps.flatMap((step) => ['ENOSPC', 'EDQUOT', 'EFBIG'].map((code) => [step, code] as const));

  it.each(cases)('makes %s fail with %s: storage-full, and nothing is left', async (step, code) => {
    const before = await store.uploads.receive('fota', 'name', chunks(octets(100, 1)), LIMIT);
    const there = await onDisk();
    files.fail({ step, code });
    await expect(store.uploads.receive('fota', 'name', chunks(octets(5000, 2)), LIMIT)).rejects.toMatchObject({
      code: 'storage-full',
      kind: 'caller',
    });
    await expect(store.images.keep(octets(300, 3))).rejects.toMatchObject({ code: 'storage-full' });
    expect(await onDisk()).toEqual(there);
    expect(await store.uploads.file('fota', 'name')).toEqual(before);
    expect(await store.uploads.latest('fota')).toEqual(before);

    files.fail(undefined);
    const after = await store.uploads.receive('fota', 'name', chunks(octets(5000, 2)), LIMIT);
    expect(await store.images.load(after.sha256)).toEqual(octets(5000, 2));
  });

  it('does not take an image away that was there before', async () => {
    const before = await store.uploads.receive('fota', 'one', chunks(octets(100, 1)), LIMIT);
    const kept = await store.images.keep(octets(50, 2));
    for (const step of ['rename', 'syncDirectory'] as const) {
      files.fail({ step, code: 'ENOSPC' });
      await expect(store.uploads.receive('fota', 'two', chunks(octets(100, 1)), LIMIT)).rejects.toThrow();
      await expect(store.images.keep(octets(50, 2))).rejects.toThrow();
    }
    expect(await store.images.load(before.sha256)).toEqual(octets(100, 1));
    expect(await store.images.load(kept)).toEqual(octets(50, 2));
    expect(await store.uploads.file('fota', 'two')).toBeUndefined();
  });
});

describe('other failures of the disk', () => {
  it('come through as they are, and nothing is left', async () => {
    for (const step of ['create', 'write', 'rename'] as const) {
      files.fail({ step, code: 'EIO' });
      await expect(store.uploads.receive('fota', 'x', chunks(octets(10, 1)), LIMIT)).rejects.toMatchObject({
        code: 'EIO',
      });
    }
    expect(await onDisk()).toEqual([]);
    expect(await store.uploads.file('fota', 'x')).toBeUndefined();
  });
});

describe('images on disk', () => {
  it('are files named by their content, for their owner alone', async () => {
    const file = await store.uploads.receive('fota', '../odd/name', chunks(octets(100, 1)), LIMIT);
    expect(await onDisk()).toEqual([file.sha256]);
    const path = join(dataDir, 'images', file.sha256);
    expect(toHex(await readFile(path))).toBe(toHex(octets(100, 1)));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('are stored once however many names they have', async () => {
    await store.uploads.receive('fota', 'one', chunks(octets(100, 1)), LIMIT);
    await store.uploads.receive('message', 'two', chunks(octets(100, 1)), LIMIT);
    await store.images.keep(octets(100, 1));
    expect(await onDisk()).toHaveLength(1);
  });

  it('that were damaged are not given out, and heal when they come again', async () => {
    const { sha256 } = await store.uploads.receive('fota', 'one', chunks(octets(100, 1)), LIMIT);
    await writeFile(join(dataDir, 'images', sha256), octets(100, 2));
    await expect(store.images.load(sha256)).rejects.toThrow(BugError);
    await expect(store.images.load(sha256)).rejects.toThrow('damaged');
    await store.images.keep(octets(100, 1));
    expect(await store.images.load(sha256)).toEqual(octets(100, 1));
  });

  it.each(['', '.', '../airlift.db', 'AA'.repeat(32), `${'aa'.repeat(32)}\n`, 'aa'.repeat(33)])(
    'are not looked for under %j',
    async (name) => {
      await expect(store.images.load(name)).rejects.toThrow('is not the name of an image');
    },
  );
});

describe('two uploads of one content at once', () => {
  it('both succeed', async () => {
    const both = await Promise.all(
      ['one', 'two'].map((name) => store.uploads.receive('fota', name, chunks(octets(9000, 4)), LIMIT)),
    );
    expect(both.map((file) => file.sha256)).toEqual([sha256Text(octets(9000, 4)), sha256Text(octets(9000, 4))]);
    for (const name of ['one', 'two']) expect(await store.uploads.file('fota', name)).toBeDefined();
    expect(await onDisk()).toHaveLength(1);
  });
});

describe('one of several uploads of one content that fails', () => {
  it('takes nothing away from the others', async () => {
    for (const step of ['rename', 'syncDirectory'] as const) {
      const content = octets(5000, step.length);
      files.fail({ step, code: 'ENOSPC', once: true });
      const names = ['a', 'b', 'c'].map((name) => `${step} ${name}`);
      const all = await Promise.allSettled(
        names.map((name) => store.uploads.receive('fota', name, chunks(content), LIMIT)),
      );
      expect(all.filter((one) => one.status === 'rejected')).toHaveLength(1);
      expect(await store.images.load(sha256Text(content))).toEqual(content);
    }
  });
});

describe('a limit', () => {
  it('stops the source and does not wait for its end', async () => {
    let returned = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(1000);
      } finally {
        returned = true;
      }
    }
    await expect(store.uploads.receive('fota', 'x', endless(), 10_000)).rejects.toMatchObject({
      code: 'upload-too-large',
    });
    expect(returned).toBe(true);
    expect(await onDisk()).toEqual([]);
  });
});
