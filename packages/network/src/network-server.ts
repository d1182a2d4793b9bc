import { type Clock, type DeviceTime, type Entropy, type Eui64, PeerError, steadyMs } from '@airlift/kernel';
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
import { Hearers } from './hearers.ts';
import { joiningDevice, joinRoad } from './join-road.ts';
import { allocateMcAddr } from './mc-addresses.ts';
import type { NetworkConfig } from './network-config.ts';
import { freshCounters, type NetworkCounters } from './network-counters.ts';
import type {
  DevicePayload,
  DeviceUplink,
  GroupPayload,
  NetworkListener,
  NetworkLog,
  NetworkNews,
} from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';
import type { GroupRecord, McAddress, NetworkStore } from './network-store.ts';
import { TransmitterLines } from './transmitter-lines.ts';
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

/** A group to be opened; its gateways follow from where its members are heard. */
export type GroupOpening = Omit<GroupRecord, 'gatewayEuis' | 'createdAt'> & { readonly devEuis: readonly Eui64[] };

/** How long a gateway counts as one that may still bring a second copy of a frame. */
const GATEWAY_ACTIVE_MS = 300_000;

/** No device sends so many in a row; forgeries in its name may, and are looked through quickly. */
const MOST_WAITING = 1_000;

const NOBODY: NetworkListener = {
  uplink: () => Promise.resolve(undefined),
  news: () => Promise.resolve(),
};

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
  #listener: NetworkListener = NOBODY;
  #stopped = false;

  constructor(options: NetworkOptions) {
    const { clock, link, config } = options;
    const transmitters = new Transmitters(config.region);
    this.#parts = {
      ...options,
      transmitters,
      lines: new TransmitterLines(clock, transmitters),
      hearers: new Hearers(),
      counters: freshCounters(),
      activity: new Activity(),
      ask: (uplink) => this.#ask(uplink),
      emit: (event) => this.#emit(event),
    };
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

  /** Sets who hears of events; there is one listener at a time. Returns how to end it. */
  subscribe(listener: NetworkListener): () => void {
    this.#listener = listener;
    return () => {
      if (this.#listener === listener) this.#listener = NOBODY;
    };
  }

  /** Queues a payload for a device; its fate is told under its ticket. */
  send(devEui: Eui64, payload: DevicePayload): void {
    this.#unicast.queue(devEui, payload);
  }

  /** Takes back what waits for a device; each is told as expired. */
  flush(devEui: Eui64): void {
    this.#unicast.flush(devEui);
  }

  /**
   * Opens a group; one that is open already is given its members only.
   * @throws CallerError `group-radio`
   */
  async openGroup({ devEuis, ...group }: GroupOpening): Promise<void> {
    const gatewayEuis = new Set<Eui64>();
    for (const devEui of devEuis) {
      const [best] = await this.gatewaysNear(devEui);
      if (best !== undefined) gatewayEuis.add(best);
    }
    const createdAt = this.#parts.clock.now();
    await this.#groups.open({ ...group, gatewayEuis: [...gatewayEuis], createdAt }, devEuis);
  }

  /** From now on the gateways of an open group follow these devices. */
  setMembers(groupId: string, devEuis: readonly Eui64[]): Promise<void> {
    return this.#groups.setMembers(groupId, devEuis);
  }

  /** Queues a frame to an open group; its fate is told under its ticket. */
  sendToGroup(groupId: string, payload: GroupPayload): void {
    this.#groups.queue(groupId, payload);
  }

  /** Takes back what waits for a group; each is told as expired. */
  flushGroup(groupId: string): void {
    this.#groups.flush(groupId);
  }

  /** The gateways that heard the last uplink of a device, best first; after a restart only the best of them. */
  async gatewaysNear(devEui: Eui64): Promise<readonly Eui64[]> {
    const { hearers, store } = this.#parts;
    if (!hearers.knows(devEui)) hearers.recall(devEui, (await store.session(devEui))?.lastUplink);
    return hearers.of(devEui).flatMap(({ latest, gatewayEui }) => (latest ? gatewayEui : []));
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

  async #ask(uplink: DeviceUplink): Promise<DevicePayload | undefined> {
    if (this.#stopped) return undefined;
    try {
      const answer = await this.#listener.uplink(uplink);
      return this.#stopped ? undefined : answer;
    } catch (cause) {
      this.#noteDeaf(uplink.kind, cause);
      return undefined;
    }
  }

  async #emit(event: NetworkNews): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#listener.news(event);
    } catch (cause) {
      this.#noteDeaf(event.kind, cause);
    }
  }

  #noteDeaf(kind: string, cause: unknown): void {
    this.#parts.log({ level: 'error', message: `nobody could take a ${kind} event`, fields: {}, cause });
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
