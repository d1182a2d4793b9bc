import { type Eui64, steadyMs } from '@airlift/kernel';
import { encodeMacCommands, type MacDownlinkCommand } from '@airlift/lorawan';
import { ClassCSender } from './class-c-sender.ts';
import type { ReceivedFrame } from './gateway-link.ts';
import type { DevicePayload } from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';
import type { DeviceSession } from './network-store.ts';
import type { ReceiveWindow } from './receive-windows.ts';
import { type UnicastContent, UnicastFrames } from './unicast-frames.ts';
import { type UnicastItem, UnicastOutbox } from './unicast-outbox.ts';
import { sendIntoWindows, type WindowResult } from './window-sender.ts';

/** What the answer to an uplink must hold beside a queued payload. */
export interface AnswerNeeds {
  readonly acknowledge: boolean;
  /** The device asks for a sign of life, or owes us one: an empty frame will do. */
  readonly anything: boolean;
  macAnswers(withoutDeviceTime: boolean): readonly MacDownlinkCommand[];
}

interface Answer {
  readonly item: UnicastItem | undefined;
  readonly macAnswers: readonly MacDownlinkCommand[];
}

/** Payloads for single devices, and what devices hear in answer to their uplinks. */
export class UnicastDesk {
  readonly #parts: NetworkParts;
  readonly #outbox: UnicastOutbox;
  readonly #frames: UnicastFrames;
  readonly #classC: ClassCSender;
  /** Devices that were told the time in answer to their last uplink. */
  readonly #toldTime = new Set<Eui64>();

  constructor(parts: NetworkParts) {
    this.#parts = parts;
    this.#outbox = new UnicastOutbox(parts);
    this.#frames = new UnicastFrames(parts.store, parts.config.region);
    this.#classC = new ClassCSender(parts, this.#outbox, this.#frames);
  }

  /** Queues a payload until the device's next receive window, or for at once if it listens all the time. */
  queue(devEui: Eui64, payload: DevicePayload): void {
    const item: UnicastItem = { ...payload, devEui };
    if (item.replacesDeviceTime === true && this.#toldTime.has(devEui)) {
      // Whoever hands it in was too slow: a second correction of the device's clock would lead it astray.
      this.#outbox.refused(item, 'time-already-told');
      return;
    }
    this.#outbox.add(item);
    this.#classC.serve(devEui);
  }

  /** Takes back what waits for a device; each is told as expired. */
  flush(devEui: Eui64): void {
    this.#outbox.flush(devEui);
  }

  /** To be called for every new uplink before anybody hears of it. */
  uplinkAccepted(devEui: Eui64): void {
    this.#toldTime.delete(devEui);
  }

  /** Answers an uplink with what is needed and one payload: the one given for it, else the first that waits. */
  async answer(
    session: DeviceSession,
    receptions: readonly ReceivedFrame[],
    windows: readonly ReceiveWindow[],
    needs: AnswerNeeds,
    payload?: DevicePayload,
  ): Promise<void> {
    const { devEui } = session;
    if (payload !== undefined) this.#outbox.add({ ...payload, devEui }, true);
    if (receptions[0] !== undefined) this.#classC.heard(devEui, receptions[0].receivedAt);
    const { item, macAnswers } = this.#choose(devEui, receptions, windows, needs);
    if (item !== undefined || needs.acknowledge || needs.anything || macAnswers.length > 0) {
      if (macAnswers.some((answer) => answer.name === 'DeviceTimeAns')) this.#toldTime.add(devEui);
      const content = {
        acknowledge: needs.acknowledge,
        fOpts: encodeMacCommands('down', macAnswers),
        application: item,
      };
      await this.#send(session, receptions, windows, content, item);
    }
    this.#classC.serve(devEui);
  }

  stop(): void {
    this.#outbox.clear();
    this.#classC.stop();
  }

  /** The payload to send along, and the answers there is room for beside it; payloads that no window can carry are refused. */
  #choose(
    devEui: Eui64,
    receptions: readonly ReceivedFrame[],
    windows: readonly ReceiveWindow[],
    needs: AnswerNeeds,
  ): Answer {
    const [best] = receptions;
    const [first] = windows;
    if (best === undefined || first === undefined) return { item: undefined, macAnswers: [] };
    const fits = (item: UnicastItem, macAnswers: readonly MacDownlinkCommand[]): boolean => {
      const content = { acknowledge: false, fOpts: encodeMacCommands('down', macAnswers), application: item };
      return windows.some((window) => this.#frames.octets(content, window.dataRate) !== undefined);
    };
    for (;;) {
      const item = this.#outbox.first(devEui, steadyMs(best.receivedAt + first.delayMs));
      const macAnswers = needs.macAnswers(item?.replacesDeviceTime ?? false);
      if (item === undefined) return { item, macAnswers };
      this.#outbox.remove(item);
      if (fits(item, macAnswers)) return { item, macAnswers };
      // What a device asks on the MAC layer it asks again.
      if (fits(item, [])) return { item, macAnswers: [] };
      this.#parts.counters.downlinksRefused += 1;
      this.#outbox.refused(item, 'payload-too-long');
    }
  }

  async #send(
    session: DeviceSession,
    receptions: readonly ReceivedFrame[],
    windows: readonly ReceiveWindow[],
    content: UnicastContent,
    item: UnicastItem | undefined,
  ): Promise<void> {
    const { counters } = this.#parts;
    let fCnt = 0;
    let result: WindowResult;
    try {
      result = await sendIntoWindows(this.#parts, receptions, windows, (window, at) => {
        if (item !== undefined && at >= item.before) return 'expired';
        const octets = this.#frames.octets(content, window.dataRate);
        if (octets === undefined) return 'payload-too-long';
        const build = async (): Promise<Uint8Array | undefined> => {
          const frame = await this.#frames.build(session, content);
          fCnt = frame?.fCnt ?? fCnt;
          return frame?.phyPayload;
        };
        return { octets, build };
      });
    } catch (cause) {
      if (item !== undefined) this.#outbox.refused(item, 'internal', fCnt);
      throw cause;
    }
    if (result.sent && result.window.name === 'RX1') counters.downlinksRx1 += 1;
    else if (result.sent) counters.downlinksRx2 += 1;
    if (item === undefined) return;
    if (result.sent) this.#outbox.sent(item, { at: result.at, airtimeMs: result.airtimeMs, fCnt });
    else this.#outbox.refused(item, result.error, fCnt);
  }
}
