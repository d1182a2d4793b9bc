import type { GatewayLink, GatewayStatus } from './gateway-link.ts';

/** The gateways that can send now: the proven ones, or all as long as there is none, since anyone can invent gateways. */
export function readyGateways(link: GatewayLink): readonly GatewayStatus[] {
  const ready = link.gateways().filter((gateway) => gateway.downlinkReady);
  const proven = ready.filter((gateway) => gateway.proven);
  return proven.length > 0 ? proven : ready;
}
