import { type SteadyMs, steadyMs } from '@airlift/kernel';
import { downlinkEirpDbm, frameTimeOnAirMs } from '@airlift/lorawan';
import type { ReceivedFrame } from './gateway-link.ts';
import { sendInSlot } from './hand-over.ts';
import type { NetworkParts } from './network-parts.ts';
import type { ReceiveWindow } from './receive-windows.ts';

/** What became of a frame that was to be sent into a receive window. */
export type WindowResult =
  | { readonly sent: true; readonly at: SteadyMs; readonly airtimeMs: number; readonly window: ReceiveWindow }
  | { readonly sent: false; readonly error: string };

/** A frame whose length is known, so that a transmitter can be looked for before a counter is spent on it. */
export interface WindowFrame {
  /** Of the whole PHYPayload. */
  readonly octets: number;
  /** A fresh counter for every call; undefined when the session is gone. */
  build(): Promise<Uint8Array | undefined>;
}

/** The frame for one window that begins at an instant, or why there is none. */
export type FrameForWindow = (window: ReceiveWindow, at: SteadyMs) => WindowFrame | string;

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
  const answering = receptions
    .filter((reception) => parts.link.gateway(reception.gatewayEui)?.downlinkReady === true)
    .slice(0, MOST_GATEWAYS);
  let error = answering.length === 0 ? 'gateway-unreachable' : 'no-window';
  for (const window of windows) {
    for (const reception of answering) {
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
  const { transmitters, clock, config } = parts;
  const { gatewayEui, counterUs, receivedAt, context } = reception;
  const { frequencyHz, modulation, delayMs } = window;
  const at = steadyMs(receivedAt + delayMs);
  if (clock.now() > at - LEAD_MS) return { sent: false, error: 'too-late' };
  if (downlinkEirpDbm(config.region, frequencyHz) === undefined) return { sent: false, error: 'frequency-not-allowed' };
  const frame = frameFor(window, at);
  if (typeof frame === 'string') return { sent: false, error: frame };
  const airtimeMs = frameTimeOnAirMs(modulation, frame.octets, 'down');
  const slot = { gatewayEui, frequencyHz, at, airtimeMs };
  if (!transmitters.isFree(slot)) return { sent: false, error: 'transmitter-busy' };
  const time = { kind: 'at-counter', counterUs: (counterUs + delayMs * 1000) % COUNTER_LIMIT } as const;
  const result = await sendInSlot(parts, slot, { modulation, time, context }, () => frame.build());
  return result.sent ? { sent: true, at, airtimeMs, window } : result;
}
