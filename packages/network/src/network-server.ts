import {
  type Clock,
  type DeviceTime,
  type Entropy,
  type Eui64,
  PeerError,
  type SteadyMs,
  steadyMs,
  toHex,
} from '@airlift/kernel';
import {
  dataRateIndex,
  downlinkModulation,
  frameTimeOnAirMs,
  maxPayloadOctets,
  parsePhyPayload,
  subBandAt,
} from '@airlift/lorawan';
import { Activity } from './activity.ts';
import type { GatewayLink, ReceivedFrame } from './gateway-link.ts';
import { GroupDesk } from './group-desk.ts';
import { joiningDevice, joinRoad } from './join-road.ts';
import { allocateMcAddr } from './mc-addresses.ts';
import type { NetworkConfig } from './network-config.ts';
import { freshCounters, type NetworkCounters } from './network-counters.ts';
import type { NetworkEvent, NetworkLog } from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';
import type { GroupRecord, McAddress, NetworkStore } from './network-store.ts';
import { Transmitters } from './transmitters.ts';
import { UnicastDesk } from './unicast-desk.ts';
import { UplinkGatherer } from './uplink-gatherer.ts';
import { uplinkRoad } from './uplink-road.ts';

export interface NetworkOptions {
  readonly store: NetworkStore;
  readonly link: GatewayLink;
  readonly clock: Clock;
  readonly deviceTime: DeviceTime;
  readonly entropy: Entropy;
  readonly config: NetworkConfig;
  readonly log: NetworkLog;
}

/** A group to be opened; which gateways serve it follows from where its members were last heard. */
export type GroupOpening = Omit<GroupRecord, 'gatewayEuis' | 'createdAt'> & { readonly devEuis: readonly Eui64[] };

/** How long a gateway counts as one that may still bring a second copy of a frame. */
const GATEWAY_ACTIVE_MS = 300_000;

/** No device sends so many in a row; forgeries in its name may, and are looked through quickly. */
const MOST_WAITING = 1_000;

interface Lane {
  last: Promise<void>;
  waiting: number;
}

/** The LoRaWAN network server: joins, uplinks, receive windows, class C and multicast groups. Knows nothing of firmware. */
export class NetworkServer {
  readonly #parts: NetworkParts;
  readonly #unicast: UnicastDesk;
  readonly #groups: GroupDesk;
  readonly #gatherer: UplinkGatherer;
  /** Frames of one device are dealt with one after the other. */
  readonly #lanes = new Map<string, Lane>();
  #listener: (event: NetworkEvent) => Promise<void> = () => Promise.resolve();
  #ticket = 0;
  #stopped = false;
  readonly #ticketPrefix: string;

  constructor(options: NetworkOptions) {
    const { clock, link, config, entropy } = options;
    this.#parts = {
      ...options,
      transmitters: new Transmitters(config.region),
      counters: freshCounters(),
      activity: new Activity(),
      emit: (event) => this.#emit(event),
    };
    this.#ticketPrefix = toHex(entropy.octets(4));
    this.#unicast = new UnicastDesk(this.#parts);
    this.#groups = new GroupDesk(this.#parts);
    this.#gatherer = new UplinkGatherer({
      clock,
      gatherMs: config.gatherMs,
      severalGateways: () => link.severalHeardSince(steadyMs(clock.now() - GATEWAY_ACTIVE_MS)),
      deliver: (receptions) => this.#process(receptions),
    });
    link.onFrame((frame) => {
      if (this.#stopped) return;
      this.#parts.counters.receptions += 1;
      this.#gatherer.add(frame);
    });
  }

  get counters(): Readonly<NetworkCounters> {
    return this.#parts.counters;
  }

  get config(): NetworkConfig {
    return this.#parts.config;
  }

  async start(): Promise<void> {
    await this.#groups.start();
  }

  /**
   * Takes no further frames and tells no further news; resolves when the work under way is done. What waits for its time
   * or for a gateway's word is given up.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unicast.stop();
    this.#groups.stop();
    await this.#parts.activity.stop();
  }

  /** Resolves when nothing is being dealt with; what waits for its time or for a gateway's word does not count. */
  idle(): Promise<void> {
    return this.#parts.activity.idle();
  }

  /** Sets who hears of events; an uplink's answer waits for the listener a little. */
  subscribe(listener: (event: NetworkEvent) => Promise<void>): void {
    this.#listener = listener;
  }

  /** Queues a payload for a device; returns the ticket under which its fate is told. */
  async send(
    devEui: Eui64,
    downlink: {
      readonly fPort: number;
      readonly payload: Uint8Array;
      readonly before: SteadyMs;
      readonly replacesDeviceTime?: boolean;
    },
  ): Promise<string> {
    const ticketId = this.#nextTicket();
    this.#unicast.queue({
      ticketId,
      devEui,
      ...downlink,
      replacesDeviceTime: downlink.replacesDeviceTime ?? false,
    });
    return ticketId;
  }

  /** @throws CallerError `group-radio` */
  async openGroup({ devEuis, ...group }: GroupOpening): Promise<void> {
    const gatewayEuis = new Set<Eui64>();
    for (const devEui of devEuis) {
      const gateway = (await this.#parts.store.session(devEui))?.lastUplink?.gatewayEui;
      if (gateway !== undefined) gatewayEuis.add(gateway);
    }
    await this.#groups.open({ ...group, gatewayEuis: [...gatewayEuis], createdAt: this.#parts.clock.now() });
  }

  /** Queues a frame to a group; returns the ticket under which its fate is told. */
  sendToGroup(groupId: string, fPort: number, payload: Uint8Array, notBefore: SteadyMs): string {
    const ticketId = this.#nextTicket();
    this.#groups.queue({ ticketId, groupId, fPort, payload, notBefore });
    return ticketId;
  }

  async closeGroup(groupId: string): Promise<void> {
    await this.#groups.close(groupId);
  }

  /**
   * A multicast address that no device and no other group has, and the first counter never used with it.
   * @throws CallerError `mc-addresses-exhausted`
   */
  allocateMcAddr(): Promise<McAddress> {
    return allocateMcAddr(this.#parts, this.#parts.config.mcAddrPrefix);
  }

  /** Time on air of a group frame and the part of an hour that its band allows. */
  groupTiming(frequencyHz: number, dataRate: number, payloadOctets: number): { airtimeMs: number; dutyCycle: number } {
    const { region } = this.#parts.config;
    return {
      airtimeMs: frameTimeOnAirMs(downlinkModulation(region, dataRate), payloadOctets + 13, 'down'),
      dutyCycle: subBandAt(region, frequencyHz)?.dutyCycle ?? 1,
    };
  }

  /** Largest application payload of a downlink data rate, octets. */
  maxPayload(dataRate: number): number {
    return maxPayloadOctets(this.#parts.config.region, dataRate, {}) ?? 0;
  }

  #nextTicket(): string {
    this.#ticket += 1;
    return `${this.#ticketPrefix}-${this.#ticket}`;
  }

  async #emit(event: NetworkEvent): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#listener(event);
    } catch (cause) {
      this.#parts.log({ level: 'error', message: `nobody could take a ${event.kind} event`, fields: {}, cause });
    }
  }

  /** Whatever is in a frame, nothing escapes from here: at worst it is dropped and counted. */
  #process(receptions: readonly ReceivedFrame[]): void {
    const { config } = this.#parts;
    const [best] = receptions;
    if (best === undefined || this.#stopped) return;
    try {
      const frame = parsePhyPayload(best.phyPayload);
      const dataRate = dataRateIndex(config.region, 'up', best.modulation);
      if (dataRate === undefined) {
        this.#countUnreadable('data-rate-foreign');
        return;
      }
      const uplink = { frequencyHz: best.frequencyHz, dataRate };
      if (frame.type === 'join-request') {
        const lane = `join/${frame.devEui}`;
        void this.#run(lane, async () => {
          const device = await joiningDevice(this.#parts, frame);
          if (device === undefined) return;
          await this.#inLane(lane, () => joinRoad(this.#parts, device, frame, receptions, uplink));
        });
      } else if (frame.type === 'data' && frame.direction === 'up') {
        const lane = `data/${frame.devAddr}`;
        void this.#inLane(lane, () => uplinkRoad(this.#parts, this.#unicast, frame, receptions, uplink));
      } else {
        this.#countUnreadable(`unexpected-${frame.type}`);
      }
    } catch (error) {
      if (error instanceof PeerError) {
        this.#countUnreadable(error.code);
      } else {
        this.#countUnreadable('internal');
        this.#parts.log({ level: 'error', message: 'a frame could not be read', fields: {}, cause: error });
      }
    }
  }

  #countUnreadable(code: string): void {
    const { unreadable } = this.#parts.counters;
    unreadable.set(code, (unreadable.get(code) ?? 0) + 1);
  }

  /** Does a piece of work for a device after those that came before it. Never rejects. */
  #inLane(name: string, task: () => Promise<void>): Promise<void> {
    const lane = this.#lanes.get(name) ?? { last: Promise.resolve(), waiting: 0 };
    if (lane.waiting >= MOST_WAITING) {
      this.#parts.counters.crowdedOut += 1;
      this.#parts.log({ level: 'warn', message: 'too many frames of one device at once', fields: { lane: name } });
      return Promise.resolve();
    }
    this.#lanes.set(name, lane);
    lane.waiting += 1;
    lane.last = lane.last
      .then(() => this.#run(name, task))
      .then(() => {
        lane.waiting -= 1;
        if (lane.waiting === 0) this.#lanes.delete(name);
      });
    return lane.last;
  }

  /** Does a piece of work for a device. Never rejects. */
  async #run(lane: string, task: () => Promise<void>): Promise<void> {
    try {
      await this.#parts.activity.run(task);
    } catch (cause) {
      this.#parts.log({ level: 'error', message: 'a frame could not be dealt with', fields: { lane }, cause });
    }
  }
}
