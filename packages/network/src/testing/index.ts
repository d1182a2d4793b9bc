export { type GatewayHabit, type GatewayLinkBench, gatewayLinkSuite } from './gateway-link-suite.ts';
export { type GatewayWord, type Hearing, MemoryGatewayLink } from './memory-gateway-link.ts';
export { MemoryNetworkStore } from './memory-network-store.ts';
export { networkStoreSuite } from './network-store-suite.ts';
