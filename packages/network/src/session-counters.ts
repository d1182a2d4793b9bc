import type { Eui64 } from '@airlift/kernel';
import { CounterBlock } from './counter-block.ts';
import type { DeviceSession, NetworkStore } from './network-store.ts';

const COUNTERS_PER_BLOCK = 8;

/** Downlink counters of device sessions, one block at hand for each device. */
export class SessionCounters {
  readonly #store: NetworkStore;
  readonly #blocks = new Map<Eui64, { readonly session: string; readonly block: CounterBlock }>();

  constructor(store: NetworkStore) {
    this.#store = store;
  }

  /** The session's next counter; undefined when the session is gone. */
  async next({ devEui, devAddr, joinNonce }: DeviceSession): Promise<number | undefined> {
    const session = `${devAddr}/${joinNonce}`;
    let known = this.#blocks.get(devEui);
    if (known?.session !== session) {
      const reserve = (count: number): Promise<number | undefined> =>
        this.#store.reserveDownlinkCounters(devEui, devAddr, count);
      known = { session, block: new CounterBlock(COUNTERS_PER_BLOCK, reserve) };
      this.#blocks.set(devEui, known);
    }
    const counter = await known.block.take();
    if (counter === undefined && this.#blocks.get(devEui) === known) this.#blocks.delete(devEui);
    return counter;
  }
}
