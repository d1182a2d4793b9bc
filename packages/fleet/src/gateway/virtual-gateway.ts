import { AirliftError, type Clock, type Eui64, type Rng, type UtcMs, utcMs } from '@airlift/kernel';
import type { Region } from '@airlift/lorawan';
import type { Radio } from '../radio/radio.ts';
import { ScopedClock } from '../scoped-clock.ts';
import { Concentrator } from './concentrator.ts';
import type { DatagramSocket } from './datagram-socket.ts';
import { type ForwarderCounts, type Position, type Reception, rxpkJson, statJson } from './gateway-reports.ts';
import { type ForwarderModel, SX1302_FORWARDER } from './jit-queue.ts';
import { type DatagramKind, decodeDatagram, encodeDatagram } from './semtech-datagram.ts';
import { parseTxRequest, type TxRequest } from './tx-request.ts';

/** What a gateway is made of. */
export interface VirtualGatewayOptions {
  readonly clock: Clock<UtcMs>;
  readonly rng: Rng;
  readonly radio: Radio;
  /** Towards the network server. */
  readonly socket: DatagramSocket;
  readonly eui: Eui64;
  readonly region: Region;
  /** Fixed plans: which eight channels it hears, 1..8; default 2. */
  readonly subBand?: number;
  /** Whether it knows GPS time: reports it with every frame and sends at GPS times. Default true. */
  readonly gps?: boolean;
  readonly forwarder?: ForwarderModel;
  readonly position?: Position;
  /** Milliseconds between PULL_DATA while they are answered; default 10 s. */
  readonly pullIntervalMs?: number;
  /** Milliseconds between status reports; default 30 s. */
  readonly statIntervalMs?: number;
}

/** What a gateway did so far. */
export interface GatewayCounters extends ForwarderCounts {
  /** TX_ACK errors by their word. */
  readonly refused: Readonly<Record<string, number>>;
  /** Datagrams that could not be read, and orders dropped without a TX_ACK. */
  readonly ignored: number;
}

const PULL_RETRY_MS = 1_000;
const MOD_16 = 0x10000;

/**
 * An eight-channel gateway with Semtech's packet forwarder (UDP protocol version 2): forwards what it hears with exact
 * timestamps, keeps the downlink path open, and sends what it is told at the microsecond, one frame at a time.
 */
export class VirtualGateway {
  readonly eui: Eui64;
  readonly #clock: ScopedClock;
  readonly #rng: Rng;
  readonly #socket: DatagramSocket;
  readonly #concentrator: Concentrator;
  readonly #model: ForwarderModel;
  readonly #position: Position | undefined;
  readonly #pullIntervalMs: number;
  readonly #statIntervalMs: number;
  readonly #pushTokens = new Set<number>();
  #pullToken: number | undefined;
  readonly #total = { received: 0, forwarded: 0, pushed: 0, acknowledged: 0, downlinks: 0 };
  #reported: ForwarderCounts = { ...this.#total, transmitted: 0 };
  readonly #refused: Record<string, number> = {};
  #ignored = 0;

  constructor(options: VirtualGatewayOptions) {
    this.eui = options.eui;
    this.#clock = new ScopedClock(options.clock);
    this.#rng = options.rng;
    this.#socket = options.socket;
    this.#model = options.forwarder ?? SX1302_FORWARDER;
    this.#position = options.position;
    this.#pullIntervalMs = options.pullIntervalMs ?? 10_000;
    this.#statIntervalMs = options.statIntervalMs ?? 30_000;
    this.#concentrator = new Concentrator({
      ...options,
      forwarder: this.#model,
      heard: (reception) => this.#hear(reception),
    });
    this.#socket.onDatagram((datagram) => this.#receive(datagram));
    this.#pull();
    this.#armStat();
  }

  /** A snapshot of the counters. */
  counters(): GatewayCounters {
    return { ...this.#counts(), refused: { ...this.#refused }, ignored: this.#ignored };
  }

  /** Falls silent and closes its socket. */
  stop(): void {
    this.#clock.cancelAll();
    this.#concentrator.stop();
    this.#socket.close();
  }

  #counts(): ForwarderCounts {
    return { ...this.#total, transmitted: this.#concentrator.transmitted };
  }

  #hear(reception: Reception): void {
    this.#total.received += 1;
    this.#total.forwarded += 1;
    this.#push(rxpkJson(reception));
  }

  #push(json: string): void {
    this.#total.pushed += 1;
    this.#pushTokens.add(this.#send('push-data', this.#rng.below(MOD_16), json));
    // Acknowledgements of long ago are of no interest.
    if (this.#pushTokens.size > 64) this.#pushTokens.delete([...this.#pushTokens][0] ?? 0);
  }

  #pull(): void {
    this.#pullToken = this.#send('pull-data', this.#rng.below(MOD_16));
    this.#clock.setTimer(utcMs(this.#clock.now() + Math.min(PULL_RETRY_MS, this.#pullIntervalMs)), () => {
      // A server that is not there yet is asked again soon: devices may be waiting.
      if (this.#pullToken !== undefined) this.#pull();
      else {
        const rest = Math.max(0, this.#pullIntervalMs - PULL_RETRY_MS);
        this.#clock.setTimer(utcMs(this.#clock.now() + rest), () => this.#pull());
      }
    });
  }

  #armStat(): void {
    this.#clock.setTimer(utcMs(this.#clock.now() + this.#statIntervalMs), () => {
      const total = this.#counts();
      const counts = difference(total, this.#reported);
      this.#reported = total;
      this.#push(statJson(this.#clock.now(), counts, this.#position));
      this.#armStat();
    });
  }

  #send(kind: DatagramKind, token: number, json?: string): number {
    this.#socket.send(encodeDatagram({ kind, token, gatewayEui: this.eui, ...(json === undefined ? {} : { json }) }));
    return token;
  }

  #receive(octets: Uint8Array): void {
    try {
      const { kind, token, json } = decodeDatagram(octets);
      if (kind === 'push-ack' && this.#pushTokens.delete(token)) this.#total.acknowledged += 1;
      else if (kind === 'pull-ack' && token === this.#pullToken) this.#pullToken = undefined;
      else if (kind === 'pull-resp') this.#order(token, parseTxRequest(json ?? ''));
    } catch (error) {
      // Whatever arrives from the network cannot stop a gateway; only faults of our own go on.
      if (!(error instanceof AirliftError) || error.kind !== 'peer') throw error;
      this.#ignored += 1;
    }
  }

  #order(token: number, request: TxRequest): void {
    this.#total.downlinks += 1;
    const refusal = this.#concentrator.send(request);
    if (refusal === undefined) {
      this.#send('tx-ack', token, this.#model.successBody);
      return;
    }
    this.#refused[refusal] = (this.#refused[refusal] ?? 0) + 1;
    this.#send('tx-ack', token, JSON.stringify({ txpk_ack: { error: refusal } }));
  }
}

function difference(now: ForwarderCounts, before: ForwarderCounts): ForwarderCounts {
  return {
    received: now.received - before.received,
    forwarded: now.forwarded - before.forwarded,
    pushed: now.pushed - before.pushed,
    acknowledged: now.acknowledged - before.acknowledged,
    downlinks: now.downlinks - before.downlinks,
    transmitted: now.transmitted - before.transmitted,
  };
}
