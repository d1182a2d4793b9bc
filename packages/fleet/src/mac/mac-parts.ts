import type { Clock, Eui64, GpsMs, Rng, UtcMs } from '@airlift/kernel';
import type { DataFrame, Region } from '@airlift/lorawan';
import type { MacBehaviour } from '../behaviour/device-behaviour.ts';
import type { DeviceAntenna } from '../radio/radio.ts';
import type { SavedChannelPlan } from './channel-plan.ts';
import type { SavedSession } from './device-session.ts';
import type { FrameCache } from './frame-cache.ts';
import type { UnicastDownlink } from './uplink.ts';

/** What a device joins with. Keys have 16 octets. */
export interface DeviceIdentity {
  readonly devEui: Eui64;
  readonly joinEui: Eui64;
  readonly appKey: Uint8Array;
  readonly genAppKey: Uint8Array;
}

/** Nonces of joins; they outlast every reset. */
export interface NonceStore {
  /** A DevNonce never used before, stored before it is handed out. */
  nextDevNonce(): number;
  readonly lastJoinNonce: number;
  setLastJoinNonce(nonce: number): void;
}

/** Who is told what the MAC received. */
export interface MacUser {
  joined(): void;
  unicast(downlink: UnicastDownlink): void;
  /** A data frame with another address than the device's own. */
  otherAddress(frame: DataFrame, octets: Uint8Array): void;
  /** The network's time at the end of an uplink. */
  deviceTime(time: GpsMs, uplinkEnd: UtcMs): void;
  /** Something changed that should survive a restart. */
  changed(): void;
}

/** What a MAC is made of. */
export interface MacOptions {
  readonly clock: Clock<UtcMs>;
  readonly rng: Rng;
  readonly region: Region;
  /** Fixed plans: the sub-band to start in; undefined for all channels. */
  readonly subBand: number | undefined;
  readonly identity: DeviceIdentity;
  readonly behaviour: MacBehaviour;
  readonly antenna: DeviceAntenna;
  readonly cache: FrameCache;
  readonly nonces: NonceStore;
  readonly user: MacUser;
}

/** The form in which the MAC survives a restart. */
export interface SavedMac {
  readonly session: SavedSession;
  readonly plan: SavedChannelPlan;
}
