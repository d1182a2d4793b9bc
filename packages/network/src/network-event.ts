import type { Eui64, GpsMs, SteadyMs } from '@airlift/kernel';

/** An uplink that passed all checks, in the clear. */
export interface DeviceUplink {
  readonly kind: 'uplink';
  readonly devEui: Eui64;
  /** 1 .. 255; undefined for frames that carry MAC commands only or nothing at all. */
  readonly fPort: number | undefined;
  readonly payload: Uint8Array;
  readonly fCnt: number;
  readonly confirmed: boolean;
  /** GPS time of the end of reception. */
  readonly receivedGps: GpsMs;
  readonly receivedAt: SteadyMs;
  readonly asksDeviceTime: boolean;
}

/** A device has a new session; its old one lasts until the first uplink of the new. */
export interface DeviceJoined {
  readonly kind: 'joined';
  readonly devEui: Eui64;
  readonly at: SteadyMs;
}

/**
 * What became of a frame handed in for sending. `on-air`: a gateway took it, or never says whether it does; `refused`:
 * no gateway would; `expired`: its time ran out before it could be sent.
 */
export interface DownlinkFate {
  readonly kind: 'ticket';
  readonly ticketId: string;
  readonly fate: 'on-air' | 'refused' | 'expired';
  readonly at: SteadyMs;
  readonly airtimeMs: number;
  /** 0 when no counter was used. */
  readonly fCnt: number;
  readonly error: string | undefined;
}

export type NetworkEvent = DeviceUplink | DeviceJoined | DownlinkFate;

/** One line for people who look into a fault. Never holds keys or payloads. */
export interface NetworkLogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
  readonly cause?: unknown;
  /** How many alike events it stands for; one unless given. */
  readonly count?: number;
}

export type NetworkLog = (entry: NetworkLogEntry) => void;
