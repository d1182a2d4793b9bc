import { type Eui64, type SteadyMs, steadyMs } from '@airlift/kernel';
import { downlinkModulation, frameTimeOnAirMs } from '@airlift/lorawan';
import { readyGateways } from './gateway-choice.ts';
import { sendInSlot } from './hand-over.ts';
import type { NetworkParts } from './network-parts.ts';
import type { DeviceSession } from './network-store.ts';
import type { Place } from './transmitter-lines.ts';
import type { Slot } from './transmitters.ts';
import type { UnicastContent, UnicastFrames } from './unicast-frames.ts';
import type { UnicastItem, UnicastOutbox } from './unicast-outbox.ts';
import { Waits } from './waits.ts';

/** After an uplink a device listens in its two windows first, and hears nothing else meanwhile. */
const WINDOWS_MS = 1_500;

/** Whoever waits behind others looks again now and then whether they have gone away. */
const LONGEST_WAIT_MS = 10_000;

/** A payload that waits for a transmitter. */
interface InLine {
  readonly item: UnicastItem;
  readonly airtimeMs: number;
  readonly place: Place;
}

/** Sends what waits for devices that listen all the time: one frame after the other, outside their receive windows. */
export class ClassCSender {
  readonly #parts: NetworkParts;
  readonly #outbox: UnicastOutbox;
  readonly #frames: UnicastFrames;
  readonly #waits: Waits;
  readonly #serving = new Set<Eui64>();
  readonly #inLine = new Map<Eui64, InLine>();
  /** When each device was heard last, repetitions included, which its stored session does not tell. */
  readonly #heardAt = new Map<Eui64, SteadyMs>();

  constructor(parts: NetworkParts, outbox: UnicastOutbox, frames: UnicastFrames) {
    this.#parts = parts;
    this.#outbox = outbox;
    this.#frames = frames;
    this.#waits = new Waits(parts.clock);
  }

  /** Sends what waits for the device, if it is of class C and was heard in its session. */
  serve(devEui: Eui64): void {
    if (this.#serving.has(devEui) || this.#outbox.first(devEui, this.#parts.clock.now()) === undefined) return;
    const { activity, log } = this.#parts;
    this.#serving.add(devEui);
    activity
      .run(() => this.#drain(devEui))
      .catch((cause: unknown) => {
        log({ level: 'error', message: 'a class C downlink failed', fields: { devEui }, cause });
      });
  }

  /** To be called for every uplink that is answered: its receive windows are about to open. */
  heard(devEui: Eui64, at: SteadyMs): void {
    this.#heardAt.set(devEui, at);
  }

  /** Ends all waiting. */
  stop(): void {
    this.#waits.cutShort();
  }

  async #drain(devEui: Eui64): Promise<void> {
    const { clock, store, activity } = this.#parts;
    try {
      for (;;) {
        const device = await store.device(devEui);
        const session = await store.session(devEui);
        const item = this.#outbox.first(devEui, clock.now());
        if (item === undefined || device?.deviceClass !== 'C' || session?.lastUplink === undefined) return;
        const heardAt = Math.max(session.lastUplink.at, this.#heardAt.get(devEui) ?? 0);
        const quietAt = steadyMs(heardAt + session.rxDelayS * 1000 + WINDOWS_MS);
        // Nobody is to wait for a transmitter behind a device that does not listen.
        if (clock.now() < quietAt) this.#leaveLine(devEui);
        const waitUntil = clock.now() < quietAt ? quietAt : await this.#send(item, session);
        // Meanwhile the payload may leave in a receive window, or expire: everything is looked at anew.
        if (waitUntil !== undefined) await activity.aside(this.#waits.until(waitUntil));
      }
    } finally {
      this.#leaveLine(devEui);
      // In the same turn as the last look into the outbox: nothing can be put in between.
      this.#serving.delete(devEui);
    }
  }

  /** Sends on the RX2 settings of the session. Returns when to try again, or undefined when the matter is settled. */
  async #send(item: UnicastItem, session: DeviceSession): Promise<SteadyMs | undefined> {
    const { clock, config, counters, transmitters } = this.#parts;
    const refuse = (error: string, fCnt = 0): undefined => {
      this.#outbox.remove(item);
      counters.downlinksRefused += 1;
      this.#outbox.refused(item, error, fCnt);
    };
    const { rx2DataRate, rx2FrequencyHz: frequencyHz } = session;
    const content: UnicastContent = { acknowledge: false, fOpts: new Uint8Array(0), application: item };
    const octets = this.#frames.octets(content, rx2DataRate);
    if (octets === undefined) return refuse('payload-too-long');
    const gatewayEui = this.#gatewayNear(session);
    if (gatewayEui === undefined) return refuse('no-gateway');
    const modulation = downlinkModulation(config.region, rx2DataRate);
    const airtimeMs = frameTimeOnAirMs(modulation, octets, 'down');
    const slot: Slot = { gatewayEui, frequencyHz, at: clock.now(), airtimeMs };
    const outlook = this.#placeFor(item, slot).look();
    if (!outlook.go) {
      // Those ahead in the line may go away; the transmitter's own time and budget do not change for the better.
      const free = transmitters.earliestStart(slot);
      if (free === undefined || free >= item.before) return refuse('transmitter-busy');
      if (free > slot.at) return free;
      return steadyMs(Math.min(outlook.at ?? free, item.before, slot.at + LONGEST_WAIT_MS));
    }

    this.#outbox.remove(item);
    let fCnt = 0;
    try {
      const radio = { modulation, time: { kind: 'immediately' }, context: undefined } as const;
      // The slot is promised before this comes back, so that nobody slips in.
      const sending = sendInSlot(this.#parts, slot, radio, async () => {
        const frame = await this.#frames.build(session, content);
        fCnt = frame?.fCnt ?? fCnt;
        return frame?.phyPayload;
      });
      this.#leaveLine(item.devEui);
      const result = await sending;
      if (!result.sent) return refuse(result.error, fCnt);
    } catch (cause) {
      refuse('internal', fCnt);
      throw cause;
    }
    counters.downlinksClassC += 1;
    this.#outbox.sent(item, { at: slot.at, airtimeMs, fCnt });
    return undefined;
  }

  /** Of the gateways that heard the device lately the best that can send; any, when none of them can. */
  #gatewayNear({ devEui, lastUplink }: DeviceSession): Eui64 | undefined {
    const { link, hearers } = this.#parts;
    hearers.recall(devEui, lastUplink);
    const near = hearers.of(devEui).find(({ gatewayEui }) => link.gateway(gatewayEui)?.downlinkReady === true);
    return (near ?? readyGateways(link)[0])?.gatewayEui;
  }

  /** The place of a payload in the line for a transmitter; it is kept from one look to the next. */
  #placeFor(item: UnicastItem, { gatewayEui, frequencyHz, airtimeMs }: Slot): Place {
    const known = this.#inLine.get(item.devEui);
    if (known?.item === item && known.airtimeMs === airtimeMs && known.place.gatewayEui === gatewayEui)
      return known.place;
    this.#leaveLine(item.devEui);
    // Looked at when it is its turn at the earliest: thousands of devices need not be told of each other.
    const place = this.#parts.lines.join({ gatewayEui, frequencyHz, airtimeMs }, () => undefined);
    this.#inLine.set(item.devEui, { item, airtimeMs, place });
    return place;
  }

  #leaveLine(devEui: Eui64): void {
    this.#inLine.get(devEui)?.place.leave();
    this.#inLine.delete(devEui);
  }
}
