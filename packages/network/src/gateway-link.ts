import type { Eui64, GpsMs, SteadyMs } from '@airlift/kernel';
import type { DownlinkModulation, Modulation } from '@airlift/lorawan';

/** One reception of one frame by one gateway. */
export interface ReceivedFrame {
  readonly gatewayEui: Eui64;
  readonly phyPayload: Uint8Array;
  readonly frequencyHz: number;
  readonly modulation: Modulation;
  readonly rssiDbm: number;
  readonly snrDb: number;
  /** The gateway's own 32-bit microsecond counter at the end of reception: the reference of all class A timing. */
  readonly counterUs: number;
  /** GPS time of the end of reception, when the gateway knows it. */
  readonly gpsTime: GpsMs | undefined;
  readonly receivedAt: SteadyMs;
  /** Whatever the front end needs to answer on the right board and antenna; opaque to the network server. */
  readonly context: unknown;
  /**
   * Came from elsewhere than the way to the gateway leads: somebody else may have made up its signal and counter. What the
   * frame itself holds is protected by the device's keys.
   */
  readonly doubtful?: boolean;
}

export type TransmitTime =
  | { readonly kind: 'immediately' }
  /** Modulo 2^32 microseconds of the gateway's counter. */
  | { readonly kind: 'at-counter'; readonly counterUs: number }
  | { readonly kind: 'at-gps'; readonly gpsTime: GpsMs };

export interface TransmitRequest {
  readonly gatewayEui: Eui64;
  readonly phyPayload: Uint8Array;
  readonly frequencyHz: number;
  readonly modulation: DownlinkModulation;
  /** EIRP, dBm. */
  readonly powerDbm: number;
  readonly time: TransmitTime;
  /** `context` of the reception this answers; undefined for frames nobody asked for. */
  readonly context: unknown;
}

/**
 * What a gateway said of a frame: `programmed` is its promise to send, not proof that it did; `unknown` means that it
 * said nothing in time, as forwarders without TX_ACK always do.
 */
export type TransmitOutcome =
  | { readonly kind: 'programmed' }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unreachable' };

/** What a front end knows of one gateway. Counters as the gateway itself reports them in its `stat`, else 0. */
export interface GatewayStatus {
  readonly gatewayEui: Eui64;
  readonly address: string;
  readonly port: number;
  readonly version: string;
  readonly connectedAt: SteadyMs;
  readonly lastSeenAt: SteadyMs;
  /** Frames can be sent to it now. */
  readonly downlinkReady: boolean;
  /** The network server has vouched for a frame of it. */
  readonly proven: boolean;
  readonly received: number;
  readonly receivedOk: number;
  readonly forwarded: number;
  readonly transmitted: number;
  /** 0 .. 1 */
  readonly ackRate: number;
  /** Attempts of somebody else to be given the frames for it; undefined when there was none. */
  readonly conflict:
    | { readonly count: number; readonly address: string; readonly port: number; readonly at: SteadyMs }
    | undefined;
  /** What it sent and what was dropped, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

/** A gateway protocol front end: receptions come out, transmissions go in. */
export interface GatewayLink {
  /** Called once by the network server, before `transmit`. */
  onFrame(listener: (frame: ReceivedFrame) => void): void;
  /** Never rejects: everything that can go wrong is an outcome. */
  transmit(request: TransmitRequest): Promise<TransmitOutcome>;
  /** All of them, in the order in which they appeared: for people, not for every frame. */
  gateways(): readonly GatewayStatus[];
  /** One of them, at no more cost however many there are. */
  gateway(gatewayEui: Eui64): GatewayStatus | undefined;
  /** Whether more than one gateway was heard after that instant, at no more cost however many there are. */
  severalHeardSince(at: SteadyMs): boolean;
  /** To be told of every reception that proved genuine: anyone can invent gateways, but not the frames of devices. */
  vouch(frame: ReceivedFrame): void;
}
