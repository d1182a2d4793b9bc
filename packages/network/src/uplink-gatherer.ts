import { after, type Clock, type Eui64, toHex } from '@airlift/kernel';
import type { ReceivedFrame } from './gateway-link.ts';

/**
 * For so long after a frame its copies are echoes: of slow gateways, or of the radio on neighbouring channels. A device
 * repeats a frame (NbTrans) at the earliest when RX2, two seconds after it, stayed empty, and that must be let through.
 */
const ECHO_MS = 1_500;

/** Gathers what several gateways received of one transmission. A single gateway's frames pass at once; echoes are dropped. */
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
    /** Receptions of one frame, best signal first, one for each gateway. */
    readonly deliver: (receptions: readonly ReceivedFrame[]) => void;
  }) {
    this.#clock = options.clock;
    this.#gatherMs = options.gatherMs;
    this.#gatewayCount = options.gatewayCount;
    this.#deliver = options.deliver;
  }

  add(frame: ReceivedFrame): void {
    const key = toHex(frame.phyPayload);
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
    after(this.#clock, ECHO_MS, () => this.#closed.delete(key));
    this.#deliver(bestOfEach(receptions));
  }
}

function bestOfEach(receptions: readonly ReceivedFrame[]): readonly ReceivedFrame[] {
  const best = new Map<Eui64, ReceivedFrame>();
  for (const reception of receptions.toSorted(byStrength)) {
    if (!best.has(reception.gatewayEui)) best.set(reception.gatewayEui, reception);
  }
  return [...best.values()];
}

function byStrength(a: ReceivedFrame, b: ReceivedFrame): number {
  return b.snrDb - a.snrDb || b.rssiDbm - a.rssiDbm;
}
