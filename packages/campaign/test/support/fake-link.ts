import {
  after,
  BugError,
  type Clock,
  type Eui64,
  gpsFromUtc,
  gpsMs,
  type SteadyMs,
  steadyMs,
  type Timer,
  utcFromGps,
  utcMs,
} from '@airlift/kernel';
import type { DeviceLink, GroupSpec, LinkEvent, LinkFacts, TicketFate, UnicastDownlink } from '../../src/index.ts';

/** What a fake device must do for the link. */
export interface Receiver {
  readonly devEui: Eui64;
  readonly deviceClass: 'A' | 'C';
  joinedAt: SteadyMs | undefined;
  /** A unicast payload has arrived. */
  hear(fPort: number, payload: Uint8Array): void;
  /** A frame of an open group is on the air; whether the device listens is its own affair. */
  hearGroup(group: GroupSpec, fPort: number, payload: Uint8Array): void;
}

interface Waiting {
  readonly ticketId: string;
  readonly downlink: UnicastDownlink;
  readonly expiry: Timer;
}

/** One group frame that went on the air. */
export interface AirFrame {
  readonly groupId: string;
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly at: SteadyMs;
  readonly fCnt: number;
}

const RX_DELAY_MS = 1_000;
const AIRTIME_MS = 100;

/** A network server in memory on a virtual clock: queues for class A, one window per uplink, groups with counters. */
export class FakeLink implements DeviceLink {
  readonly frames: AirFrame[] = [];
  /** Unicast payloads that left, by device, in order. */
  readonly sentTo = new Map<Eui64, { readonly fPort: number; readonly payload: Uint8Array; readonly at: SteadyMs }[]>();
  readonly groups = new Map<string, GroupSpec>();
  readonly closedGroups = new Set<string>();
  /** Frames to groups are refused while false. */
  canSend = true;
  /** Called for every group frame before it is taken; may throw. */
  onSendToGroup: ((groupId: string) => void) | undefined;
  onSend: ((devEui: Eui64) => void) | undefined;
  onOpenGroup: ((group: GroupSpec) => void) | undefined;
  /** Group frames are taken and their fate is never told while true. */
  swallows = false;
  /** Fates of group frames are kept back while true, and told when it is set to false again. */
  keepsFates = false;
  dutyCycle = 1;
  factsAsked = 0;
  readonly #clock: Clock;
  readonly #devices = new Map<Eui64, Receiver>();
  readonly #queues = new Map<Eui64, Waiting[]>();
  readonly #keptFates: (() => void)[] = [];
  readonly #fCnt = new Map<string, number>();
  #listener: (event: LinkEvent) => Promise<void> = () => Promise.resolve();
  #tickets = 0;
  #addresses = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(device: Receiver): void {
    this.#devices.set(device.devEui, device);
  }

  /** Tells the fates that were kept back. */
  releaseFates(): void {
    this.keepsFates = false;
    for (const tell of this.#keptFates.splice(0)) tell();
  }

  /** Everything that waited is gone, as when the network server starts again. */
  forgetQueues(): void {
    for (const queue of this.#queues.values()) for (const waiting of queue) waiting.expiry.cancel();
    this.#queues.clear();
    this.#tickets += 1_000_000;
  }

  /** An uplink arrives; afterwards the first waiting payload goes into its receive window. */
  async uplink(devEui: Eui64, fPort: number | undefined, payload: Uint8Array, asksDeviceTime = false): Promise<void> {
    const now = this.#clock.now();
    await this.#listener({
      kind: 'uplink',
      devEui,
      fPort,
      payload,
      fCnt: 0,
      receivedGps: gpsFromUtc(utcMs(now)),
      receivedAt: now,
      asksDeviceTime,
    });
    const waiting = this.#queues.get(devEui)?.shift();
    if (waiting === undefined) return;
    waiting.expiry.cancel();
    after(this.#clock, RX_DELAY_MS, () => {
      this.#deliver(devEui, waiting);
    });
  }

  async joined(devEui: Eui64): Promise<void> {
    const device = this.#devices.get(devEui);
    if (device !== undefined) device.joinedAt = this.#clock.now();
    await this.#listener({ kind: 'joined', devEui, at: this.#clock.now() });
  }

  subscribe(listener: (event: LinkEvent) => Promise<void>): void {
    this.#listener = listener;
  }

  async send(devEui: Eui64, downlink: UnicastDownlink): Promise<string> {
    this.onSend?.(devEui);
    const ticketId = this.#ticket();
    const expiry = this.#clock.setTimer(downlink.before, () => {
      const queue = this.#queues.get(devEui) ?? [];
      const place = queue.findIndex((one) => one.ticketId === ticketId);
      if (place < 0) return;
      queue.splice(place, 1);
      this.#tell(ticketId, 'expired', 0);
    });
    const waiting = { ticketId, downlink, expiry };
    if (this.#devices.get(devEui)?.deviceClass === 'C') {
      after(this.#clock, 50, () => {
        expiry.cancel();
        this.#deliver(devEui, waiting);
      });
      return ticketId;
    }
    const queue = this.#queues.get(devEui) ?? [];
    queue.push(waiting);
    this.#queues.set(devEui, queue);
    return ticketId;
  }

  async openGroup(group: GroupSpec): Promise<void> {
    this.onOpenGroup?.(group);
    this.groups.set(group.groupId, group);
    if (!this.#fCnt.has(group.groupId)) this.#fCnt.set(group.groupId, group.firstFCnt);
  }

  async sendToGroup(groupId: string, fPort: number, payload: Uint8Array, notBefore: SteadyMs): Promise<string> {
    this.onSendToGroup?.(groupId);
    const group = this.groups.get(groupId);
    if (group === undefined) throw new BugError(`the group ${groupId} is not open`);
    const ticketId = this.#ticket();
    if (this.swallows) return ticketId;
    this.#clock.setTimer(steadyMs(Math.max(notBefore, this.#clock.now()) + 1), () => {
      if (!this.canSend || !this.groups.has(groupId)) {
        this.#tell(ticketId, 'refused', 0);
        return;
      }
      const fCnt = this.#fCnt.get(groupId) ?? 0;
      this.#fCnt.set(groupId, fCnt + 1);
      this.frames.push({ groupId, fPort, payload, at: this.#clock.now(), fCnt });
      if (this.keepsFates) this.#keptFates.push(() => this.#tell(ticketId, 'on-air', fCnt));
      else this.#tell(ticketId, 'on-air', fCnt);
      after(this.#clock, AIRTIME_MS, () => {
        for (const device of this.#devices.values()) device.hearGroup(group, fPort, payload);
      });
    });
    return ticketId;
  }

  async closeGroup(groupId: string): Promise<void> {
    if (this.groups.delete(groupId)) this.closedGroups.add(groupId);
  }

  async facts(devEui: Eui64): Promise<LinkFacts | undefined> {
    this.factsAsked += 1;
    const device = this.#devices.get(devEui);
    if (device === undefined) return undefined;
    const { deviceClass, joinedAt } = device;
    return { deviceClass, region: 'US915', joinedAt, lastUplinkAt: undefined };
  }

  async allocateMcAddr(): Promise<{ readonly mcAddr: number; readonly nextFCnt: number }> {
    this.#addresses += 1;
    return { mcAddr: 0xf0da_0000 + this.#addresses, nextFCnt: 0 };
  }

  groupTiming(): { readonly airtimeMs: number; readonly dutyCycle: number } {
    return { airtimeMs: AIRTIME_MS, dutyCycle: this.dutyCycle };
  }

  maxPayload(): number {
    return 242;
  }

  #ticket(): string {
    this.#tickets += 1;
    return `ticket-${this.#tickets}`;
  }

  #deliver(devEui: Eui64, { ticketId, downlink }: Waiting): void {
    const { fPort, payload } = downlink;
    const sent = this.sentTo.get(devEui) ?? [];
    sent.push({ fPort, payload, at: this.#clock.now() });
    this.sentTo.set(devEui, sent);
    this.#tell(ticketId, 'on-air', 0);
    this.#devices.get(devEui)?.hear(fPort, payload);
  }

  #tell(ticketId: string, fate: TicketFate, fCnt: number): void {
    const airtimeMs = fate === 'on-air' ? AIRTIME_MS : 0;
    const error = fate === 'on-air' ? undefined : 'no-gateway';
    void this.#listener({ kind: 'ticket', ticketId, fate, at: this.#clock.now(), airtimeMs, fCnt, error });
  }
}

/** UTC of a GPS instant in seconds. */
export function utcOfGpsSeconds(seconds: number): SteadyMs {
  return steadyMs(utcFromGps(gpsMs(seconds * 1000)));
}
