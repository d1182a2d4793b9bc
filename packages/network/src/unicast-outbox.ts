import type { Eui64, SteadyMs, Timer } from '@airlift/kernel';
import type { DevicePayload, DownlinkFate } from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';

/** A payload for one device, and for which. */
export interface UnicastItem extends DevicePayload {
  readonly devEui: Eui64;
}

interface Waiting {
  readonly item: UnicastItem;
  readonly timer: Timer;
}

/** Payloads that wait for their device, first come first served, until their time runs out; and the news of their fate. */
export class UnicastOutbox {
  readonly #parts: Pick<NetworkParts, 'clock' | 'emit'>;
  readonly #queues = new Map<Eui64, Waiting[]>();

  constructor(parts: Pick<NetworkParts, 'clock' | 'emit'>) {
    this.#parts = parts;
  }

  /** @param first before all that wait already */
  add(item: UnicastItem, first = false): void {
    const timer = this.#parts.clock.setTimer(item.before, () => {
      if (this.remove(item)) this.#tell(item, 'expired', 0, 'expired');
    });
    const queue = this.#queues.get(item.devEui) ?? [];
    if (first) queue.unshift({ item, timer });
    else queue.push({ item, timer });
    this.#queues.set(item.devEui, queue);
  }

  /** Takes out all that waits for a device and tells it as expired. */
  flush(devEui: Eui64): void {
    for (const { item } of [...(this.#queues.get(devEui) ?? [])]) {
      if (this.remove(item)) this.#tell(item, 'expired', 0, 'flushed');
    }
  }

  /** The first payload for the device that may still go out at that instant. */
  first(devEui: Eui64, at: SteadyMs): UnicastItem | undefined {
    return this.#queues.get(devEui)?.find(({ item }) => item.before > at)?.item;
  }

  /** Takes a payload out; false when it is not waiting any more. */
  remove(item: UnicastItem): boolean {
    const queue = this.#queues.get(item.devEui) ?? [];
    const place = queue.findIndex((waiting) => waiting.item === item);
    if (place < 0) return false;
    for (const { timer } of queue.splice(place, 1)) timer.cancel();
    if (queue.length === 0) this.#queues.delete(item.devEui);
    return true;
  }

  /** Tells that a payload taken out is on the air. */
  sent(item: UnicastItem, frame: { readonly at: SteadyMs; readonly airtimeMs: number; readonly fCnt: number }): void {
    this.#emit(item, { fate: 'on-air', ...frame, error: undefined });
  }

  /** Tells that a payload taken out was not sent; `fCnt` 0 when no counter was spent on it. */
  refused(item: UnicastItem, error: string, fCnt = 0): void {
    this.#tell(item, 'refused', fCnt, error);
  }

  /** Drops everything, telling nobody. */
  clear(): void {
    for (const queue of this.#queues.values()) for (const { timer } of queue) timer.cancel();
    this.#queues.clear();
  }

  #tell(item: UnicastItem, fate: 'refused' | 'expired', fCnt: number, error: string): void {
    this.#emit(item, { fate, at: this.#parts.clock.now(), airtimeMs: 0, fCnt, error });
  }

  /** The news goes its own way: whoever hears it may hand in the next frame, which must not wait for this one. */
  #emit(item: UnicastItem, fate: Omit<DownlinkFate, 'kind' | 'ticketId' | 'gateways'>): void {
    void this.#parts.emit({ kind: 'ticket', ticketId: item.ticketId, ...fate, gateways: [] });
  }
}
