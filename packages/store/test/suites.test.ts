import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { accountStoreSuite, uploadStoreSuite } from '@airlift/api/testing';
import { imageStoreSuite, jobStoreSuite } from '@airlift/campaign/testing';
import { networkStoreSuite } from '@airlift/network/testing';
import { describe } from 'vitest';
import { scratchFolder, scratchStore } from './scratch.ts';

describe.each([
  ['file', undefined],
  ['memory', ':memory:'],
])('SQLite in a %s', (_where, path) => {
  const options = path === undefined ? {} : { path };

  describe('network', () => {
    networkStoreSuite(async () => (await scratchStore(options)).network);
  });

  describe('jobs', () => {
    jobStoreSuite(async () => (await scratchStore(options)).jobs);
  });

  describe('images', () => {
    imageStoreSuite(async () => (await scratchStore(options)).images);
  });

  describe('accounts', () => {
    accountStoreSuite(async () => ({ store: (await scratchStore(options)).accounts }));
  });

  describe('uploads', () => {
    uploadStoreSuite(async (clock) => {
      const dataDir = await scratchFolder();
      const store = await scratchStore({ ...options, dataDir, clock });
      return {
        store: store.uploads,
        contentOf: (file) => store.images.load(file.sha256),
        leftovers: async () => (await readdir(join(dataDir, 'images', 'incoming'))).length,
      };
    });
  });
});
