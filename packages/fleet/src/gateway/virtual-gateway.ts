import { AirliftError, type Clock, type Eui64, gpsMs, type Rng, type UtcMs, utcFromGps, utcMs } from '@airlift/kernel';
import { fskTimeOnAirMs, type Region, timeOnAirMs } from '@airlift/lorawan';
import type { AirFrame, Signal } from '../radio/air-frame.ts';
import type { GatewayAntenna, Radio } from '../radio/radio.ts';
import { ScopedClock } from '../scoped-clock.ts';
import { ConcentratorCounter } from './concentrator-counter.ts';
import type { DatagramSocket } from './datagram-socket.ts';
import { demodulatorOf, type GatewayDemodulator, gatewayDemodulators } from './gateway-channels.ts';
import { type ForwarderCounts, type Position, rxpkJson, statJson } from './gateway-reports.ts';
import { type ForwarderModel, type JitEntry, JitQueue, type JitRefusal, SX1302_FORWARDER } from './jit-queue.ts';
import { type DatagramKind, decodeDatagram, encodeDatagram } from './semtech-datagram.ts';
import { parseTxRequest, type TxRequest, type TxTime } from './tx-request.ts';

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
/** The radio is told of a frame this long before it begins, as the concentrator is. */
const HANDOVER_MS = 30;

/**
 * An eight-channel gateway with Semtech's packet forwarder (UDP protocol version 2): forwards what it hears with exact
 * timestamps, keeps the downlink path open, and sends what it is told at the microsecond, one frame at a time.
 */
export class VirtualGateway {
  readonly eui: Eui64;
  readonly #clock: ScopedClock;
  readonly #rng: Rng;
  readonly #region: Region;
  readonly #socket: DatagramSocket;
  readonly #antenna: GatewayAntenna;
  readonly #demodulators: readonly GatewayDemodulator[];
  readonly #counter: ConcentratorCounter;
  readonly #model: ForwarderModel;
  readonly #jit: JitQueue<TxRequest>;
  readonly #gps: boolean;
  readonly #position: Position | undefined;
  readonly #pullIntervalMs: number;
  readonly #statIntervalMs: number;
  readonly #pushTokens = new Set<number>();
  #pullToken: number | undefined;
  readonly #total = { received: 0, forwarded: 0, pushed: 0, acknowledged: 0, downlinks: 0, transmitted: 0 };
  #reported: ForwarderCounts = { ...this.#total };
  readonly #refused: Record<string, number> = {};
  #ignored = 0;

  constructor(options: VirtualGatewayOptions) {
    this.eui = options.eui;
    this.#clock = new ScopedClock(options.clock);
    this.#rng = options.rng;
    this.#region = options.region;
    this.#socket = options.socket;
    this.#demodulators = gatewayDemodulators(options.region, options.subBand ?? 2);
    this.#counter = new ConcentratorCounter(options.clock.now(), options.rng.u32());
    this.#model = options.forwarder ?? SX1302_FORWARDER;
    this.#jit = new JitQueue(this.#model);
    this.#gps = options.gps ?? true;
    this.#position = options.position;
    this.#pullIntervalMs = options.pullIntervalMs ?? 10_000;
    this.#statIntervalMs = options.statIntervalMs ?? 30_000;
    this.#antenna = options.radio.attachGateway({
      eui: this.eui,
      listensTo: (tuning) => demodulatorOf(this.#demodulators, tuning) >= 0,
      hear: (frame, signal) => this.#hear(frame, signal),
    });
    this.#socket.onDatagram((datagram) => this.#receive(datagram));
    this.#pull();
    this.#armStat();
  }

  /** A snapshot of the counters. */
  counters(): GatewayCounters {
    return { ...this.#total, refused: { ...this.#refused }, ignored: this.#ignored };
  }

  /** Falls silent and closes its socket. */
  stop(): void {
    this.#clock.cancelAll();
    this.#antenna.detach();
    this.#socket.close();
  }

  #hear(frame: AirFrame, signal: Signal): void {
    this.#total.received += 1;
    const channel = demodulatorOf(this.#demodulators, frame);
    const json = rxpkJson({
      frame,
      signal,
      tmst: this.#counter.tmstAt(frame.endMs),
      channel,
      rfChain: this.#demodulators[channel]?.rfChain ?? 0,
      gps: this.#gps,
    });
    this.#total.forwarded += 1;
    this.#push(json);
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
      const counts = difference(this.#total, this.#reported);
      this.#reported = { ...this.#total };
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
    const nowUs = this.#counter.at(this.#clock.now());
    const refusal = this.#enqueue(nowUs, request);
    if (refusal === undefined) {
      this.#send('tx-ack', token, this.#model.successBody);
      return;
    }
    this.#refused[refusal] = (this.#refused[refusal] ?? 0) + 1;
    this.#send('tx-ack', token, JSON.stringify({ txpk_ack: { error: refusal } }));
  }

  #enqueue(nowUs: number, request: TxRequest): JitRefusal | 'TX_FREQ' | 'GPS_UNLOCKED' | undefined {
    if (!this.#maySendOn(request.frequencyHz)) return 'TX_FREQ';
    if (request.time.kind === 'gps' && !this.#gps) return 'GPS_UNLOCKED';
    const startUs = this.#startOf(request.time, nowUs);
    const airtimeUs = Math.round(airtimeMsOf(request) * 1000);
    const entry = this.#jit.enqueue(nowUs, {
      frame: request,
      airtimeUs,
      ...(startUs === undefined ? {} : { startUs }),
    });
    if (typeof entry === 'string') return entry;
    this.#schedule(entry);
    return undefined;
  }

  /** The count at which to send; undefined for as soon as possible. */
  #startOf(time: TxTime, nowUs: number): number | undefined {
    switch (time.kind) {
      case 'immediately':
        return undefined;
      case 'counter':
        return this.#counter.unwrap(time.tmst, nowUs);
      case 'gps': {
        // The forwarder turns it into the 32-bit counter first; what has passed comes out far ahead.
        const us = this.#counter.at(utcFromGps(gpsMs(time.tmms)));
        return us < nowUs ? us + 2 ** 32 : us;
      }
    }
  }

  #schedule(entry: JitEntry<TxRequest>): void {
    const startMs = this.#counter.instantOf(entry.startUs);
    this.#clock.setTimer(utcMs(startMs - HANDOVER_MS), () => {
      const { frame } = entry;
      // The second radio chain of the reference design has no transmitter: accepted, acknowledged, never on air.
      if (frame.rfChain !== 0) return;
      this.#total.transmitted += 1;
      this.#antenna.send({
        octets: frame.octets,
        frequencyHz: frame.frequencyHz,
        dataRate: frame.dataRate,
        // FSK has no polarity that could be wrong.
        invertedPolarity: frame.invertedPolarity || frame.modulation === 'FSK',
        startMs,
        airtimeMs: (entry.endUs - entry.startUs) / 1000,
      });
    });
  }

  #maySendOn(frequencyHz: number): boolean {
    const { subBands } = this.#region;
    return frequencyHz >= (subBands[0]?.fromHz ?? 0) && frequencyHz <= (subBands.at(-1)?.toHz ?? 0);
  }
}

function airtimeMsOf(request: TxRequest): number {
  const payloadOctets = request.octets.length;
  if (request.modulation === 'FSK') {
    return fskTimeOnAirMs({ bitRate: Number(request.dataRate), payloadOctets, payloadCrc: request.payloadCrc });
  }
  const [spreadingFactor = 12, bandwidthKhz = 125] = (request.dataRate.match(/\d+/g) ?? []).map(Number);
  return timeOnAirMs({
    spreadingFactor,
    bandwidthKhz,
    payloadOctets,
    payloadCrc: request.payloadCrc,
    preambleSymbols: request.preamble,
  });
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
