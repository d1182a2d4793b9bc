import type { Eui64, GpsMs, SteadyMs } from '@airlift/kernel';

/** A downlink on its way. Its fate comes as a `LinkEvent`. */
export type TicketId = string;

/** What happened to a frame. Delivery to a device is known by its answer only. */
export type TicketFate = 'on-air' | 'refused' | 'expired';

export interface UplinkEvent {
  readonly kind: 'uplink';
  readonly devEui: Eui64;
  /** 1 .. 223; frames without one come with `fPort` undefined and an empty payload. */
  readonly fPort: number | undefined;
  readonly payload: Uint8Array;
  readonly fCnt: number;
  /** GPS time of the end of reception. */
  readonly receivedGps: GpsMs;
  readonly receivedAt: SteadyMs;
  /** The same frame asks for the time on the MAC layer, and the network server is about to answer it. */
  readonly asksDeviceTime: boolean;
}

export interface JoinedEvent {
  readonly kind: 'joined';
  readonly devEui: Eui64;
  readonly at: SteadyMs;
}

export interface TicketEvent {
  readonly kind: 'ticket';
  readonly ticketId: TicketId;
  readonly fate: TicketFate;
  readonly at: SteadyMs;
  /** Time on air of the frame, milliseconds; 0 when it was not sent. */
  readonly airtimeMs: number;
  /** 32-bit frame counter used. */
  readonly fCnt: number;
  /** Why not, in the back end's words; undefined when on air. */
  readonly error: string | undefined;
}

export type LinkEvent = UplinkEvent | JoinedEvent | TicketEvent;

export interface UnicastDownlink {
  readonly fPort: number;
  readonly payload: Uint8Array;
  /** Given up when it could not go out before; a class A device is reached after its next uplink only. */
  readonly before: SteadyMs;
  /**
   * The payload answers the device's question for the time, so that a MAC answer to it in the same frame must be left
   * out: answering both in different frames corrects twice.
   */
  readonly replacesDeviceTime?: boolean;
}

export interface GroupSpec {
  /** Chosen by the campaign; opening the same one again changes nothing. */
  readonly groupId: string;
  readonly mcAddr: number;
  readonly mcNwkSKey: Uint8Array;
  readonly mcAppSKey: Uint8Array;
  readonly frequencyHz: number;
  readonly dataRate: number;
  readonly firstFCnt: number;
  readonly devEuis: readonly Eui64[];
}

export interface LinkFacts {
  readonly deviceClass: 'A' | 'B' | 'C';
  readonly region: string;
  readonly joinedAt: SteadyMs | undefined;
  readonly lastUplinkAt: SteadyMs | undefined;
}

/** What a campaign needs of any network server, and no more. */
export interface DeviceLink {
  /** Events arrive in order; what the listener sends before its promise resolves goes into the receive windows of that uplink. */
  subscribe(listener: (event: LinkEvent) => Promise<void>): void;
  send(devEui: Eui64, downlink: UnicastDownlink): Promise<TicketId>;
  openGroup(group: GroupSpec): Promise<void>;
  /** Queues one frame to the group; not before the instant, and as soon after as transmitters and duty cycle allow. */
  sendToGroup(groupId: string, fPort: number, payload: Uint8Array, notBefore: SteadyMs): Promise<TicketId>;
  closeGroup(groupId: string): Promise<void>;
  /** Undefined for a device that the network server does not know. */
  facts(devEui: Eui64): Promise<LinkFacts | undefined>;
  /**
   * An address that no device and no other group has, and the first counter never used with it.
   * @throws CallerError `mc-addresses-exhausted`
   */
  allocateMcAddr(): Promise<{ readonly mcAddr: number; readonly nextFCnt: number }>;
  /** Time on air of a group frame with such a payload, and the part of an hour (0 .. 1) that its band allows. */
  groupTiming(
    frequencyHz: number,
    dataRate: number,
    payloadOctets: number,
  ): { readonly airtimeMs: number; readonly dutyCycle: number };
  /** Largest application payload at a downlink data rate; 0 when the rate cannot be used. */
  maxPayload(dataRate: number): number;
}
