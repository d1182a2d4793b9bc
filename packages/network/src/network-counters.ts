import type { Eui64 } from '@airlift/kernel';

/** What was counted of one gateway. */
export interface GatewayCounters {
  /** Uplinks that it heard best and that passed all checks. */
  uplinks: number;
  wrongMic: number;
  downlinks: number;
}

/** What the network server counted since it started. */
export interface NetworkCounters {
  /** Receptions, copies by several gateways included. */
  receptions: number;
  /** Frames that cannot be read, by error code. */
  readonly unreadable: Map<string, number>;
  joinRequests: number;
  joinsAccepted: number;
  joinsUnknownDevice: number;
  joinsWrongMic: number;
  joinsRepeatedNonce: number;
  uplinks: number;
  uplinksUnknownAddress: number;
  uplinksWrongMic: number;
  uplinksRepeated: number;
  downlinksRx1: number;
  downlinksRx2: number;
  downlinksClassC: number;
  downlinksRefused: number;
  groupFrames: number;
  readonly gateways: Map<Eui64, GatewayCounters>;
}

export function freshCounters(): NetworkCounters {
  return {
    receptions: 0,
    unreadable: new Map(),
    joinRequests: 0,
    joinsAccepted: 0,
    joinsUnknownDevice: 0,
    joinsWrongMic: 0,
    joinsRepeatedNonce: 0,
    uplinks: 0,
    uplinksUnknownAddress: 0,
    uplinksWrongMic: 0,
    uplinksRepeated: 0,
    downlinksRx1: 0,
    downlinksRx2: 0,
    downlinksClassC: 0,
    downlinksRefused: 0,
    groupFrames: 0,
    gateways: new Map(),
  };
}

/** Anyone can invent gateways, so the counters of no more than so many are kept. */
const MOST_GATEWAYS = 1_000;

/** The counters of a gateway, made when it is first counted; for one too many, the longest known are dropped. */
export function gatewayCounters(counters: NetworkCounters, gatewayEui: Eui64): GatewayCounters {
  let found = counters.gateways.get(gatewayEui);
  if (found === undefined) {
    for (const longestKnown of counters.gateways.keys()) {
      if (counters.gateways.size < MOST_GATEWAYS) break;
      counters.gateways.delete(longestKnown);
    }
    found = { uplinks: 0, wrongMic: 0, downlinks: 0 };
    counters.gateways.set(gatewayEui, found);
  }
  return found;
}
