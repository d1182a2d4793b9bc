import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { accountStoreSuite, uploadStoreSuite } from '@airlift/api/testing';
import { imageStoreSuite, jobStoreSuite, provisioningSuite } from '@airlift/campaign/testing';
import { networkStoreSuite } from '@airlift/network/testing';
import { describe } from 'vitest';
import { scratchFolder, scratchStore } from './scratch.ts';

describe('SqlNetworkStore', () => {
  networkStoreSuite(async () => (await scratchStore()).network);
});

describe('SqlJobStore', () => {
  jobStoreSuite(async () => (await scratchStore()).jobs);
});

describe('SqlProvisioning', () => {
  provisioningSuite(async () => (await scratchStore()).provisioning);
});

describe('FileImageStore', () => {
  imageStoreSuite(async () => (await scratchStore()).images);
});

describe('SqlAccountStore', () => {
  accountStoreSuite(async () => ({ store: (await scratchStore()).accounts }));
});

describe('FileUploadStore', () => {
  uploadStoreSuite(async (clock) => {
    const dataDir = await scratchFolder();
    const store = await scratchStore({ dataDir, clock });
    return {
      store: store.uploads,
      contentOf: (file) => store.images.load(file.sha256),
      leftovers: async () => (await readdir(join(dataDir, 'images', 'incoming'))).length,
    };
  });
});
