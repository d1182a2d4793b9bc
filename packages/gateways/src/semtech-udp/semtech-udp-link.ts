import {
  after,
  type Clock,
  type Entropy,
  type Eui64,
  PeerError,
  RateBudget,
  type SteadyMs,
  type Timer,
  TrustTable,
} from '@airlift/kernel';
import type {
  GatewayLink,
  GatewayStatus,
  NetworkLog,
  ReceivedFrame,
  TransmitOutcome,
  TransmitRequest,
} from '@airlift/network';
import {
  type GatewayDatagram,
  isRecord,
  type ProtocolVersion,
  parseDatagramHead,
  parseGatewayDatagram,
  pullAck,
  pullResp,
  pushAck,
} from './datagram.ts';
import {
  type DownlinkPath,
  isDoubtful,
  NO_PATH,
  type PathEvent,
  pathStep,
  reachableOwner,
  samePeer,
} from './downlink-path.ts';
import { parseRxpk } from './rxpk.ts';
import { parseStat, type Stat } from './stat.ts';
import { buildTxpk, isSemtechContext, type SemtechContext } from './txpk.ts';
import type { UdpPeer, UdpSocket } from './udp-socket.ts';

/** How long to wait for TX_ACK before the outcome counts as unknown: until then the frame would be on the air. */
const TX_ACK_WAIT_MS = 1_000;
/** Anyone can invent gateway EUIs, so what is remembered of them is bounded. */
const MOST_GATEWAYS = 1_000;
const MOST_PENDING = 10_000;
/** Forwarders collect no more receptions (NB_PKT_MAX) between two looks at the radio. */
const MOST_RXPK = 255;
/** Receptions a second: ten times what a busy gateway hears. */
const RECEPTIONS_PER_GATEWAY = 4_000;
/** Of all gateways together that have not proved themselves, or that somebody may be posing as. */
const RECEPTIONS_OF_STRANGERS = 8_000;
/** Reading so many octets of JSON counts as one reception. */
const OCTETS_PER_RECEPTION = 1_024;

interface Gateway {
  readonly gatewayEui: Eui64;
  readonly connectedAt: SteadyMs;
  lastSeenAt: SteadyMs;
  /** PULL_DATA says where PULL_RESP may go to, and nothing else does. */
  path: DownlinkPath;
  version: ProtocolVersion;
  lastPeer: UdpPeer;
  stat: Stat | undefined;
  readonly budget: RateBudget;
  readonly drops: Map<string, number>;
}

interface Pending {
  readonly resolve: (outcome: TransmitOutcome) => void;
  readonly timer: Timer;
  /** Where the frame was sent, and hence the only place whose word counts. */
  readonly peer: UdpPeer;
}

/** Counts of what was dropped, by reason. */
export type DropCounts = Readonly<Record<string, number>>;

/** Semtech's UDP packet-forwarder protocol as a `GatewayLink`. It trusts nothing that arrives and never throws on it. */
export class SemtechUdpLink implements GatewayLink {
  readonly #socket: UdpSocket;
  readonly #clock: Clock;
  readonly #gateways = new TrustTable<Eui64, Gateway>(MOST_GATEWAYS);
  readonly #strangersBudget: RateBudget;
  readonly #pending = new Map<string, Pending>();
  readonly #drops = new Map<string, number>();
  readonly #log: NetworkLog;
  #nextToken: number;
  /** The gateway that was heard last, and the one before it. */
  #latest: Gateway | undefined;
  #secondLatest: Gateway | undefined;
  #listener: (frame: ReceivedFrame) => void = () => undefined;

  constructor(options: {
    readonly socket: UdpSocket;
    readonly clock: Clock;
    readonly entropy: Entropy;
    /** Hears of everything that is dropped, as often as it is, but of radio checksums, which fail all the time. */
    readonly log?: NetworkLog;
  }) {
    this.#socket = options.socket;
    this.#clock = options.clock;
    this.#log = options.log ?? (() => undefined);
    this.#strangersBudget = new RateBudget(this.#clock, RECEPTIONS_OF_STRANGERS);
    const [high = 0, low = 0] = options.entropy.octets(2);
    this.#nextToken = high * 256 + low;
    this.#socket.onDatagram((octets, from) => this.#receive(octets, from));
  }

  onFrame(listener: (frame: ReceivedFrame) => void): void {
    this.#listener = listener;
  }

  /** What was dropped so far, by error code. */
  drops(): DropCounts {
    return Object.fromEntries(this.#drops);
  }

  gateways(): readonly GatewayStatus[] {
    const now = this.#clock.now();
    return [...this.#gateways.values()]
      .sort((a, b) => a.connectedAt - b.connectedAt)
      .map((gateway) => this.#statusOf(gateway, now));
  }

  gateway(gatewayEui: Eui64): GatewayStatus | undefined {
    const gateway = this.#gateways.get(gatewayEui);
    return gateway && this.#statusOf(gateway, this.#clock.now());
  }

  severalHeardSince(at: SteadyMs): boolean {
    return this.#secondLatest !== undefined && this.#secondLatest.lastSeenAt > at;
  }

  vouch({ gatewayEui, context }: ReceivedFrame): void {
    const from = isSemtechContext(context) ? context.from : undefined;
    if (from === undefined) return;
    // In a flood of inventions it may have been forgotten since.
    const gateway = this.#gateways.get(gatewayEui) ?? this.#add(gatewayEui, 2, from);
    this.#gateways.trust(gatewayEui);
    this.#step(gateway, { kind: 'genuine', address: from.address });
  }

  transmit(request: TransmitRequest): Promise<TransmitOutcome> {
    const gateway = this.#gateways.get(request.gatewayEui);
    const owner = gateway && reachableOwner(gateway.path, this.#clock.now());
    if (owner === undefined || this.#pending.size >= MOST_PENDING) return Promise.resolve({ kind: 'unreachable' });
    const { peer, version } = owner;
    const token = this.#freshToken(request.gatewayEui);
    const datagram = pullResp(version, token, buildTxpk(request));
    // Version 1 knows no TX_ACK.
    if (version === 1) {
      this.#socket.send(datagram, peer);
      return Promise.resolve({ kind: 'unknown' });
    }
    return new Promise((resolve) => {
      const key = pendingKey(request.gatewayEui, token);
      const timer = after(this.#clock, TX_ACK_WAIT_MS, () => this.#settle(key, { kind: 'unknown' }));
      this.#pending.set(key, { resolve, timer, peer });
      this.#socket.send(datagram, peer);
    });
  }

  /** Nothing can be sent any more; what waits for a TX_ACK has an unknown outcome. */
  async close(): Promise<void> {
    this.#gateways.clear();
    for (const key of [...this.#pending.keys()]) this.#settle(key, { kind: 'unknown' });
    await this.#socket.close();
  }

  #receive(octets: Uint8Array, from: UdpPeer): void {
    try {
      const head = parseDatagramHead(octets);
      if (head.kind === 'push-data' && !this.#mayRead(head.gatewayEui, octets.length, from)) {
        // The forwarder has reached us all the same.
        this.#socket.send(pushAck(head.version, head.token), from);
        return;
      }
      this.#handle(parseGatewayDatagram(octets, head), from, octets.length);
    } catch (error) {
      this.#dropError(error, from);
    }
  }

  #handle(datagram: GatewayDatagram, from: UdpPeer, octets: number): void {
    switch (datagram.kind) {
      case 'push-data': {
        // Acknowledged before it is looked into: forwarders wait 50 ms only.
        this.#socket.send(pushAck(datagram.version, datagram.token), from);
        const gateway = this.#known(datagram, from);
        this.#push(gateway, datagram, from, octets);
        break;
      }
      case 'pull-data': {
        // Rivals too: the owner's port may have changed, and a forwarder that is not answered may give up.
        this.#socket.send(pullAck(datagram.version, datagram.token), from);
        this.#pull(this.#known(datagram, from), datagram.version, from);
        break;
      }
      case 'tx-ack':
        this.#acknowledged(datagram, from);
        break;
    }
  }

  #pull(gateway: Gateway, version: ProtocolVersion, from: UdpPeer): void {
    const before = gateway.path;
    this.#step(gateway, { kind: 'pull', from, version });
    const { path } = gateway;
    if (path.kind === 'none') return;
    const isOwner = samePeer(path.owner.peer, from);
    const fields = { gatewayEui: gateway.gatewayEui, address: from.address, port: from.port };
    if (!isOwner) {
      const { address: owner, port: ownerPort } = path.owner.peer;
      const message = 'another address pulls in the name of a gateway';
      this.#log({ level: 'warn', message, fields: { ...fields, owner, ownerPort } });
      return;
    }
    this.#seen(gateway, version, from);
    if (before.kind === 'none' || samePeer(before.owner.peer, from)) return;
    this.#log({ level: 'warn', message: 'the way to a gateway has moved', fields });
  }

  #acknowledged(datagram: GatewayDatagram & { kind: 'tx-ack' }, from: UdpPeer): void {
    const { error, gatewayEui, token, version } = datagram;
    const gateway = this.#gateways.get(gatewayEui);
    const key = pendingKey(gatewayEui, token);
    const pending = this.#pending.get(key);
    if (pending === undefined || !samePeer(pending.peer, from)) {
      // Late ones of the owner are nothing unusual, and where there is no owner nothing is at stake.
      const owner = gateway === undefined || gateway.path.kind === 'none' ? undefined : gateway.path.owner;
      if (owner !== undefined && !samePeer(owner.peer, from)) this.#drop('tx-ack-foreign', 1, from, gateway);
      return;
    }
    this.#settle(key, error === undefined ? { kind: 'programmed' } : { kind: 'refused', error });
    if (gateway === undefined) return;
    // It comes from the socket that pulls, so it keeps that path alive too.
    this.#step(gateway, { kind: 'ack', from });
    this.#seen(gateway, version, from);
  }

  #push(
    gateway: Gateway,
    { body, version }: GatewayDatagram & { kind: 'push-data' },
    from: UdpPeer,
    octets: number,
  ): void {
    const now = this.#clock.now();
    const doubtful = isDoubtful(gateway.path, from, now);
    if (!doubtful) {
      this.#seen(gateway, version, from);
      if (isRecord(body.stat)) gateway.stat = parseStat(body.stat);
    }
    if (body.rxpk === undefined) return;
    if (!Array.isArray(body.rxpk)) throw new PeerError('rxpk-invalid', 'rxpk is not a list');
    const acted: unknown[] = this.#within(gateway, body.rxpk, octets, from, doubtful);
    for (const item of acted) {
      try {
        const { board, antenna, ...frame } = parseRxpk(item);
        const context: SemtechContext = { board, antenna, from };
        this.#listener({
          ...frame,
          gatewayEui: gateway.gatewayEui,
          receivedAt: now,
          context,
          ...(doubtful ? { doubtful } : {}),
        });
      } catch (error) {
        this.#dropError(error, from, gateway);
      }
    }
  }

  /** The receptions of a datagram that there is time for. */
  #within(gateway: Gateway, items: unknown[], octets: number, from: UdpPeer, doubtful: boolean): unknown[] {
    const readable = Math.min(items.length, MOST_RXPK);
    if (items.length > readable) this.#drop('rxpk-too-many', items.length - readable, from, gateway);
    const paid = readingCost(octets);
    if (readable <= paid) return items.slice(0, readable);
    const allowed = paid + this.#takeBudget(gateway, readable - paid, doubtful);
    if (allowed < readable) this.#drop('rxpk-too-fast', readable - allowed, from, gateway);
    return items.slice(0, allowed);
  }

  /** Whether there is time for reading what a datagram holds; if not, it is dropped unread. */
  #mayRead(gatewayEui: Eui64, octets: number, from: UdpPeer): boolean {
    const gateway = this.#gateways.get(gatewayEui);
    const doubtful = gateway === undefined || isDoubtful(gateway.path, from, this.#clock.now());
    const cost = readingCost(octets);
    if (this.#takeBudget(gateway, cost, doubtful) === cost) return true;
    this.#drop('datagram-too-fast', 1, from, gateway);
    return false;
  }

  /** Takes what there is. What a proven gateway sends itself is bounded by its own share alone, whatever strangers do. */
  #takeBudget(gateway: Gateway | undefined, wanted: number, doubtful: boolean): number {
    if (gateway === undefined || doubtful) return this.#strangersBudget.take(wanted);
    if (this.#gateways.isTrusted(gateway.gatewayEui)) return gateway.budget.take(wanted);
    return gateway.budget.take(this.#strangersBudget.take(Math.min(wanted, gateway.budget.left)));
  }

  #known({ gatewayEui, version }: GatewayDatagram, from: UdpPeer): Gateway {
    return this.#gateways.get(gatewayEui) ?? this.#add(gatewayEui, version, from);
  }

  #add(gatewayEui: Eui64, version: ProtocolVersion, from: UdpPeer): Gateway {
    const now = this.#clock.now();
    const gateway: Gateway = {
      gatewayEui,
      connectedAt: now,
      lastSeenAt: now,
      path: NO_PATH,
      version,
      lastPeer: from,
      stat: undefined,
      budget: new RateBudget(this.#clock, RECEPTIONS_PER_GATEWAY),
      drops: new Map(),
    };
    this.#gateways.add(gatewayEui, gateway);
    return gateway;
  }

  /** Notes that the gateway itself was heard, as far as anybody can tell. */
  #seen(gateway: Gateway, version: ProtocolVersion, from: UdpPeer): void {
    gateway.lastSeenAt = this.#clock.now();
    gateway.lastPeer = from;
    gateway.version = version;
    this.#gateways.touch(gateway.gatewayEui);
    if (this.#latest === gateway) return;
    this.#secondLatest = this.#latest;
    this.#latest = gateway;
  }

  #step(gateway: Gateway, event: PathEvent): void {
    gateway.path = pathStep(gateway.path, event, this.#clock.now());
  }

  #statusOf(gateway: Gateway, now: SteadyMs): GatewayStatus {
    const { stat, lastPeer, path } = gateway;
    return {
      gatewayEui: gateway.gatewayEui,
      address: lastPeer.address,
      port: lastPeer.port,
      version: stat?.version ?? `Semtech UDP ${gateway.version}`,
      connectedAt: gateway.connectedAt,
      lastSeenAt: gateway.lastSeenAt,
      downlinkReady: reachableOwner(path, now) !== undefined,
      proven: this.#gateways.isTrusted(gateway.gatewayEui),
      received: stat?.received ?? 0,
      receivedOk: stat?.receivedOk ?? 0,
      forwarded: stat?.forwarded ?? 0,
      transmitted: stat?.transmitted ?? 0,
      ackRate: stat?.ackRate ?? 0,
      conflict: path.conflict && {
        count: path.conflict.count,
        address: path.conflict.peer.address,
        port: path.conflict.peer.port,
        at: path.conflict.at,
      },
      drops: Object.fromEntries(gateway.drops),
    };
  }

  #freshToken(gatewayEui: Eui64): number {
    do {
      this.#nextToken = (this.#nextToken + 1) & 0xffff;
    } while (this.#pending.has(pendingKey(gatewayEui, this.#nextToken)));
    return this.#nextToken;
  }

  /** False when nobody waits for the outcome. */
  #settle(key: string, outcome: TransmitOutcome): boolean {
    const pending = this.#pending.get(key);
    if (pending === undefined) return false;
    this.#pending.delete(key);
    pending.timer.cancel();
    pending.resolve(outcome);
    return true;
  }

  /** Nothing that arrives may end the process, not even by way of a fault of our own. */
  #dropError(error: unknown, from: UdpPeer, gateway?: Gateway): void {
    if (error instanceof PeerError) {
      this.#drop(error.code, 1, from, gateway);
      return;
    }
    this.#count('internal', 1, gateway);
    this.#log({ level: 'error', message: 'a datagram could not be dealt with', fields: {}, cause: error });
  }

  #drop(code: string, count: number, from: UdpPeer, gateway?: Gateway): void {
    this.#count(code, count, gateway);
    // Radios hear noise all day long.
    if (code === 'rxpk-crc') return;
    const fields = { reason: code, gatewayEui: gateway?.gatewayEui, address: from.address };
    this.#log({ level: 'warn', message: 'dropped what a gateway sent', fields, count });
  }

  #count(code: string, count: number, gateway?: Gateway): void {
    for (const drops of [this.#drops, gateway?.drops]) drops?.set(code, (drops.get(code) ?? 0) + count);
  }
}

/** In receptions. */
function readingCost(octets: number): number {
  return Math.ceil(octets / OCTETS_PER_RECEPTION);
}

function pendingKey(gatewayEui: Eui64, token: number): string {
  return `${gatewayEui}/${token}`;
}
