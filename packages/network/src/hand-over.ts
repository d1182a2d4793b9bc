import type { Eui64, UtcMs } from '@airlift/kernel';
import { downlinkEirpDbm } from '@airlift/lorawan';
import type { TransmitRequest } from './gateway-link.ts';
import { gatewayCounters } from './network-counters.ts';
import type { NetworkParts } from './network-parts.ts';

/** A piece of one transmitter's time, promised to a frame. */
export interface Slot {
  readonly gatewayEui: Eui64;
  readonly frequencyHz: number;
  readonly at: UtcMs;
  readonly airtimeMs: number;
}

/** `worthRetrying`: the gateway would take a frame now, at lower power. That needs a frame with a fresh counter. */
export type HandOver =
  | { readonly sent: true }
  | { readonly sent: false; readonly error: string; readonly worthRetrying: boolean };

/** Hands a frame to a gateway for a slot that was promised; the promise is taken back when it does not send. */
export async function handOver(
  parts: NetworkParts,
  slot: Slot,
  frame: Pick<TransmitRequest, 'phyPayload' | 'modulation' | 'time' | 'context'>,
): Promise<HandOver> {
  const { transmitters, config, counters, activity, link } = parts;
  const { gatewayEui, frequencyHz } = slot;
  const powerDbm = transmitters.powerDbm(gatewayEui, downlinkEirpDbm(config.region, frequencyHz) ?? 0);
  const outcome = await activity.aside(link.transmit({ ...frame, gatewayEui, frequencyHz, powerDbm }));
  if (outcome.kind === 'programmed' || outcome.kind === 'unknown') {
    gatewayCounters(counters, gatewayEui).downlinks += 1;
    return { sent: true };
  }
  transmitters.release(slot);
  if (outcome.kind === 'unreachable') return { sent: false, error: 'gateway-unreachable', worthRetrying: false };
  const worthRetrying = outcome.error === 'TX_POWER' && transmitters.lowerPower(gatewayEui, powerDbm);
  return { sent: false, error: outcome.error, worthRetrying };
}
