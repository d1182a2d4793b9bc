import type { Eui64, UtcMs } from '@airlift/kernel';

/** Where a transmission takes place, or where a receiver listens: both must agree for a frame to be heard. */
export interface Tuning {
  readonly frequencyHz: number;
  /** `SF7BW125` and the like, or the bit rate of FSK as text. */
  readonly dataRate: string;
}

/** A frame to be put on air. */
export interface Transmission extends Tuning {
  readonly octets: Uint8Array;
  /** When its preamble begins; the present or, for a queue that knows it ahead, the near future. */
  readonly startMs: UtcMs;
  readonly airtimeMs: number;
  /** Devices hear gateways only with inverted polarity, so that they do not hear each other; default true. */
  readonly invertedPolarity?: boolean;
}

/** A frame on its way from a device to the gateways (`up`), or from a gateway to the devices (`down`). */
export interface AirFrame extends Tuning {
  readonly direction: 'up' | 'down';
  readonly octets: Uint8Array;
  readonly startMs: UtcMs;
  /** End of the frame; the reference of receive windows. */
  readonly endMs: UtcMs;
  /** EUI of the device or gateway that sends it. */
  readonly sender: Eui64;
}

/** How well a frame came in. */
export interface Signal {
  /** dBm. */
  readonly rssi: number;
  /** dB. */
  readonly snr: number;
}

/** What a frame is, as far as its first octet tells; `other` for what is no LoRaWAN frame. */
export type FrameKind = 'join-request' | 'join-accept' | 'data-up' | 'data-down' | 'other';

const KIND_OF_MTYPE: readonly FrameKind[] = [
  'join-request',
  'join-accept',
  'data-up',
  'data-down',
  'data-up',
  'data-down',
  'other',
  'other',
];

/** The kind of a PHYPayload. */
export function frameKind(octets: Uint8Array): FrameKind {
  const mhdr = octets[0];
  return mhdr === undefined ? 'other' : (KIND_OF_MTYPE[mhdr >> 5] ?? 'other');
}
