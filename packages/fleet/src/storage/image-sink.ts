import type { Eui64, UtcMs } from '@airlift/kernel';

/** A block that a device holds for complete and right, without its padding. */
export interface ReceivedImage {
  readonly device: Eui64;
  readonly octets: Uint8Array;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** Fragments heard, coded ones included. */
  readonly fragmentsHeard: number;
  /** Plain fragments that did not arrive and were repaired. */
  readonly fragmentsMissing: number;
  /** Coded fragments that brought something new. */
  readonly parityUsed: number;
  readonly completedAt: UtcMs;
}

/** A multicast message on an application port. */
export interface ReceivedMessage {
  readonly device: Eui64;
  readonly mcAddr: number;
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly fCnt: number;
  readonly receivedAt: UtcMs;
}

/** Where devices put what they received, for people and tests to look at. */
export interface ImageSink {
  image(image: ReceivedImage): void;
  message(message: ReceivedMessage): void;
}

/** Keeps everything in memory; equal images are stored once, however many devices received them. */
export class MemoryImageSink implements ImageSink {
  readonly images: ReceivedImage[] = [];
  readonly messages: ReceivedMessage[] = [];
  readonly #octets = new Map<string, Uint8Array>();

  image(image: ReceivedImage): void {
    const octets = this.#octets.get(image.sha256) ?? image.octets;
    this.#octets.set(image.sha256, octets);
    this.images.push({ ...image, octets });
  }

  message(message: ReceivedMessage): void {
    this.messages.push(message);
  }
}
