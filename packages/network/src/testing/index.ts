export { MemoryNetworkStore } from '../memory/memory-network-store.ts';
export { type GatewayHabit, type GatewayLinkBench, gatewayLinkSuite } from './gateway-link-suite.ts';
export { type GatewayWord, type Hearing, MemoryGatewayLink } from './memory-gateway-link.ts';
export { networkStoreSuite } from './network-store-suite.ts';
