import type { ReceivedFrame } from './gateway-link.ts';
import type { NetworkParts } from './network-parts.ts';

/** Remembers the gateways that brought a frame which is genuine and new, before all those that anyone may have invented. */
export function vouchFor({ link, counters }: NetworkParts, receptions: readonly ReceivedFrame[]): void {
  for (const reception of receptions) {
    link.vouch(reception);
    counters.gateways.trust(reception.gatewayEui);
  }
}
