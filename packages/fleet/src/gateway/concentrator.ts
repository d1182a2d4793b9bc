import { type Clock, type Eui64, gpsMs, type Rng, type UtcMs, utcFromGps, utcMs } from '@airlift/kernel';
import { fskTimeOnAirMs, type Region, timeOnAirMs } from '@airlift/lorawan';
import type { AirFrame, Signal } from '../radio/air-frame.ts';
import type { GatewayAntenna, Radio } from '../radio/radio.ts';
import { ScopedClock } from '../scoped-clock.ts';
import { ConcentratorCounter } from './concentrator-counter.ts';
import { demodulatorOf, type GatewayDemodulator, gatewayDemodulators } from './gateway-channels.ts';
import type { Reception } from './gateway-reports.ts';
import { type ForwarderModel, type JitEntry, JitQueue, type JitRefusal, SX1302_FORWARDER } from './jit-queue.ts';
import type { TxRequest, TxTime } from './tx-request.ts';

/** What a concentrator is made of. */
export interface ConcentratorOptions {
  readonly clock: Clock<UtcMs>;
  readonly rng: Rng;
  readonly radio: Radio;
  readonly eui: Eui64;
  readonly region: Region;
  /** Fixed plans: which eight channels it hears, 1..8; default 2. */
  readonly subBand?: number;
  /** Whether it knows GPS time: reports it with every frame and sends at GPS times. Default true. */
  readonly gps?: boolean;
  readonly forwarder?: ForwarderModel;
  /** Called for every frame that it heard. */
  readonly heard: (reception: Reception) => void;
}

/** Why a frame is not sent, in the words of TX_ACK. */
export type TxRefusal = JitRefusal | 'TX_FREQ' | 'GPS_UNLOCKED';

/** The radio is told of a frame this long before it begins, as the concentrator is. */
const HANDOVER_MS = 30;

/**
 * The radio half of an eight-channel gateway, whatever it speaks with the network server: hears with exact timestamps
 * and sends what it is told at the microsecond, one frame at a time.
 */
export class Concentrator {
  readonly eui: Eui64;
  readonly #clock: ScopedClock;
  readonly #region: Region;
  readonly #antenna: GatewayAntenna;
  readonly #demodulators: readonly GatewayDemodulator[];
  readonly #counter: ConcentratorCounter;
  readonly #jit: JitQueue<TxRequest>;
  readonly #gps: boolean;
  readonly #heard: (reception: Reception) => void;
  #transmitted = 0;

  constructor(options: ConcentratorOptions) {
    this.eui = options.eui;
    this.#clock = new ScopedClock(options.clock);
    this.#region = options.region;
    this.#demodulators = gatewayDemodulators(options.region, options.subBand ?? 2);
    this.#counter = new ConcentratorCounter(options.clock.now(), options.rng.u32());
    this.#jit = new JitQueue(options.forwarder ?? SX1302_FORWARDER);
    this.#gps = options.gps ?? true;
    this.#heard = options.heard;
    this.#antenna = options.radio.attachGateway({
      eui: this.eui,
      listensTo: (tuning) => demodulatorOf(this.#demodulators, tuning) >= 0,
      hear: (frame, signal) => this.#hear(frame, signal),
    });
  }

  /** Frames that went on air. */
  get transmitted(): number {
    return this.#transmitted;
  }

  /** Queues a frame for its instant; returns why not. */
  send(request: TxRequest): TxRefusal | undefined {
    if (!this.#maySendOn(request.frequencyHz)) return 'TX_FREQ';
    if (request.time.kind === 'gps' && !this.#gps) return 'GPS_UNLOCKED';
    const nowUs = this.#counter.at(this.#clock.now());
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

  /** Falls silent and deaf. */
  stop(): void {
    this.#clock.cancelAll();
    this.#antenna.detach();
  }

  #hear(frame: AirFrame, signal: Signal): void {
    const channel = demodulatorOf(this.#demodulators, frame);
    this.#heard({
      frame,
      signal,
      tmst: this.#counter.tmstAt(frame.endMs),
      channel,
      rfChain: this.#demodulators[channel]?.rfChain ?? 0,
      gps: this.#gps,
    });
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
      this.#transmitted += 1;
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
