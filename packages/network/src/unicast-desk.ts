import { BugError, type Eui64, fromHex, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import {
  buildDataFrame,
  downlinkEirpDbm,
  downlinkModulation,
  encodeMacCommands,
  frameTimeOnAirMs,
  type MacDownlinkCommand,
  maxPayloadOctets,
} from '@airlift/lorawan';
import { CounterBlock } from './counter-block.ts';
import type { ReceivedFrame } from './gateway-link.ts';
import { gatewayCounters } from './network-counters.ts';
import type { DownlinkFate } from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';
import type { DeviceSession } from './network-store.ts';
import type { ReceiveWindow } from './receive-windows.ts';
import { sendIntoWindows } from './window-sender.ts';

/** A payload for one device. */
export interface UnicastItem {
  readonly ticketId: string;
  readonly devEui: Eui64;
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly before: UtcMs;
  /** Leave a DeviceTimeAns out of the frame that carries this. */
  readonly replacesDeviceTime: boolean;
}

/** What the answer to an uplink must hold beside a queued payload. */
export interface AnswerNeeds {
  readonly acknowledge: boolean;
  /** The device asks for a sign of life, or owes us one: an empty frame will do. */
  readonly anything: boolean;
  macAnswers(withoutDeviceTime: boolean): readonly MacDownlinkCommand[];
}

const COUNTERS_PER_BLOCK = 8;
/** After an uplink a device listens in its two windows first. */
const CLASS_C_GUARD_MS = 1_500;

/** Queues of payloads for single devices, and the frames that carry them. */
export class UnicastDesk {
  readonly #parts: NetworkParts;
  readonly #queues = new Map<Eui64, UnicastItem[]>();
  readonly #timers = new Map<string, Timer>();
  readonly #counters = new Map<string, CounterBlock>();

  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  /** Queues a payload until the device's next receive window, or for at once if it listens all the time. */
  async queue(item: UnicastItem): Promise<void> {
    const { clock, store } = this.#parts;
    const queue = this.#queues.get(item.devEui) ?? [];
    queue.push(item);
    this.#queues.set(item.devEui, queue);
    this.#timers.set(
      item.ticketId,
      clock.setTimer(item.before, () => this.#expire(item)),
    );
    const device = await store.device(item.devEui);
    const session = await store.session(item.devEui);
    if (device?.deviceClass !== 'C' || session?.lastUplink === undefined) return;
    const quietAt = utcMs(session.lastUplink.at + session.rxDelayS * 1000 + CLASS_C_GUARD_MS);
    clock.setTimer(quietAt, () => {
      this.#sendAnytime(item).catch((cause: unknown) =>
        this.#parts.log({ level: 'error', message: 'a class C downlink failed', fields: {}, cause }),
      );
    });
  }

  /** Answers an uplink with what is needed and the first queued payload. */
  async answer(
    session: DeviceSession,
    receptions: readonly ReceivedFrame[],
    windows: readonly ReceiveWindow[],
    needs: AnswerNeeds,
  ): Promise<void> {
    const item = this.#take(session.devEui);
    const macAnswers = needs.macAnswers(item?.replacesDeviceTime ?? false);
    if (item === undefined && !needs.acknowledge && !needs.anything && macAnswers.length === 0) return;
    const fOpts = encodeMacCommands('down', macAnswers);
    let fCnt = 0;
    const result = await sendIntoWindows(this.#parts, receptions, windows, async (window) => {
      const room = maxPayloadOctets(this.#parts.config.region, window.dataRate, {}) ?? 0;
      if (fOpts.length + (item?.payload.length ?? 0) > room) return undefined;
      fCnt = await this.#counter(session);
      return buildDataFrame({
        direction: 'down',
        devAddr: session.devAddr,
        fCnt,
        fCtrl: { ack: needs.acknowledge },
        fOpts,
        keys: keysOf(session),
        ...(item === undefined ? {} : { fPort: item.fPort, payload: item.payload }),
      });
    });
    const { counters } = this.#parts;
    if (result.sent && result.window.name === 'RX1') counters.downlinksRx1 += 1;
    else if (result.sent) counters.downlinksRx2 += 1;
    if (item === undefined) return;
    this.#tell(
      item,
      result.sent
        ? { fate: 'on-air', at: result.at, airtimeMs: result.airtimeMs, fCnt, error: undefined }
        : { fate: 'refused', at: this.#parts.clock.now(), airtimeMs: 0, fCnt, error: result.error },
    );
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#queues.clear();
  }

  /** Sends to a device that listens all the time, on its RX2 settings, unless the payload has gone out meanwhile. */
  async #sendAnytime(item: UnicastItem): Promise<void> {
    const { store, link, transmitters, clock, config, counters } = this.#parts;
    if (!this.#remove(item)) return;
    const session = await store.session(item.devEui);
    const ready = link.gateways().filter((gateway) => gateway.downlinkReady);
    const gateway = ready.find((one) => one.gatewayEui === session?.lastUplink?.gatewayEui) ?? ready[0];
    const refuse = (error: string): void => {
      counters.downlinksRefused += 1;
      this.#tell(item, { fate: 'refused', at: clock.now(), airtimeMs: 0, fCnt: 0, error });
    };
    if (session === undefined) return refuse('no-session');
    if (gateway === undefined) return refuse('no-gateway');
    const { rx2DataRate, rx2FrequencyHz } = session;
    const room = maxPayloadOctets(config.region, rx2DataRate, {}) ?? 0;
    const powerDbm = downlinkEirpDbm(config.region, rx2FrequencyHz);
    if (powerDbm === undefined) return refuse('frequency-not-allowed');
    if (item.payload.length > room) return refuse('payload-too-long');
    const modulation = downlinkModulation(config.region, rx2DataRate);
    const airtimeMs = frameTimeOnAirMs(modulation, item.payload.length + 13, 'down');
    const now = clock.now();
    const at = transmitters.earliestStart(gateway.gatewayEui, rx2FrequencyHz, now, airtimeMs);
    if (at === undefined || at >= item.before) return refuse('transmitter-busy');
    transmitters.promise(gateway.gatewayEui, rx2FrequencyHz, at, airtimeMs);
    await new Promise<void>((resolve) => {
      clock.setTimer(at, resolve);
    });
    const fCnt = await this.#counter(session);
    const phyPayload = buildDataFrame({
      direction: 'down',
      devAddr: session.devAddr,
      fCnt,
      fPort: item.fPort,
      payload: item.payload,
      keys: keysOf(session),
    });
    const outcome = await link.transmit({
      gatewayEui: gateway.gatewayEui,
      phyPayload,
      frequencyHz: rx2FrequencyHz,
      modulation,
      powerDbm,
      time: { kind: 'immediately' },
      context: undefined,
    });
    if (outcome.kind === 'refused' || outcome.kind === 'unreachable') {
      transmitters.release(gateway.gatewayEui, rx2FrequencyHz, at, airtimeMs);
      return refuse(outcome.kind === 'refused' ? outcome.error : 'gateway-unreachable');
    }
    counters.downlinksClassC += 1;
    gatewayCounters(counters, gateway.gatewayEui).downlinks += 1;
    this.#tell(item, { fate: 'on-air', at, airtimeMs, fCnt, error: undefined });
  }

  async #counter(session: DeviceSession): Promise<number> {
    const { store } = this.#parts;
    const { devEui, devAddr } = session;
    const key = `${devEui}/${devAddr}`;
    let block = this.#counters.get(key);
    if (block === undefined) {
      block = new CounterBlock(COUNTERS_PER_BLOCK, (count) => store.reserveDownlinkCounters(devEui, devAddr, count));
      this.#counters.set(key, block);
    }
    const counter = await block.take();
    if (counter === undefined) {
      this.#counters.delete(key);
      throw new BugError('a downlink was built for a session that is gone');
    }
    return counter;
  }

  #take(devEui: Eui64): UnicastItem | undefined {
    const item = this.#queues.get(devEui)?.shift();
    if (item !== undefined) this.#forgetTimer(item);
    return item;
  }

  #remove(item: UnicastItem): boolean {
    const queue = this.#queues.get(item.devEui) ?? [];
    const place = queue.indexOf(item);
    if (place < 0) return false;
    queue.splice(place, 1);
    this.#forgetTimer(item);
    return true;
  }

  #expire(item: UnicastItem): void {
    if (!this.#remove(item)) return;
    const { clock } = this.#parts;
    this.#tell(item, { fate: 'expired', at: clock.now(), airtimeMs: 0, fCnt: 0, error: 'expired' });
  }

  #forgetTimer(item: UnicastItem): void {
    this.#timers.get(item.ticketId)?.cancel();
    this.#timers.delete(item.ticketId);
  }

  /** The news goes its own way: whoever hears it may hand in the next frame, which must not wait for this one. */
  #tell(item: UnicastItem, fate: Omit<DownlinkFate, 'kind' | 'ticketId'>): void {
    void this.#parts.emit({ kind: 'ticket', ticketId: item.ticketId, ...fate });
  }
}

function keysOf(session: DeviceSession): { macVersion: '1.0'; nwkSKey: Uint8Array; appSKey: Uint8Array } {
  return { macVersion: '1.0', nwkSKey: fromHex(session.nwkSKey), appSKey: fromHex(session.appSKey) };
}
