import { type Clock, type Eui64, type Rng, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import { type AirFrame, type FrameKind, frameKind, type Signal, type Transmission, type Tuning } from './air-frame.ts';
import { Listeners } from './listeners.ts';
import type { DeviceRadioCounters, RadioCounters } from './radio-counters.ts';

/** The receiver of a device, as the air sees it. */
export interface DeviceReceiver {
  readonly eui: Eui64;
  /**
   * What the receiver is tuned to for the whole of this span, or undefined when it is off, retunes within the span, or
   * the device transmits. Asked when a frame ends, so that a late timer cannot change the answer.
   */
  tunedDuring(startMs: UtcMs, endMs: UtcMs): Tuning | undefined;
  /** Called at the end of a frame. */
  hear(frame: AirFrame, signal: Signal): void;
  /** Whether nothing gets through in this direction now: the device is shielded, or its antenna broken. */
  isCutOff?(direction: 'up' | 'down'): boolean;
  /**
   * It says by its antenna's `listen` and `expect` when it may listen, and need not be asked at other times. Without this
   * it is asked about every frame.
   */
  readonly announces?: boolean;
}

/** The receiver of a gateway. */
export interface GatewayReceiver {
  readonly eui: Eui64;
  listensTo(tuning: Tuning): boolean;
  hear(frame: AirFrame, signal: Signal): void;
}

/** One way from a sender to a receiver, about to be tossed for. */
export interface Link {
  readonly direction: 'up' | 'down';
  readonly device: Eui64;
  readonly gateway: Eui64;
  readonly frame: AirFrame;
}

/** How the air behaves. */
export interface RadioOptions {
  readonly clock: Clock<UtcMs>;
  readonly rng: Rng;
  /** Probability (0..1) with which a frame does not arrive, in either direction; each device has dice of its own. */
  readonly loss?: number;
  /** Probability for uplinks; default `loss`. */
  readonly lossUp?: number;
  /** Probability for downlinks; default `loss`. */
  readonly lossDown?: number;
  /** Losses come in bursts of this many frames on average, at the same probability overall; default singly. */
  readonly burstFrames?: number;
  /** Another probability for one frame on one link; undefined leaves it at the general ones. */
  readonly lossOf?: (link: Link) => number | undefined;
  /** Whether a device and a gateway are near enough to hear each other at all; all of them are unless given. */
  readonly inRange?: (device: Eui64, gateway: Eui64) => boolean;
  /** Whether uplinks that overlap on the same channel and data rate destroy each other; default off. */
  readonly collisions?: boolean;
  /** Whether gateways are deaf while they transmit; default off, as of gateways with a duplexer. */
  readonly gatewaysHalfDuplex?: boolean;
}

interface Station {
  readonly receiver: DeviceReceiver;
  readonly rng: Rng;
  /** Whether the last frame on a link was lost, by direction and gateway. */
  readonly lostLast: Map<string, boolean>;
  readonly baseRssi: number;
  readonly baseSnr: number;
  /** End of the last frame it received: two cannot be received at once. */
  busyUntil: number;
  sent: number;
  heard: number;
  lost: number;
  airtimeMs: number;
}

/** What a device holds to send. */
export interface DeviceAntenna {
  send(transmission: Transmission): AirFrame;
  /** The latest end of the frames from gateways that begin in this span and that the device is tuned to. */
  receivingUntil(fromMs: UtcMs, toMs: UtcMs): UtcMs | undefined;
  /** It listens on this channel from now on, whenever nothing else is to be done; undefined ends it. */
  listen(tuning: Tuning | undefined): void;
  /** It may listen to frames that begin about these instants. */
  expect(openMs: readonly UtcMs[]): void;
  detach(): void;
}

/** What a gateway holds to send. */
export interface GatewayAntenna {
  send(transmission: Transmission): AirFrame;
  detach(): void;
}

/**
 * The air between devices and gateways. Frames take their time on air and are delivered at its end to whoever was
 * tuned to them from beginning to end, unless the dice say that they are lost.
 */
export class Radio {
  readonly #options: RadioOptions;
  readonly #stations = new Map<Eui64, Station>();
  readonly #gateways = new Map<Eui64, GatewayReceiver>();
  readonly #listeners = new Listeners<Station>();
  readonly #timers = new Set<Timer>();
  #uplinks: AirFrame[] = [];
  #downlinks: AirFrame[] = [];
  readonly #destroyed = new WeakSet<AirFrame>();
  readonly #sent: Record<FrameKind, number> = {
    'join-request': 0,
    'join-accept': 0,
    'data-up': 0,
    'data-down': 0,
    other: 0,
  };
  #uplinksHeard = 0;
  #uplinksLost = 0;
  #uplinksCollided = 0;
  readonly #airtimeMs = { up: 0, down: 0 };

  constructor(options: RadioOptions) {
    this.#options = options;
  }

  /** Brings a device into the air. Its dice depend on the seed and its EUI only. */
  attachDevice(receiver: DeviceReceiver): DeviceAntenna {
    const rng = this.#options.rng.fork(`air/${receiver.eui}`);
    const station: Station = {
      receiver,
      rng,
      lostLast: new Map(),
      baseRssi: -Math.round(rng.between(45, 100)),
      baseSnr: rng.between(4, 11),
      busyUntil: Number.NEGATIVE_INFINITY,
      sent: 0,
      heard: 0,
      lost: 0,
      airtimeMs: 0,
    };
    this.#stations.set(receiver.eui, station);
    if (receiver.announces !== true) this.#listeners.always(station);
    return {
      send: (transmission) => this.#sendUp(station, transmission),
      receivingUntil: (fromMs, toMs) => this.#receivingUntil(station, fromMs, toMs),
      listen: (tuning) => this.#listeners.listen(station, tuning, this.#options.clock.now()),
      expect: (openMs) => this.#listeners.expect(station, openMs, this.#options.clock.now()),
      detach: () => {
        this.#listeners.drop(station);
        if (this.#stations.get(receiver.eui) === station) this.#stations.delete(receiver.eui);
      },
    };
  }

  attachGateway(receiver: GatewayReceiver): GatewayAntenna {
    this.#gateways.set(receiver.eui, receiver);
    return {
      send: (transmission) => this.#sendDown(receiver.eui, transmission),
      detach: () => {
        if (this.#gateways.get(receiver.eui) === receiver) this.#gateways.delete(receiver.eui);
      },
    };
  }

  /** A snapshot of the counters. */
  counters(): RadioCounters {
    const devices = new Map<Eui64, DeviceRadioCounters>();
    for (const [eui, { sent, heard, lost, airtimeMs }] of this.#stations) {
      devices.set(eui, { sent, heard, lost, airtimeMs });
    }
    return {
      sent: { ...this.#sent },
      uplinksHeard: this.#uplinksHeard,
      uplinksLost: this.#uplinksLost,
      uplinksCollided: this.#uplinksCollided,
      airtimeMs: { ...this.#airtimeMs },
      devices,
    };
  }

  /** Takes everything off the air that has not arrived yet. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #sendUp(station: Station, transmission: Transmission): AirFrame {
    const frame = this.#onAir('up', station.receiver.eui, transmission);
    station.sent += 1;
    station.airtimeMs += transmission.airtimeMs;
    if (this.#options.collisions === true) {
      this.#uplinks = this.#uplinks.filter((other) => other.endMs > frame.startMs);
      this.#collide(frame);
      this.#uplinks.push(frame);
    }
    this.#at(frame.endMs, () => this.#arriveUp(station, frame));
    return frame;
  }

  #collide(frame: AirFrame): void {
    for (const other of this.#uplinks) {
      if (!sameChannel(other, frame)) continue;
      this.#destroyed.add(other);
      this.#destroyed.add(frame);
    }
  }

  #arriveUp(station: Station, frame: AirFrame): void {
    if (this.#destroyed.has(frame)) {
      this.#uplinksCollided += 1;
      return;
    }
    let heard = false;
    for (const gateway of this.#gateways.values()) {
      if (!this.#inRange(frame.sender, gateway.eui) || !gateway.listensTo(frame) || this.#isDeaf(gateway.eui, frame))
        continue;
      const signal = signalOf(station);
      if (this.#isLost(station, 'up', gateway.eui, frame)) {
        this.#uplinksLost += 1;
        continue;
      }
      heard = true;
      gateway.hear(frame, signal);
    }
    if (heard) this.#uplinksHeard += 1;
  }

  #sendDown(gateway: Eui64, transmission: Transmission): AirFrame {
    const frame = this.#onAir('down', gateway, transmission);
    const now = this.#options.clock.now();
    this.#downlinks = this.#downlinks.filter((other) => other.endMs > now);
    this.#downlinks.push(frame);
    if (transmission.invertedPolarity !== false) this.#at(frame.endMs, () => this.#arriveDown(gateway, frame));
    return frame;
  }

  #arriveDown(gateway: Eui64, frame: AirFrame): void {
    this.#listeners.forEach(frame, (station) => {
      if (station.busyUntil > frame.startMs) return;
      const { receiver } = station;
      const tuning = receiver.tunedDuring(frame.startMs, frame.endMs);
      if (tuning === undefined || !sameChannel(tuning, frame) || !this.#inRange(receiver.eui, gateway)) return;
      station.busyUntil = frame.endMs;
      const signal = signalOf(station);
      if (this.#isLost(station, 'down', gateway, frame)) {
        station.lost += 1;
        return;
      }
      station.heard += 1;
      receiver.hear(frame, signal);
    });
  }

  #receivingUntil(station: Station, fromMs: UtcMs, toMs: UtcMs): UtcMs | undefined {
    let until: UtcMs | undefined;
    for (const frame of this.#downlinks) {
      if (frame.startMs < fromMs || frame.startMs > toMs) continue;
      const tuning = station.receiver.tunedDuring(frame.startMs, frame.endMs);
      if (tuning === undefined || !sameChannel(tuning, frame) || !this.#inRange(station.receiver.eui, frame.sender)) {
        continue;
      }
      if (until === undefined || frame.endMs > until) until = frame.endMs;
    }
    return until;
  }

  #onAir(direction: 'up' | 'down', sender: Eui64, transmission: Transmission): AirFrame {
    const { octets, frequencyHz, dataRate, startMs, airtimeMs } = transmission;
    this.#sent[frameKind(octets)] += 1;
    this.#airtimeMs[direction] += airtimeMs;
    return { direction, sender, octets, frequencyHz, dataRate, startMs, endMs: utcMs(startMs + airtimeMs) };
  }

  #inRange(device: Eui64, gateway: Eui64): boolean {
    return this.#options.inRange?.(device, gateway) ?? true;
  }

  #isLost(station: Station, direction: 'up' | 'down', gateway: Eui64, frame: AirFrame): boolean {
    const { lossOf, loss = 0, lossUp = loss, lossDown = loss, burstFrames = 1 } = this.#options;
    const general = direction === 'up' ? lossUp : lossDown;
    const { receiver } = station;
    const probability =
      lossOf === undefined ? general : (lossOf({ direction, device: receiver.eui, gateway, frame }) ?? general);
    // The dice are thrown whatever the probability: another loss must not change everything after it.
    const thrown = station.rng.unit();
    if (receiver.isCutOff?.(direction) === true) return true;
    if (burstFrames <= 1) return thrown < probability;
    const way = `${direction}/${gateway}`;
    const isLost = thrown < lossAfter(station.lostLast.get(way), probability, burstFrames);
    station.lostLast.set(way, isLost);
    return isLost;
  }

  #isDeaf(gateway: Eui64, frame: AirFrame): boolean {
    if (this.#options.gatewaysHalfDuplex !== true) return false;
    return this.#downlinks.some((other) => other.sender === gateway && overlap(other, frame));
  }

  #at(instant: UtcMs, fire: () => void): void {
    const timer = this.#options.clock.setTimer(instant, () => {
      this.#timers.delete(timer);
      fire();
    });
    this.#timers.add(timer);
  }
}

/**
 * The probability of a loss when losses come in bursts (Gilbert and Elliott's two states, the bad one losing all).
 * @param lostLast whether the frame before was lost; undefined for the first one
 * @param probability of a loss in the long run
 * @param burstFrames mean length of a burst; raised where so many losses cannot come in bursts so short
 */
export function lossAfter(lostLast: boolean | undefined, probability: number, burstFrames: number): number {
  if (burstFrames <= 1 || lostLast === undefined || probability <= 0 || probability >= 1) return probability;
  const length = Math.max(burstFrames, probability / (1 - probability));
  return lostLast ? 1 - 1 / length : probability / (length * (1 - probability));
}

function sameChannel(a: Tuning, b: Tuning): boolean {
  return a.frequencyHz === b.frequencyHz && a.dataRate === b.dataRate;
}

function overlap(a: AirFrame, b: AirFrame): boolean {
  return a.startMs < b.endMs && b.startMs < a.endMs;
}

function signalOf(station: Station): Signal {
  return {
    rssi: Math.round(station.baseRssi + station.rng.between(-3, 3)),
    snr: Math.round((station.baseSnr + station.rng.between(-1.5, 1.5)) * 10) / 10,
  };
}
