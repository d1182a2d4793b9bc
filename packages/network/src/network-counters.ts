import { type Eui64, TrustTable } from '@airlift/kernel';

/** What was counted of one gateway. */
export interface GatewayCounters {
  /** Uplinks that it heard best and that passed all checks. */
  uplinks: number;
  wrongMic: number;
  downlinks: number;
}

/** Anyone can invent gateways, so the counters of no more than so many are kept. */
const MOST_GATEWAYS = 1_000;

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
  /** Frames that were dropped because too many of the same device were waiting already. */
  crowdedOut: number;
  readonly gateways: TrustTable<Eui64, GatewayCounters>;
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
    crowdedOut: 0,
    gateways: new TrustTable(MOST_GATEWAYS),
  };
}

/** The counters of a gateway, made when it is first counted. */
export function gatewayCounters(counters: NetworkCounters, gatewayEui: Eui64): GatewayCounters {
  const known = counters.gateways.get(gatewayEui);
  if (known !== undefined) return known;
  const fresh = { uplinks: 0, wrongMic: 0, downlinks: 0 };
  counters.gateways.add(gatewayEui, fresh);
  return fresh;
}
