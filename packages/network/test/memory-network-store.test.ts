import { describe } from 'vitest';
import { MemoryNetworkStore, networkStoreSuite } from '../src/testing/index.ts';

describe('MemoryNetworkStore', () => {
  networkStoreSuite(() => new MemoryNetworkStore());
});
