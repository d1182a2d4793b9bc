import { after, type Clock, type Entropy, type Eui64, PeerError, type SteadyMs, type Timer } from '@airlift/kernel';
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
  parseGatewayDatagram,
  pullAck,
  pullResp,
  pushAck,
} from './datagram.ts';
import { parseRxpk } from './rxpk.ts';
import { parseStat, type Stat } from './stat.ts';
import { buildTxpk, type SemtechContext } from './txpk.ts';
import type { UdpPeer, UdpSocket } from './udp-socket.ts';

/** A forwarder that has not pulled for so long cannot be reached any more: its address translation has expired. */
const PULL_EXPIRES_MS = 90_000;
/** How long to wait for TX_ACK before the outcome counts as unknown: until then the frame would be on the air. */
const TX_ACK_WAIT_MS = 1_000;
/** Anyone can invent gateway EUIs, so what is remembered of them is bounded. */
const MOST_GATEWAYS = 1_000;
const MOST_PENDING = 10_000;

interface Gateway {
  readonly gatewayEui: Eui64;
  readonly connectedAt: SteadyMs;
  lastSeenAt: SteadyMs;
  /** Where PULL_DATA last came from: the only place that PULL_RESP may go to. */
  downlinkPeer: UdpPeer | undefined;
  pulledAt: SteadyMs;
  version: ProtocolVersion;
  lastPeer: UdpPeer;
  stat: Stat | undefined;
}

interface Pending {
  readonly resolve: (outcome: TransmitOutcome) => void;
  readonly timer: Timer;
}

/** Counts of what was dropped, by reason. */
export type DropCounts = Readonly<Record<string, number>>;

/** Semtech's UDP packet-forwarder protocol as a `GatewayLink`. It trusts nothing that arrives and never throws on it. */
export class SemtechUdpLink implements GatewayLink {
  readonly #socket: UdpSocket;
  readonly #clock: Clock;
  readonly #gateways = new Map<Eui64, Gateway>();
  readonly #pending = new Map<string, Pending>();
  readonly #drops = new Map<string, number>();
  readonly #log: NetworkLog;
  #nextToken: number;
  #listener: (frame: ReceivedFrame) => void = () => undefined;

  constructor(options: {
    readonly socket: UdpSocket;
    readonly clock: Clock;
    readonly entropy: Entropy;
    /** Hears of faults of our own; what peers do wrong is counted only. */
    readonly log?: NetworkLog;
  }) {
    this.#socket = options.socket;
    this.#clock = options.clock;
    this.#log = options.log ?? (() => undefined);
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
    return [...this.#gateways.values()].map((gateway) => ({
      gatewayEui: gateway.gatewayEui,
      address: gateway.lastPeer.address,
      port: gateway.lastPeer.port,
      version: gateway.stat?.version ?? `Semtech UDP ${gateway.version}`,
      connectedAt: gateway.connectedAt,
      lastSeenAt: gateway.lastSeenAt,
      downlinkReady: downlinkPeer(gateway, now) !== undefined,
      received: gateway.stat?.received ?? 0,
      receivedOk: gateway.stat?.receivedOk ?? 0,
      forwarded: gateway.stat?.forwarded ?? 0,
      transmitted: gateway.stat?.transmitted ?? 0,
      ackRate: gateway.stat?.ackRate ?? 0,
    }));
  }

  transmit(request: TransmitRequest): Promise<TransmitOutcome> {
    const gateway = this.#gateways.get(request.gatewayEui);
    const peer = gateway === undefined ? undefined : downlinkPeer(gateway, this.#clock.now());
    if (gateway === undefined || peer === undefined || this.#pending.size >= MOST_PENDING) {
      return Promise.resolve({ kind: 'unreachable' });
    }
    const token = this.#freshToken(request.gatewayEui);
    const datagram = pullResp(gateway.version, token, buildTxpk(request));
    // Version 1 knows no TX_ACK.
    if (gateway.version === 1) {
      this.#socket.send(datagram, peer);
      return Promise.resolve({ kind: 'unknown' });
    }
    return new Promise((resolve) => {
      const key = pendingKey(request.gatewayEui, token);
      const timer = after(this.#clock, TX_ACK_WAIT_MS, () => this.#settle(key, { kind: 'unknown' }));
      this.#pending.set(key, { resolve, timer });
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
      this.#handle(parseGatewayDatagram(octets), from);
    } catch (error) {
      this.#drop(error);
    }
  }

  #handle(datagram: GatewayDatagram, from: UdpPeer): void {
    // Acknowledged before it is looked into: forwarders wait 50 ms only.
    if (datagram.kind === 'push-data') this.#socket.send(pushAck(datagram.version, datagram.token), from);
    if (datagram.kind === 'pull-data') this.#socket.send(pullAck(datagram.version, datagram.token), from);
    const gateway = this.#remember(datagram, from);
    switch (datagram.kind) {
      case 'pull-data':
        gateway.downlinkPeer = from;
        gateway.pulledAt = this.#clock.now();
        break;
      case 'tx-ack': {
        const { error } = datagram;
        const outcome: TransmitOutcome = error === undefined ? { kind: 'programmed' } : { kind: 'refused', error };
        if (!this.#settle(pendingKey(datagram.gatewayEui, datagram.token), outcome)) break;
        // It comes from the socket that pulls, so it keeps that path alive too. One that answers nothing proves nothing.
        gateway.downlinkPeer = from;
        gateway.pulledAt = this.#clock.now();
        break;
      }
      case 'push-data':
        this.#push(gateway, datagram.body);
        break;
    }
  }

  #push(gateway: Gateway, body: Readonly<Record<string, unknown>>): void {
    if (isRecord(body.stat)) gateway.stat = parseStat(body.stat);
    if (body.rxpk === undefined) return;
    if (!Array.isArray(body.rxpk)) throw new PeerError('rxpk-invalid', 'rxpk is not a list');
    for (const item of body.rxpk) {
      try {
        const { board, antenna, ...frame } = parseRxpk(item);
        const context: SemtechContext = { board, antenna };
        this.#listener({ ...frame, gatewayEui: gateway.gatewayEui, receivedAt: this.#clock.now(), context });
      } catch (error) {
        this.#drop(error);
      }
    }
  }

  #remember(datagram: GatewayDatagram, from: UdpPeer): Gateway {
    const now = this.#clock.now();
    let gateway = this.#gateways.get(datagram.gatewayEui);
    if (gateway === undefined) {
      if (this.#gateways.size >= MOST_GATEWAYS) this.#forgetStalest();
      gateway = {
        gatewayEui: datagram.gatewayEui,
        connectedAt: now,
        lastSeenAt: now,
        downlinkPeer: undefined,
        pulledAt: now,
        version: datagram.version,
        lastPeer: from,
        stat: undefined,
      };
      this.#gateways.set(datagram.gatewayEui, gateway);
    }
    gateway.lastSeenAt = now;
    gateway.lastPeer = from;
    gateway.version = datagram.version;
    return gateway;
  }

  #forgetStalest(): void {
    let stalest: Gateway | undefined;
    for (const gateway of this.#gateways.values()) {
      if (stalest === undefined || gateway.lastSeenAt < stalest.lastSeenAt) stalest = gateway;
    }
    if (stalest !== undefined) this.#gateways.delete(stalest.gatewayEui);
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
  #drop(error: unknown): void {
    const code = error instanceof PeerError ? error.code : 'internal';
    this.#drops.set(code, (this.#drops.get(code) ?? 0) + 1);
    if (code !== 'internal') return;
    this.#log({ level: 'error', message: 'a datagram could not be dealt with', fields: {}, cause: error });
  }
}

function downlinkPeer(gateway: Gateway, now: SteadyMs): UdpPeer | undefined {
  return now - gateway.pulledAt > PULL_EXPIRES_MS ? undefined : gateway.downlinkPeer;
}

function pendingKey(gatewayEui: Eui64, token: number): string {
  return `${gatewayEui}/${token}`;
}
