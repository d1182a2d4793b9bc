import { after, type Clock, toHex } from '@airlift/kernel';
import type { ReceivedFrame } from './gateway-link.ts';

/**
 * Gathers what several gateways received of one transmission. A single gateway's frames pass at once; copies that come
 * after the gathering closed are dropped for a while, since they are echoes and not new frames.
 */
export class UplinkGatherer {
  readonly #clock: Clock;
  readonly #gatherMs: number;
  readonly #gatewayCount: () => number;
  readonly #deliver: (receptions: readonly ReceivedFrame[]) => void;
  readonly #open = new Map<string, ReceivedFrame[]>();
  readonly #closed = new Set<string>();

  constructor(options: {
    readonly clock: Clock;
    readonly gatherMs: number;
    readonly gatewayCount: () => number;
    /** Receptions of one frame, best signal first. */
    readonly deliver: (receptions: readonly ReceivedFrame[]) => void;
  }) {
    this.#clock = options.clock;
    this.#gatherMs = options.gatherMs;
    this.#gatewayCount = options.gatewayCount;
    this.#deliver = options.deliver;
  }

  add(frame: ReceivedFrame): void {
    const key = `${frame.frequencyHz}/${toHex(frame.phyPayload)}`;
    const gathered = this.#open.get(key);
    if (gathered !== undefined) {
      gathered.push(frame);
      return;
    }
    if (this.#closed.has(key)) return;
    if (this.#gatewayCount() <= 1) {
      this.#close(key, [frame]);
      return;
    }
    const receptions = [frame];
    this.#open.set(key, receptions);
    after(this.#clock, this.#gatherMs, () => {
      this.#open.delete(key);
      this.#close(key, receptions);
    });
  }

  #close(key: string, receptions: ReceivedFrame[]): void {
    this.#closed.add(key);
    // A retransmission (NbTrans) of the same octets comes after the receive windows and must be let through.
    after(this.#clock, 2 * this.#gatherMs, () => this.#closed.delete(key));
    receptions.sort((a, b) => b.snrDb - a.snrDb || b.rssiDbm - a.rssiDbm);
    this.#deliver(receptions);
  }
}
