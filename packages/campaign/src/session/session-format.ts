import type { RowRule } from '@airlift/applayer';

/** Where the frames of a session travel. */
export interface Carrier {
  readonly region: string;
  readonly frequencyHz: number;
  readonly dataRate: number;
  /** Time on air of one frame of the session. */
  readonly airtimeMs: number;
  /** Part of an hour (0 .. 1] for which a gateway may send there. */
  readonly dutyCycle: number;
}

/** How an image is cut and coded for one kind of devices. */
export interface ImageFormat {
  readonly kind: 'image';
  /** Equal for devices that understand the same fragment frames. */
  readonly key: string;
  readonly carrier: Carrier;
  readonly fPort: number;
  /** Number that the first plain fragment bears on the air. */
  readonly fragIndexBase: 0 | 1;
  readonly codeRule: RowRule;
  readonly fragSize: number;
  readonly nbFrag: number;
  readonly padding: number;
}

/** A message goes out as it is. */
export interface MessageFormat {
  readonly kind: 'message';
  readonly key: string;
  readonly carrier: Carrier;
  readonly fPort: number;
}

export type SessionFormat = ImageFormat | MessageFormat;

/** 1 for messages, and while nothing is known of a format. */
export function nbFragOf(format: SessionFormat | undefined): number {
  return format?.kind === 'image' ? format.nbFrag : 1;
}
