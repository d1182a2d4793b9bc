export { MemoryNetworkStore } from './memory-network-store.ts';
