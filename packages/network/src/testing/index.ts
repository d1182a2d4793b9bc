export { MemoryNetworkStore } from './memory-network-store.ts';
export { networkStoreSuite } from './network-store-suite.ts';
