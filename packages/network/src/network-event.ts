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

/** What one gateway made of a frame to a group. */
export interface GatewayFate {
  readonly gatewayEui: Eui64;
  readonly sent: boolean;
  /** Why not, in the words of the gateway or of the network server; undefined when sent. */
  readonly error: string | undefined;
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
  /** One entry for each gateway that a frame to a group was meant for; empty for a frame to a device. */
  readonly gateways: readonly GatewayFate[];
}

/** Why a frame to a group has not gone out yet. */
export type WaitCause = 'transmitter' | 'duty-cycle' | 'no-gateway';

/** A frame to a group waits for more than a moment; told once for each cause. */
export interface FrameWaiting {
  readonly kind: 'waiting';
  readonly ticketId: string;
  readonly cause: WaitCause;
  /** When it can go at the earliest; undefined when nobody knows. */
  readonly until: SteadyMs | undefined;
}

/** What happens beside uplinks. */
export type NetworkNews = DeviceJoined | DownlinkFate | FrameWaiting;

export type NetworkEvent = DeviceUplink | NetworkNews;

/** A payload for one device. */
export interface DevicePayload {
  /** Chosen by whoever sends; its fate is told under it. */
  readonly ticketId: string;
  readonly fPort: number;
  readonly payload: Uint8Array;
  /** The instant before which its frame must begin. */
  readonly before: SteadyMs;
  /** Leave a DeviceTimeAns out of the frame that carries this. */
  readonly replacesDeviceTime?: boolean;
}

/** A payload for all members of a group. */
export interface GroupPayload {
  /** Chosen by whoever sends; its fate is told under it. */
  readonly ticketId: string;
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly notBefore: SteadyMs;
}

/** Who hears of events. */
export interface NetworkListener {
  /**
   * What is returned goes into the receive windows of that uplink when it comes within `answerWaitMs`, before anything
   * that waits for the device; later it waits for the next ones.
   */
  uplink(event: DeviceUplink): Promise<DevicePayload | undefined>;
  /** Called in the order in which things happened. */
  news(event: NetworkNews): Promise<void>;
}

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
