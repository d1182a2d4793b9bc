import { describe } from 'vitest';
import { imageStoreSuite, jobStoreSuite, MemoryImageStore, MemoryJobStore } from '../src/testing/index.ts';

describe('MemoryJobStore', () => {
  jobStoreSuite(() => new MemoryJobStore());
});

describe('MemoryImageStore', () => {
  imageStoreSuite(() => new MemoryImageStore());
});
