import { describe } from 'vitest';
import {
  imageStoreSuite,
  jobStoreSuite,
  MemoryImageStore,
  MemoryJobStore,
  MemoryProvisioning,
  provisioningSuite,
} from '../src/testing/index.ts';

describe('MemoryJobStore', () => {
  jobStoreSuite(() => new MemoryJobStore());
});

describe('MemoryImageStore', () => {
  imageStoreSuite(() => new MemoryImageStore());
});

describe('MemoryProvisioning', () => {
  provisioningSuite(() => new MemoryProvisioning());
});
