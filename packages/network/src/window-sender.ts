import { type UtcMs, utcMs } from '@airlift/kernel';
import { downlinkEirpDbm, frameTimeOnAirMs } from '@airlift/lorawan';
import type { ReceivedFrame, TransmitOutcome } from './gateway-link.ts';
import { gatewayCounters } from './network-counters.ts';
import type { NetworkParts } from './network-parts.ts';
import type { ReceiveWindow } from './receive-windows.ts';

/** What became of a frame that was to be sent into a receive window. */
export type WindowResult =
  | { readonly sent: true; readonly at: UtcMs; readonly airtimeMs: number; readonly window: ReceiveWindow }
  | { readonly sent: false; readonly error: string };

/** A frame for one window, or undefined when it cannot be sent there. A fresh counter for every call. */
export type FrameForWindow = (window: ReceiveWindow) => Promise<Uint8Array | undefined>;

/** Forwarders refuse frames that come later than about 40 ms before they are due; the way there takes time as well. */
const LEAD_MS = 60;
/** How many gateways that heard the uplink are tried in one window. */
const MOST_GATEWAYS = 2;
const COUNTER_LIMIT = 0x1_0000_0000;

/**
 * Sends a frame into the first window that a gateway takes it for. A refused frame has spent its counter: the next
 * attempt is built anew, so that no counter is ever handed out twice.
 */
export async function sendIntoWindows(
  parts: NetworkParts,
  receptions: readonly ReceivedFrame[],
  windows: readonly ReceiveWindow[],
  frameFor: FrameForWindow,
): Promise<WindowResult> {
  let error = 'no-window';
  for (const window of windows) {
    for (const reception of receptions.slice(0, MOST_GATEWAYS)) {
      const result = await attempt(parts, reception, window, frameFor);
      if (result.sent) return result;
      error = result.error;
    }
  }
  parts.counters.downlinksRefused += 1;
  return { sent: false, error };
}

async function attempt(
  parts: NetworkParts,
  reception: ReceivedFrame,
  window: ReceiveWindow,
  frameFor: FrameForWindow,
): Promise<WindowResult> {
  const { transmitters, clock, link, config } = parts;
  const { gatewayEui, counterUs, receivedAt, context } = reception;
  const { frequencyHz, modulation, delayMs } = window;
  const at = utcMs(receivedAt + delayMs);
  if (clock.now() > at - LEAD_MS) return { sent: false, error: 'too-late' };
  const powerDbm = downlinkEirpDbm(config.region, frequencyHz);
  if (powerDbm === undefined) return { sent: false, error: 'frequency-not-allowed' };
  // An ordinary answer stands for this one, whose length depends on what the window can carry.
  const probeMs = frameTimeOnAirMs(modulation, 64, 'down');
  if (!transmitters.isFree(gatewayEui, frequencyHz, at, probeMs)) return { sent: false, error: 'transmitter-busy' };
  const phyPayload = await frameFor(window);
  if (phyPayload === undefined) return { sent: false, error: 'payload-too-long' };
  const airtimeMs = frameTimeOnAirMs(modulation, phyPayload.length, 'down');
  transmitters.promise(gatewayEui, frequencyHz, at, airtimeMs);
  const outcome: TransmitOutcome = await link.transmit({
    gatewayEui,
    phyPayload,
    frequencyHz,
    modulation,
    powerDbm,
    time: { kind: 'at-counter', counterUs: (counterUs + delayMs * 1000) % COUNTER_LIMIT },
    context,
  });
  if (outcome.kind === 'programmed' || outcome.kind === 'unknown') {
    gatewayCounters(parts.counters, gatewayEui).downlinks += 1;
    return { sent: true, at, airtimeMs, window };
  }
  transmitters.release(gatewayEui, frequencyHz, at, airtimeMs);
  return { sent: false, error: outcome.kind === 'refused' ? outcome.error : 'gateway-unreachable' };
}
