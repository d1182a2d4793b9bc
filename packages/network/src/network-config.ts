import type { Region } from '@airlift/lorawan';

/** What an operator decides about the network. */
export interface NetworkConfig {
  readonly region: Region;
  /** Sub-band 1 .. 8 that the gateways hear, in regions with fixed channels; undefined = all channels. */
  readonly subBand: number | undefined;
  /** 24 bits. */
  readonly netId: number;
  /** Upper 16 bits of every multicast address; `0xf0da` is what MultiTech's gateways use. */
  readonly mcAddrPrefix: number;
  /** Data rate of RX2 that join-accepts fix; undefined = the default of the region, which is slow in most. */
  readonly rx2DataRate: number | undefined;
  /** Seconds from the end of an uplink to RX1. */
  readonly rxDelayS: number;
  /** How long receptions of one frame by several gateways are gathered, milliseconds. */
  readonly gatherMs: number;
  /** How long an uplink may be looked at before its answer is put together, milliseconds. */
  readonly answerWaitMs: number;
}

export const DEFAULT_NETWORK_CONFIG: Omit<NetworkConfig, 'region'> = {
  subBand: undefined,
  netId: 0,
  mcAddrPrefix: 0xf0da,
  rx2DataRate: undefined,
  rxDelayS: 1,
  gatherMs: 120,
  answerWaitMs: 400,
};
