import type { Eui64, UtcMs } from '@airlift/kernel';
import type { WaitingImage } from '../packages/firmware-management.ts';

/** What happened to a device. */
export type DeviceHappening =
  | { readonly type: 'booted'; readonly resumed: boolean }
  | { readonly type: 'joined'; readonly devAddr: number }
  | { readonly type: 'clock-set' }
  | { readonly type: 'session-started'; readonly frequencyHz: number; readonly dataRate: number }
  /** The session's start fell into an open uplink. */
  | { readonly type: 'session-missed' }
  | { readonly type: 'session-ended' }
  | { readonly type: 'fragmentation-set-up'; readonly fragments: number; readonly fragmentSize: number }
  | { readonly type: 'block-complete'; readonly parityUsed: number; readonly lost: number }
  /** More was lost than the build can repair, and it does not notice. */
  | { readonly type: 'block-wrong' }
  /** Complete, and its MIC says that it is not what was announced. */
  | { readonly type: 'block-refused' }
  /** More was lost than the build can repair, and it gives up. */
  | { readonly type: 'block-given-up' }
  | { readonly type: 'firmware-installed'; readonly version: number }
  | { readonly type: 'checksum-answered'; readonly verdict: 'right' | 'wrong' | 'unanswered' }
  | { readonly type: 'image-stored'; readonly sha256: string; readonly size: number }
  | { readonly type: 'image-dropped' }
  | { readonly type: 'message'; readonly fPort: number; readonly payload: Uint8Array; readonly multicast: boolean };

/** A happening with its place and time. */
export type DeviceEvent = DeviceHappening & { readonly device: Eui64; readonly at: UtcMs };

/** What a device is about. */
export type DeviceStage =
  /** Not started, or stopped. */
  | 'off'
  | 'joining'
  /** Joined, nothing to receive. */
  | 'idle'
  /** A block is announced and not complete. */
  | 'receiving'
  /** Complete; the checksum is not confirmed yet. */
  | 'verifying'
  /** The last block was stored. */
  | 'done'
  /** The last block was given up. */
  | 'failed';

/** A look at a device. */
export interface DeviceSnapshot {
  readonly deveui: Eui64;
  readonly name: string;
  readonly joined: boolean;
  readonly state: DeviceStage;
  readonly devAddr: number | null;
  readonly clockSynchronised: boolean;
  /** GPS seconds modulo 2^32 by its own clock. */
  readonly clockSeconds: number;
  readonly inSession: boolean;
  /** Plain fragments of the current block; 0 without one. */
  readonly expected: number;
  readonly heard: number;
  readonly missing: number;
  readonly parityUsed: number;
  /** Whether the decoder had all it needed for the current block, whatever the device says. */
  readonly complete: boolean;
  /** Of the last image stored, be it right or wrong; a reset does not change it. */
  readonly sha256: string | null;
  readonly size: number | null;
  readonly images: number;
  readonly messages: number;
  readonly uplinks: number;
  readonly firmwareVersion: number;
  /** The image that the next reset installs, where firmware is managed. */
  readonly waitingImage: WaitingImage | null;
}

/** The octets that a device really holds, whatever it says. */
export interface HeldBlock {
  /** Lower-case hexadecimal, of the block without its padding; fragments that are missing count as zeros. */
  readonly sha256: string;
  readonly size: number;
  /** Whether the decoder had all it needed. */
  readonly complete: boolean;
}
