import type { Clock, DeviceTime, Entropy } from '@airlift/kernel';
import type { Activity } from './activity.ts';
import type { GatewayLink } from './gateway-link.ts';
import type { Hearers } from './hearers.ts';
import type { NetworkConfig } from './network-config.ts';
import type { NetworkCounters } from './network-counters.ts';
import type { DevicePayload, DeviceUplink, NetworkLog, NetworkNews } from './network-event.ts';
import type { NetworkStore } from './network-store.ts';
import type { TransmitterLines } from './transmitter-lines.ts';
import type { Transmitters } from './transmitters.ts';

/** What the roads of the network server share. */
export interface NetworkParts {
  readonly store: NetworkStore;
  readonly link: GatewayLink;
  readonly clock: Clock;
  readonly deviceTime: DeviceTime;
  readonly entropy: Entropy;
  readonly config: NetworkConfig;
  readonly transmitters: Transmitters;
  readonly lines: TransmitterLines;
  readonly hearers: Hearers;
  readonly counters: NetworkCounters;
  readonly log: NetworkLog;
  readonly activity: Activity;
  /** Resolves with the answer of whoever listens. Never rejects. */
  ask(uplink: DeviceUplink): Promise<DevicePayload | undefined>;
  /** Resolves when whoever listens has dealt with the event. Never rejects. */
  emit(event: NetworkNews): Promise<void>;
}
