import {
  after,
  BugError,
  CallerError,
  type Clock,
  type Eui64,
  gpsFromUtc,
  type SteadyMs,
  steadyMs,
  type Timer,
  utcMs,
} from '@airlift/kernel';
import type {
  DeviceLink,
  GatewayFate,
  GroupFrame,
  GroupSpec,
  GroupTiming,
  LinkCapabilities,
  LinkFacts,
  LinkListener,
  TicketEvent,
  UnicastDownlink,
  WaitCause,
} from '../link/index.ts';

/** What a member of a group must know of it to read its frames. */
export type HeardGroup = Pick<GroupSpec, 'mcAddr' | 'mcNwkSKey' | 'mcAppSKey' | 'frequencyHz' | 'dataRate'>;

/** A device at the other end of a link. */
export interface Receiver {
  readonly devEui: Eui64;
  readonly deviceClass: 'A' | 'C';
  joinedAt: SteadyMs | undefined;
  /** Gateways that hear it and that it hears, best first; all of them unless given. */
  readonly gatewayEuis?: readonly Eui64[];
  /** A unicast payload has arrived. */
  hear(fPort: number, payload: Uint8Array): void;
  /** A frame of an open group is on the air; whether the device listens is its own affair. */
  hearGroup(group: HeardGroup, fPort: number, payload: Uint8Array): void;
}

/** What a device needs of the link to be heard. */
export interface DeviceAir {
  add(device: Receiver): void;
  /** Resolves when what the uplink is answered is decided; the device hears it a second after it sent. */
  uplink(devEui: Eui64, fPort: number | undefined, payload: Uint8Array, asksDeviceTime?: boolean): Promise<void>;
  joined(devEui: Eui64): Promise<void>;
}

/** One group frame that went on the air. */
export interface AirFrame {
  readonly groupId: string;
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly at: SteadyMs;
  readonly fCnt: number;
}

/** A unicast payload that left. */
export interface SentDownlink {
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly at: SteadyMs;
}

interface Waiting {
  readonly downlink: UnicastDownlink;
  readonly expiry: Timer;
}

interface WaitingFrame {
  readonly groupId: string;
  readonly frame: GroupFrame;
  readonly dueAt: SteadyMs;
  told: WaitCause | undefined;
}

interface OpenGroup {
  spec: GroupSpec;
  fCnt: number;
}

interface HoldUp {
  readonly cause: WaitCause;
  readonly until: SteadyMs;
}

const HOME: Eui64 = '00800000a0001234' as Eui64;
const RX_DELAY_MS = 1_000;
const ANSWER_WAIT_MS = 400;
const CLASS_C_DELAY_MS = 50;
const NOTICE_MS = 2_000;
const MOST_OCTETS = 242;
const MOST_DATA_RATE = 13;

/**
 * A network server in memory on a virtual clock: one window after each uplink of class A, groups with counters, one
 * transmitter for all their frames. Tests make it refuse, keep silent or wait.
 */
export class MemoryLink implements DeviceLink, DeviceAir {
  readonly capabilities: LinkCapabilities;
  readonly region = 'US915';
  /** Group frames that went on the air, in order. */
  readonly frames: AirFrame[] = [];
  /** Unicast payloads that left, by device, in order. */
  readonly sentTo = new Map<Eui64, SentDownlink[]>();
  readonly closedGroups = new Set<string>();
  /** Frames to groups are refused while false. */
  canSend = true;
  /** These take no frame to a group; their devices do not hear it. */
  readonly brokenGateways = new Set<Eui64>();
  /** Called before a frame, a group, a payload is taken; may throw. */
  onSendToGroup: ((groupId: string) => void) | undefined;
  onSend: ((devEui: Eui64) => void) | undefined;
  onOpenGroup: ((group: GroupSpec) => void) | undefined;
  /** Group frames are taken, sent to nobody, and their fate is never told while true. */
  swallows = false;
  /** Fates of group frames are kept back while true, until `releaseFates`. */
  keepsFates = false;
  /** Of group frames, milliseconds. */
  airtimeMs = 100;
  /** What `groupTiming` says; frames do not wait for it, unless `holdUp` makes them. */
  dutyCycle = 1;
  factsAsked = 0;
  readonly #clock: Clock;
  readonly #devices = new Map<Eui64, Receiver>();
  readonly #lastUplinkAt = new Map<Eui64, SteadyMs>();
  readonly #queues = new Map<Eui64, Waiting[]>();
  readonly #groups = new Map<string, OpenGroup>();
  readonly #keptFates: (() => void)[] = [];
  #waitingFrames: WaitingFrame[] = [];
  #holdUp: HoldUp | undefined;
  #freeAt: SteadyMs;
  #timer: Timer | undefined;
  #listener: LinkListener = NOBODY;
  #addresses = 0;
  #uplinks = 0;

  constructor(clock: Clock, capabilities: Partial<LinkCapabilities> = {}) {
    this.#clock = clock;
    this.#freeAt = clock.now();
    this.capabilities = { answersDeviceTime: true, fate: 'per-gateway', answersAtOnce: true, ...capabilities };
  }

  // ---- what tests do ------------------------------------------------------------------------------------------------

  add(device: Receiver): void {
    this.#devices.set(device.devEui, device);
  }

  async uplink(devEui: Eui64, fPort: number | undefined, payload: Uint8Array, asksDeviceTime = false): Promise<void> {
    const now = this.#clock.now();
    this.#lastUplinkAt.set(devEui, now);
    this.#uplinks += 1;
    const listening = this.#quietly(
      this.#listener.uplink({
        kind: 'uplink',
        devEui,
        fPort,
        payload,
        fCnt: this.#uplinks,
        receivedGps: gpsFromUtc(utcMs(now)),
        receivedAt: now,
        asksDeviceTime,
      }),
    );
    const answer = await this.#inTime(listening);
    const { answersAtOnce } = this.capabilities;
    if (answer !== 'late' && answer !== undefined && answersAtOnce) this.#queue(devEui, answer, true);
    const [waiting] = this.#queues.get(devEui)?.splice(0, 1) ?? [];
    if (waiting !== undefined) {
      waiting.expiry.cancel();
      this.#clock.setTimer(steadyMs(now + RX_DELAY_MS), () => this.#deliver(devEui, waiting.downlink));
    }
    if (answer !== 'late' && answersAtOnce) return;
    void listening.then((downlink) => {
      if (downlink !== undefined) this.#queue(devEui, downlink);
    });
  }

  async joined(devEui: Eui64): Promise<void> {
    const at = this.#clock.now();
    const device = this.#devices.get(devEui);
    if (device !== undefined) device.joinedAt = at;
    await this.#quietly(this.#listener.news({ kind: 'joined', devEui, at }));
  }

  /** Frames to groups wait until then. */
  holdUp(cause: WaitCause, until: SteadyMs): void {
    this.#holdUp = { cause, until };
    this.#pump();
  }

  /** Frames to groups go on. */
  release(): void {
    this.#holdUp = undefined;
    this.#pump();
  }

  /** Tells the fates that were kept back. */
  releaseFates(): void {
    this.keepsFates = false;
    for (const tell of this.#keptFates.splice(0)) tell();
  }

  /** Everything that waited is gone and nobody is told, as when the network server starts again. */
  forgetQueues(): void {
    for (const queue of this.#queues.values()) for (const { expiry } of queue) expiry.cancel();
    this.#queues.clear();
    this.#waitingFrames = [];
  }

  get groups(): ReadonlyMap<string, GroupSpec> {
    return new Map([...this.#groups].map(([groupId, { spec }]) => [groupId, spec]));
  }

  // ---- the link -----------------------------------------------------------------------------------------------------

  subscribe(listener: LinkListener): () => void {
    this.#listener = listener;
    return () => {
      if (this.#listener === listener) this.#listener = NOBODY;
    };
  }

  async send(devEui: Eui64, downlink: UnicastDownlink): Promise<void> {
    this.onSend?.(devEui);
    this.#queue(devEui, downlink);
  }

  async flush(devEui: Eui64): Promise<void> {
    for (const { downlink, expiry } of this.#queues.get(devEui)?.splice(0) ?? []) {
      expiry.cancel();
      this.#tell(downlink.ticketId, { fate: 'expired', error: 'flushed' });
    }
  }

  async openGroup(group: GroupSpec): Promise<void> {
    this.onOpenGroup?.(group);
    this.#expectRegion(group.region);
    if (!isUsable(group)) throw new CallerError('group-radio', 'The region does not allow that radio setting');
    const known = this.#groups.get(group.groupId);
    if (known === undefined) this.#groups.set(group.groupId, { spec: group, fCnt: group.firstFCnt });
    else await this.setMembers(group.groupId, group.devEuis);
  }

  async setMembers(groupId: string, devEuis: readonly Eui64[]): Promise<void> {
    const group = this.#find(groupId);
    group.spec = { ...group.spec, devEuis };
  }

  async sendToGroup(groupId: string, frame: GroupFrame): Promise<void> {
    this.onSendToGroup?.(groupId);
    this.#find(groupId);
    if (this.swallows) return;
    // A frame takes a moment to leave, so that whoever hands it in is done by then.
    const dueAt = steadyMs(Math.max(frame.notBefore, this.#clock.now() + 1));
    this.#waitingFrames.push({ groupId, frame, dueAt, told: undefined });
    this.#pump();
  }

  async flushGroup(groupId: string): Promise<void> {
    this.#takeBack(groupId, 'expired', 'flushed');
  }

  async closeGroup(groupId: string): Promise<void> {
    if (!this.#groups.delete(groupId)) return;
    this.closedGroups.add(groupId);
    this.#takeBack(groupId, 'refused', 'group-closed');
  }

  async facts(devEui: Eui64): Promise<LinkFacts | undefined> {
    this.factsAsked += 1;
    const device = this.#devices.get(devEui);
    if (device === undefined) return undefined;
    const { deviceClass, joinedAt, gatewayEuis = [HOME] } = device;
    const lastUplinkAt = this.#lastUplinkAt.get(devEui);
    return { deviceClass, region: this.region, joinedAt, lastUplinkAt, gatewayEuis };
  }

  async allocateMcAddr(): Promise<{ readonly mcAddr: number; readonly nextFCnt: number }> {
    this.#addresses += 1;
    return { mcAddr: 0xf0da_0000 + this.#addresses, nextFCnt: 0 };
  }

  /** The airtime is the same for every payload. */
  async groupTiming(region: string, frequencyHz: number, dataRate: number): Promise<GroupTiming> {
    this.#expectRegion(region);
    if (!isUsable({ frequencyHz, dataRate })) return { airtimeMs: 0, dutyCycle: 1, maxPayloadOctets: 0 };
    return { airtimeMs: this.airtimeMs, dutyCycle: this.dutyCycle, maxPayloadOctets: MOST_OCTETS };
  }

  // ---- to single devices --------------------------------------------------------------------------------------------

  #queue(devEui: Eui64, downlink: UnicastDownlink, first = false): void {
    if (downlink.payload.length > MOST_OCTETS) {
      this.#tell(downlink.ticketId, { fate: 'refused', error: 'payload-too-long' });
      return;
    }
    const queue = this.#queues.get(devEui) ?? [];
    const expiry = this.#clock.setTimer(downlink.before, () => {
      const place = queue.indexOf(waiting);
      if (place < 0) return;
      queue.splice(place, 1);
      this.#tell(downlink.ticketId, { fate: 'expired', error: 'expired' });
    });
    const waiting: Waiting = { downlink, expiry };
    if (first) queue.unshift(waiting);
    else queue.push(waiting);
    this.#queues.set(devEui, queue);
    if (!this.#isClassC(devEui)) return;
    after(this.#clock, CLASS_C_DELAY_MS, () => {
      const place = queue.indexOf(waiting);
      if (place < 0) return;
      queue.splice(place, 1);
      expiry.cancel();
      this.#deliver(devEui, downlink);
    });
  }

  #deliver(devEui: Eui64, { ticketId, fPort, payload }: UnicastDownlink): void {
    const sent = this.sentTo.get(devEui) ?? [];
    sent.push({ fPort, payload, at: this.#clock.now() });
    this.sentTo.set(devEui, sent);
    this.#tell(ticketId, { fate: 'on-air', airtimeMs: this.airtimeMs });
    this.#devices.get(devEui)?.hear(fPort, payload);
  }

  #isClassC(devEui: Eui64): boolean {
    return this.#devices.get(devEui)?.deviceClass === 'C';
  }

  /** What the listener answers, unless it is too late for the window. */
  async #inTime(listening: Promise<UnicastDownlink | undefined>): Promise<UnicastDownlink | 'late' | undefined> {
    let timer: Timer | undefined;
    const patience = new Promise<'late'>((resolve) => {
      timer = after(this.#clock, ANSWER_WAIT_MS, () => resolve('late'));
    });
    const answer = await Promise.race([listening, patience]);
    timer?.cancel();
    return answer;
  }

  // ---- to groups ----------------------------------------------------------------------------------------------------

  /** Sends what can go now and sets the timer for the next; frames of one group stay in order. */
  #pump(): void {
    this.#timer?.cancel();
    const now = this.#clock.now();
    let nextAt = Number.POSITIVE_INFINITY;
    const seen = new Set<string>();
    for (const waiting of [...this.#waitingFrames]) {
      if (seen.has(waiting.groupId)) continue;
      seen.add(waiting.groupId);
      const held = this.#holdUp;
      const heldUntil = held === undefined ? now : held.until;
      const at = steadyMs(Math.max(waiting.dueAt, this.#freeAt, heldUntil));
      if (at <= now) {
        this.#waitingFrames = this.#waitingFrames.filter((one) => one !== waiting);
        this.#transmit(waiting);
        // The next frame of the group may follow at once when this one was refused.
        nextAt = Math.min(nextAt, Math.max(now, this.#freeAt));
        continue;
      }
      const cause = held !== undefined && at === held.until ? held.cause : 'transmitter';
      if (at >= waiting.dueAt + NOTICE_MS && now >= waiting.dueAt) this.#tellWaiting(waiting, cause, at);
      nextAt = Math.min(nextAt, now < waiting.dueAt ? waiting.dueAt : at);
    }
    if (nextAt < Number.POSITIVE_INFINITY) this.#timer = this.#clock.setTimer(steadyMs(nextAt), () => this.#pump());
  }

  #transmit({ groupId, frame }: WaitingFrame): void {
    const { ticketId, fPort, payload } = frame;
    const group = this.#find(groupId);
    if (payload.length > MOST_OCTETS) {
      this.#tell(ticketId, { fate: 'refused', error: 'payload-too-long' });
      return;
    }
    const gateways = this.#gatewaysOf(group.spec);
    const sending = gateways.flatMap(({ gatewayEui, sent }) => (sent ? gatewayEui : []));
    if (sending.length === 0) {
      this.#tell(ticketId, { fate: 'refused', error: 'no-gateway', gateways });
      return;
    }
    const at = this.#clock.now();
    const { airtimeMs } = this;
    const { fCnt } = group;
    group.fCnt += 1;
    this.#freeAt = steadyMs(at + airtimeMs);
    this.frames.push({ groupId, fPort, payload, at, fCnt });
    const tell = (): void => this.#tell(ticketId, { fate: 'on-air', at, airtimeMs, fCnt, gateways });
    if (this.keepsFates) this.#keptFates.push(tell);
    else tell();
    after(this.#clock, airtimeMs, () => {
      for (const device of this.#devices.values()) {
        const { gatewayEuis = sending } = device;
        if (gatewayEuis.some((one) => sending.includes(one))) device.hearGroup(group.spec, fPort, payload);
      }
    });
  }

  /** The best gateway of each member, and what it makes of a frame now. */
  #gatewaysOf({ devEuis }: GroupSpec): readonly GatewayFate[] {
    const best = devEuis.flatMap((devEui) => this.#devices.get(devEui)?.gatewayEuis?.slice(0, 1) ?? [HOME]);
    return [...new Set(best.length === 0 ? [HOME] : best)].sort().map((gatewayEui) => {
      const sent = this.canSend && !this.brokenGateways.has(gatewayEui);
      return { gatewayEui, sent, error: sent ? undefined : 'gateway-unreachable' };
    });
  }

  #takeBack(groupId: string, fate: 'expired' | 'refused', error: string): void {
    const taken = this.#waitingFrames.filter((waiting) => waiting.groupId === groupId);
    this.#waitingFrames = this.#waitingFrames.filter((waiting) => waiting.groupId !== groupId);
    for (const { frame } of taken) this.#tell(frame.ticketId, { fate, error });
    this.#pump();
  }

  #find(groupId: string): OpenGroup {
    const group = this.#groups.get(groupId);
    if (group === undefined) throw new BugError(`the group ${groupId} is not open`);
    return group;
  }

  #expectRegion(region: string): void {
    if (region !== this.region)
      throw new CallerError('region-unknown', `This link serves ${this.region}, not ${region}`);
  }

  // ---- news ---------------------------------------------------------------------------------------------------------

  #tellWaiting(waiting: WaitingFrame, cause: WaitCause, at: SteadyMs): void {
    if (waiting.told === cause) return;
    waiting.told = cause;
    const until = cause === 'no-gateway' ? undefined : at;
    const { ticketId } = waiting.frame;
    void this.#quietly(this.#listener.news({ kind: 'waiting', ticketId, cause, until }));
  }

  #tell(ticketId: string, told: Pick<TicketEvent, 'fate'> & Partial<TicketEvent>): void {
    const { capabilities } = this;
    const fate = capabilities.fate === 'none' && told.fate === 'on-air' ? 'unknown' : told.fate;
    const gateways = capabilities.fate === 'per-gateway' ? (told.gateways ?? []) : [];
    const usual = { at: this.#clock.now(), airtimeMs: 0, fCnt: 0, error: undefined };
    void this.#quietly(this.#listener.news({ kind: 'ticket', ...usual, ...told, ticketId, fate, gateways }));
  }

  /** A listener that fails is its own fault. */
  async #quietly<T>(listening: Promise<T>): Promise<T | undefined> {
    try {
      return await listening;
    } catch {
      return undefined;
    }
  }
}

const NOBODY: LinkListener = {
  uplink: () => Promise.resolve(undefined),
  news: () => Promise.resolve(),
};

function isUsable({ frequencyHz, dataRate }: { readonly frequencyHz: number; readonly dataRate: number }): boolean {
  return frequencyHz >= 100_000_000 && dataRate >= 0 && dataRate <= MOST_DATA_RATE;
}
