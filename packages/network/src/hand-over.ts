import { downlinkEirpDbm } from '@airlift/lorawan';
import type { TransmitRequest } from './gateway-link.ts';
import { gatewayCounters } from './network-counters.ts';
import type { NetworkParts } from './network-parts.ts';
import type { Slot } from './transmitters.ts';

/** Whether a gateway took a frame, or does not say; if not, why. */
export type SlotResult = { readonly sent: true } | { readonly sent: false; readonly error: string };

/** `worthRetrying`: the gateway would take a frame at lower power now. That must be one with a fresh counter. */
export type HandOver =
  | { readonly sent: true }
  | (SlotResult & { readonly sent: false; readonly worthRetrying: boolean });

type Radio = Pick<TransmitRequest, 'modulation' | 'time' | 'context'>;

/**
 * Builds a frame and hands it to a gateway for a slot that is free now.
 * @param build makes a frame with a fresh counter; undefined when there is nothing any more that it could count for
 */
export async function sendInSlot(
  parts: NetworkParts,
  slot: Slot,
  radio: Radio,
  build: () => Promise<Uint8Array | undefined>,
): Promise<SlotResult> {
  for (;;) {
    // Promised before anything is waited for: answers to several devices are put together at the same time.
    parts.transmitters.promise(slot);
    let phyPayload: Uint8Array | undefined;
    try {
      phyPayload = await build();
    } finally {
      if (phyPayload === undefined) parts.transmitters.release(slot);
    }
    if (phyPayload === undefined) return { sent: false, error: 'session-gone' };
    const result = await parts.activity.aside(handOver(parts, slot, { ...radio, phyPayload }));
    if (result.sent || !result.worthRetrying) return result;
  }
}

/** Hands a frame to a gateway for a slot that was promised; the promise is taken back when it does not send. */
export async function handOver(
  parts: NetworkParts,
  slot: Slot,
  frame: Radio & { readonly phyPayload: Uint8Array },
): Promise<HandOver> {
  const { transmitters, config, counters, link } = parts;
  const { gatewayEui, frequencyHz } = slot;
  const powerDbm = transmitters.powerDbm(gatewayEui, downlinkEirpDbm(config.region, frequencyHz) ?? 0);
  const outcome = await link.transmit({ ...frame, gatewayEui, frequencyHz, powerDbm });
  if (outcome.kind === 'programmed' || outcome.kind === 'unknown') {
    gatewayCounters(counters, gatewayEui).downlinks += 1;
    return { sent: true };
  }
  transmitters.release(slot);
  if (outcome.kind === 'unreachable') return { sent: false, error: 'gateway-unreachable', worthRetrying: false };
  const worthRetrying = outcome.error === 'TX_POWER' && transmitters.lowerPower(gatewayEui, powerDbm);
  return { sent: false, error: outcome.error, worthRetrying };
}
