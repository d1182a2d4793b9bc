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
  readonly #severalGateways: () => boolean;
  readonly #deliver: (receptions: readonly ReceivedFrame[]) => void;
  readonly #open = new Map<string, Map<Eui64, ReceivedFrame>>();
  readonly #closed = new Set<string>();

  constructor(options: {
    readonly clock: Clock;
    readonly gatherMs: number;
    /** Whether others may bring further copies. */
    readonly severalGateways: () => boolean;
    /** Receptions of one frame, best signal first, one for each gateway. */
    readonly deliver: (receptions: readonly ReceivedFrame[]) => void;
  }) {
    this.#clock = options.clock;
    this.#gatherMs = options.gatherMs;
    this.#severalGateways = options.severalGateways;
    this.#deliver = options.deliver;
  }

  add(frame: ReceivedFrame): void {
    const key = toHex(frame.phyPayload);
    const gathered = this.#open.get(key);
    if (gathered !== undefined) {
      keepBest(gathered, frame);
      return;
    }
    if (this.#closed.has(key)) return;
    const receptions = new Map([[frame.gatewayEui, frame]]);
    // A doubtful copy may be meant to come before the gateway's own.
    if (frame.doubtful !== true && !this.#severalGateways()) {
      this.#close(key, receptions);
      return;
    }
    this.#open.set(key, receptions);
    after(this.#clock, this.#gatherMs, () => {
      this.#open.delete(key);
      this.#close(key, receptions);
    });
  }

  #close(key: string, receptions: ReadonlyMap<Eui64, ReceivedFrame>): void {
    this.#closed.add(key);
    after(this.#clock, ECHO_MS, () => this.#closed.delete(key));
    this.#deliver([...receptions.values()].sort(byWorth));
  }
}

/** No more than one copy of each gateway is kept, however often somebody repeats it. */
function keepBest(receptions: Map<Eui64, ReceivedFrame>, frame: ReceivedFrame): void {
  const known = receptions.get(frame.gatewayEui);
  if (known === undefined || byWorth(frame, known) < 0) receptions.set(frame.gatewayEui, frame);
}

/** The best first: what is doubtful comes last, however strong it claims to be. */
function byWorth(a: ReceivedFrame, b: ReceivedFrame): number {
  return Number(a.doubtful ?? false) - Number(b.doubtful ?? false) || b.snrDb - a.snrDb || b.rssiDbm - a.rssiDbm;
}
