import type { Eui64, UtcMs } from '@airlift/kernel';

/** A gateway as `GET /api/lora/gateways` shows it; the counters run since the server knows the gateway. */
export interface GatewayView {
  readonly gatewayEui: Eui64;
  readonly address: string;
  readonly port: number;
  readonly lastSeenAt: UtcMs;
  readonly version: string;
  readonly received: number;
  readonly receivedOk: number;
  readonly forwarded: number;
  readonly crcErrors: number;
  readonly micFailures: number;
  readonly uplinks: number;
  readonly downlinks: number;
  readonly transmitted: number;
  /** 0 .. 1 */
  readonly ackRate: number;
  /** A frame of it has passed the checks of the network server. */
  readonly proven: boolean;
  /** PULL_DATA in its name from elsewhere that were not given its frames; undefined when there was none. */
  readonly conflict:
    | { readonly count: number; readonly address: string; readonly port: number; readonly at: UtcMs }
    | undefined;
  /** What was dropped of what it sent, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

/** A device as `GET /api/lora/devices` shows it. */
export interface DeviceView {
  readonly devEui: Eui64;
  readonly name: string;
  readonly deviceClass: 'A' | 'B' | 'C';
  readonly createdAt: UtcMs;
  readonly lastSeenAt: UtcMs | undefined;
  readonly lastDevNonce: number | undefined;
  readonly lastJoinNonce: number | undefined;
  readonly joinCount: number;
}

/** Process identifiers as `GET /api/lora/status` shows them; 0 = not running. */
export interface ServiceStatus {
  readonly networkServerPid: number;
  readonly packetForwarderPids: readonly number[];
}
