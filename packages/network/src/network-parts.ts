import type { Clock, DeviceTime, Entropy } from '@airlift/kernel';
import type { Activity } from './activity.ts';
import type { GatewayLink } from './gateway-link.ts';
import type { NetworkConfig } from './network-config.ts';
import type { NetworkCounters } from './network-counters.ts';
import type { NetworkEvent, NetworkLog } from './network-event.ts';
import type { NetworkStore } from './network-store.ts';
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
  readonly counters: NetworkCounters;
  readonly log: NetworkLog;
  readonly activity: Activity;
  /** Resolves when whoever listens has dealt with the event. Never rejects. */
  emit(event: NetworkEvent): Promise<void>;
}
