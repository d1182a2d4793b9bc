import type { Eui64, GpsMs, SteadyMs } from '@airlift/kernel';

/** What a network server can do for campaigns, as data. */
export interface LinkCapabilities {
  /** It answers DeviceTimeReq by itself, so that AppTimeReq in the same frame may be left to it. */
  readonly answersDeviceTime: boolean;
  /** What it tells of a frame that was handed to it: nothing, that it went out, or that of each gateway. */
  readonly fate: 'none' | 'per-frame' | 'per-gateway';
  /** The answer to an uplink can go into that uplink's own receive windows; else it waits for the next. */
  readonly answersAtOnce: boolean;
}

/** A downlink on its way, named by the campaign. Its fate comes as a `LinkNews`. */
export type TicketId = string;

/**
 * What happened to a frame. Delivery to a device is known by its answer only. `unknown` where the network server does
 * not tell.
 */
export type TicketFate = 'on-air' | 'refused' | 'expired' | 'unknown';

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

/** What one gateway made of a frame to a group. */
export interface GatewayFate {
  readonly gatewayEui: Eui64;
  readonly sent: boolean;
  /** Why not, in the words of the gateway or the network server; undefined when sent. */
  readonly error: string | undefined;
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
  /** One entry for each gateway that the frame was meant for; empty when the network server does not tell them apart. */
  readonly gateways: readonly GatewayFate[];
}

/** Why a frame to a group has not gone out yet. */
export type WaitCause = 'transmitter' | 'duty-cycle' | 'no-gateway';

/** A frame to a group waits for more than a moment; told once for each cause. */
export interface WaitingEvent {
  readonly kind: 'waiting';
  readonly ticketId: TicketId;
  readonly cause: WaitCause;
  /** When it can go at the earliest; undefined when nobody knows. */
  readonly until: SteadyMs | undefined;
}

export type LinkNews = JoinedEvent | TicketEvent | WaitingEvent;

export interface UnicastDownlink {
  readonly ticketId: TicketId;
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

/** Who hears of what happens. Both resolve when the event is dealt with; a rejection is the listener's own fault. */
export interface LinkListener {
  /** What is returned goes into the receive windows of the uplink, or, when it comes too late, into the next ones. */
  uplink(event: UplinkEvent): Promise<UnicastDownlink | undefined>;
  /** In the order in which it happened. */
  news(event: LinkNews): Promise<void>;
}

export interface GroupSpec {
  /** Chosen by the campaign; opening the same one again changes nothing but its members. */
  readonly groupId: string;
  readonly mcAddr: number;
  readonly mcNwkSKey: Uint8Array;
  readonly mcAppSKey: Uint8Array;
  readonly region: string;
  readonly frequencyHz: number;
  readonly dataRate: number;
  readonly firstFCnt: number;
  /** The gateways follow these devices for as long as the group is open. */
  readonly devEuis: readonly Eui64[];
}

export interface GroupFrame {
  readonly ticketId: TicketId;
  readonly fPort: number;
  readonly payload: Uint8Array;
  /** Not before, and as soon after as transmitters and duty cycle allow. */
  readonly notBefore: SteadyMs;
}

/** What the network server knows of a device. */
export interface LinkFacts {
  readonly deviceClass: 'A' | 'B' | 'C';
  readonly region: string;
  readonly joinedAt: SteadyMs | undefined;
  readonly lastUplinkAt: SteadyMs | undefined;
  /** Gateways that heard it last, best first. */
  readonly gatewayEuis: readonly Eui64[];
}

/** What a region allows for frames to a group at a frequency and data rate. */
export interface GroupTiming {
  readonly airtimeMs: number;
  /** Part of an hour (0 .. 1] for which one gateway may send in that sub-band. */
  readonly dutyCycle: number;
  /** Largest application payload at the data rate, octets; 0 when it cannot be used. */
  readonly maxPayloadOctets: number;
}

/** What a campaign needs of any network server, and no more. */
export interface DeviceLink {
  readonly capabilities: LinkCapabilities;
  /** Sets who hears of events; there is one listener at a time. Returns how to end it. */
  subscribe(listener: LinkListener): () => void;
  send(devEui: Eui64, downlink: UnicastDownlink): Promise<void>;
  /** Takes back what waits for the device; each is told as `expired`. */
  flush(devEui: Eui64): Promise<void>;
  /** @throws CallerError `group-radio` when the region does not allow its frequency or data rate */
  openGroup(group: GroupSpec): Promise<void>;
  /** From now on the gateways of the group follow these devices. */
  setMembers(groupId: string, devEuis: readonly Eui64[]): Promise<void>;
  sendToGroup(groupId: string, frame: GroupFrame): Promise<void>;
  /** Takes back what waits for the group; each is told as `expired`. */
  flushGroup(groupId: string): Promise<void>;
  closeGroup(groupId: string): Promise<void>;
  /** Undefined for a device that the network server does not know. */
  facts(devEui: Eui64): Promise<LinkFacts | undefined>;
  /**
   * An address that no device and no other group has, and the first counter never used with it.
   * @throws CallerError `mc-addresses-exhausted`
   */
  allocateMcAddr(): Promise<{ readonly mcAddr: number; readonly nextFCnt: number }>;
  /** @param payloadOctets application payload of a frame */
  groupTiming(region: string, frequencyHz: number, dataRate: number, payloadOctets: number): Promise<GroupTiming>;
}
