import type { Eui64 } from '@airlift/kernel';
import type { FrameKind } from './air-frame.ts';

/** What one device sent and heard. */
export interface DeviceRadioCounters {
  readonly sent: number;
  /** Frames from gateways that reached its receiver, whomever they were for. */
  readonly heard: number;
  /** Frames it was tuned to that the air swallowed. */
  readonly lost: number;
  readonly airtimeMs: number;
}

/** What happened on the air so far. */
export interface RadioCounters {
  /** Frames put on air, by kind. */
  readonly sent: Readonly<Record<FrameKind, number>>;
  /** Uplinks that at least one gateway heard. */
  readonly uplinksHeard: number;
  /** Receptions of uplinks that the air swallowed, one for each gateway. */
  readonly uplinksLost: number;
  /** Uplinks that met another one on the same channel and data rate; counted when collisions are on. */
  readonly uplinksCollided: number;
  readonly airtimeMs: { readonly up: number; readonly down: number };
  readonly devices: ReadonlyMap<Eui64, DeviceRadioCounters>;
}
