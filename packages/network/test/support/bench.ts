import {
  type Eui64,
  HeldDeviceTime,
  OffsetCalendar,
  parseEui64,
  Rng,
  type SteadyMs,
  steadyMs,
  VirtualClock,
} from '@airlift/kernel';
import { type LoraModulation, type RegionName, region } from '@airlift/lorawan';
import {
  DEFAULT_NETWORK_CONFIG,
  type DeviceClass,
  type DevicePayload,
  type DeviceUplink,
  type DownlinkFate,
  type FrameWaiting,
  type NetworkConfig,
  type NetworkEvent,
  type NetworkLogEntry,
  NetworkServer,
  type NetworkStore,
  type TransmitRequest,
} from '../../src/index.ts';
import { type Hearing, MemoryGatewayLink, MemoryNetworkStore } from '../../src/testing/index.ts';
import { TestDevice, type UplinkWishes } from './test-device.ts';

export const GATEWAY: Eui64 = parseEui64('00800000a0001234');
export const SECOND_GATEWAY: Eui64 = parseEui64('a84041fdfe276a10');
export const THIRD_GATEWAY: Eui64 = parseEui64('a84041fdfe276a11');

export const sf = (spreadingFactor: number, bandwidthKhz = 125): LoraModulation => ({
  kind: 'lora',
  spreadingFactor,
  bandwidthKhz,
});

/** Where an uplink is heard unless a test says otherwise: SF7 on the first channel of the plan. */
const HOME: Readonly<Partial<Record<RegionName, number>>> = { EU868: 868_100_000, US915: 903_900_000 };

/** A network server with everything around it in memory and in virtual time. */
export class Bench {
  readonly clock: VirtualClock;
  readonly calendar = new OffsetCalendar();
  readonly deviceTime = new HeldDeviceTime(this.calendar);
  readonly link: MemoryGatewayLink;
  readonly store: NetworkStore;
  readonly config: NetworkConfig;
  readonly events: NetworkEvent[] = [];
  readonly log: NetworkLogEntry[] = [];
  /** What the listener does with an event, beside noting it. */
  listener: (event: NetworkEvent) => Promise<void> = () => Promise.resolve();
  /** What the listener answers an uplink with, after that. */
  answer: (uplink: DeviceUplink) => Promise<DevicePayload | undefined> = () => Promise.resolve(undefined);
  server: NetworkServer;
  readonly #seed: string;
  #servers = 0;
  #tickets = 0;
  #kill: () => void = () => undefined;

  constructor(
    options: {
      readonly region?: RegionName;
      readonly config?: Partial<NetworkConfig>;
      readonly store?: NetworkStore;
      readonly gateways?: readonly Eui64[];
      readonly seed?: string;
    } = {},
  ) {
    this.clock = new VirtualClock();
    this.link = new MemoryGatewayLink(this.clock);
    this.store = options.store ?? new MemoryNetworkStore();
    this.config = { ...DEFAULT_NETWORK_CONFIG, region: region(options.region ?? 'EU868'), ...options.config };
    this.#seed = options.seed ?? 'network';
    for (const gateway of options.gateways ?? [GATEWAY]) this.link.appear(gateway);
    this.server = this.#makeServer();
  }

  /** A crash and a new server on the same store: whatever the old one was about to do, no gateway hears of it. */
  async crash(): Promise<void> {
    this.#kill();
    this.server = this.#makeServer();
    await this.server.start();
  }

  /** Provisions a device and lets it join; nothing of that is seen in `requests` and `events` afterwards. */
  async join(device = new TestDevice(), deviceClass: DeviceClass = 'A'): Promise<TestDevice> {
    await this.store.addDevice(device.provisioned(deviceClass));
    this.hear(device.joinRequest());
    await this.clock.advance(1_000);
    const accept = this.link.requests.at(-1);
    if (accept === undefined || device.accept(accept.phyPayload) === undefined) throw new Error('the join failed');
    await this.clock.advance(10_000);
    this.forget();
    return device;
  }

  /** As `join`, and the first uplink of the session, which confirms it. */
  async joined(device = new TestDevice(), deviceClass: DeviceClass = 'A'): Promise<TestDevice> {
    await this.join(device, deviceClass);
    this.hear(device.uplink());
    await this.clock.advance(10_000);
    this.forget();
    return device;
  }

  /** Lets one gateway hear a frame. */
  hear(phyPayload: Uint8Array, more: Partial<Hearing> & { readonly gatewayEui?: Eui64 } = {}): void {
    const { gatewayEui = GATEWAY, ...rest } = more;
    this.link.hear(gatewayEui, {
      phyPayload,
      frequencyHz: HOME[this.config.region.name] ?? 0,
      modulation: sf(7),
      ...rest,
    });
  }

  /** Lets the device send, and a second pass: every answer has been handed over by then. */
  async uplink(device: TestDevice, wishes: UplinkWishes = {}, more: Partial<Hearing> = {}): Promise<void> {
    this.hear(device.uplink(wishes), more);
    await this.clock.advance(999);
  }

  /** Queues a payload for a device under a ticket of its own, which is returned. */
  async send(devEui: Eui64, payload: Omit<DevicePayload, 'ticketId'>): Promise<string> {
    const ticketId = this.ticket();
    this.server.send(devEui, { ...payload, ticketId });
    return ticketId;
  }

  /** Queues a frame to a group under a ticket of its own, which is returned. */
  sendToGroup(groupId: string, fPort: number, payload: Uint8Array, notBefore: SteadyMs): string {
    const ticketId = this.ticket();
    this.server.sendToGroup(groupId, { ticketId, fPort, payload, notBefore });
    return ticketId;
  }

  ticket(): string {
    this.#tickets += 1;
    return `ticket-${this.#tickets}`;
  }

  get requests(): TransmitRequest[] {
    return this.link.requests;
  }

  /** What was told of frames that wait, without the tickets. */
  waits(): readonly Pick<FrameWaiting, 'cause' | 'until'>[] {
    return this.events.flatMap((event) => (event.kind === 'waiting' ? { cause: event.cause, until: event.until } : []));
  }

  fates(): DownlinkFate[] {
    return this.events.flatMap((event) => (event.kind === 'ticket' ? event : []));
  }

  faults(): NetworkLogEntry[] {
    return this.log.filter((entry) => entry.level === 'error');
  }

  in(spanMs: number): SteadyMs {
    return steadyMs(this.clock.now() + spanMs);
  }

  forget(): void {
    this.requests.length = 0;
    this.events.length = 0;
  }

  #makeServer(): NetworkServer {
    this.#servers += 1;
    const { link } = this;
    let alive = true;
    this.#kill = () => {
      alive = false;
    };
    const server: NetworkServer = new NetworkServer({
      store: this.store,
      link: {
        onFrame: (listener) => link.onFrame(listener),
        gateways: () => link.gateways(),
        gateway: (gatewayEui) => link.gateway(gatewayEui),
        severalHeardSince: (at) => link.severalHeardSince(at),
        vouch: (frame) => link.vouch(frame),
        transmit: (request) => (alive ? link.transmit(request) : new Promise(() => undefined)),
      },
      clock: this.clock,
      deviceTime: this.deviceTime,
      entropy: new Rng(`${this.#seed}/${this.#servers}`),
      config: this.config,
      log: (entry) => this.log.push(entry),
    });
    const note = async (event: NetworkEvent): Promise<boolean> => {
      if (this.server !== server) return false;
      this.events.push(event);
      await this.listener(event);
      return true;
    };
    server.subscribe({
      uplink: async (event) => ((await note(event)) ? this.answer(event) : undefined),
      news: async (event) => {
        await note(event);
      },
    });
    return server;
  }
}
