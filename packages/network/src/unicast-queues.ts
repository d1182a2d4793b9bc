import type { Clock, Eui64, Timer, UtcMs } from '@airlift/kernel';

/** A payload for one device. */
export interface UnicastItem {
  readonly ticketId: string;
  readonly devEui: Eui64;
  readonly fPort: number;
  readonly payload: Uint8Array;
  /** The last instant at which its frame may begin. */
  readonly before: UtcMs;
  /** Leave a DeviceTimeAns out of the frame that carries this. */
  readonly replacesDeviceTime: boolean;
}

interface Waiting {
  readonly item: UnicastItem;
  readonly timer: Timer;
}

/** Payloads that wait for their device, first come first served, until their time runs out. */
export class UnicastQueues {
  readonly #clock: Clock;
  readonly #expired: (item: UnicastItem) => void;
  readonly #queues = new Map<Eui64, Waiting[]>();

  constructor(clock: Clock, expired: (item: UnicastItem) => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  add(item: UnicastItem): void {
    const timer = this.#clock.setTimer(item.before, () => {
      if (this.remove(item)) this.#expired(item);
    });
    const queue = this.#queues.get(item.devEui) ?? [];
    queue.push({ item, timer });
    this.#queues.set(item.devEui, queue);
  }

  /** The first payload for the device that may still go out at that instant. */
  first(devEui: Eui64, at: UtcMs): UnicastItem | undefined {
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

  /** Drops everything, telling nobody. */
  clear(): void {
    for (const queue of this.#queues.values()) for (const { timer } of queue) timer.cancel();
    this.#queues.clear();
  }
}
