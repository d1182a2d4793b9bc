import { type Eui64, type UtcMs, utcMs } from '@airlift/kernel';
import { DutyCycleLedger, type Region } from '@airlift/lorawan';

interface Busy {
  readonly from: number;
  readonly to: number;
}

/** Room that forwarders want between two frames, and that covers the jitter of frames sent without a timestamp. */
const GAP_MS = 80;

/**
 * What each gateway's one transmitter is promised to: it cannot send two frames at once, and every sub-band has its
 * budget. Instants are the server's own; promises are made before a frame is handed to the gateway.
 */
export class Transmitters {
  readonly #region: Region;
  readonly #busy = new Map<Eui64, Busy[]>();
  readonly #ledgers = new Map<Eui64, DutyCycleLedger>();

  constructor(region: Region) {
    this.#region = region;
  }

  /** Whether a frame can start exactly then. */
  isFree(gatewayEui: Eui64, frequencyHz: number, at: UtcMs, airtimeMs: number): boolean {
    const duty = this.#ledger(gatewayEui).earliestStart(frequencyHz, airtimeMs, at);
    return duty === at && this.#conflict(gatewayEui, at, airtimeMs) === undefined;
  }

  /** The earliest instant at which a frame can start; undefined when it never may on that frequency. */
  earliestStart(gatewayEui: Eui64, frequencyHz: number, notBefore: UtcMs, airtimeMs: number): UtcMs | undefined {
    let at: UtcMs = notBefore;
    for (;;) {
      const duty = this.#ledger(gatewayEui).earliestStart(frequencyHz, airtimeMs, at);
      if (duty === undefined) return undefined;
      const conflict = this.#conflict(gatewayEui, duty, airtimeMs);
      if (conflict === undefined) return duty;
      at = utcMs(conflict.to + GAP_MS);
    }
  }

  promise(gatewayEui: Eui64, frequencyHz: number, at: UtcMs, airtimeMs: number): void {
    const list = (this.#busy.get(gatewayEui) ?? []).filter((busy) => busy.to > at - 60_000);
    list.push({ from: at, to: at + airtimeMs });
    list.sort((a, b) => a.from - b.from);
    this.#busy.set(gatewayEui, list);
    this.#ledger(gatewayEui).record(frequencyHz, at, airtimeMs);
  }

  /** Takes a promise back: the gateway did not send. */
  release(gatewayEui: Eui64, frequencyHz: number, at: UtcMs, airtimeMs: number): void {
    const list = this.#busy.get(gatewayEui) ?? [];
    const place = list.findIndex((busy) => busy.from === at && busy.to === at + airtimeMs);
    if (place >= 0) list.splice(place, 1);
    this.#ledger(gatewayEui).forget(frequencyHz, at, airtimeMs);
  }

  #conflict(gatewayEui: Eui64, at: number, airtimeMs: number): Busy | undefined {
    return this.#busy.get(gatewayEui)?.find((busy) => at < busy.to + GAP_MS && busy.from - GAP_MS < at + airtimeMs);
  }

  #ledger(gatewayEui: Eui64): DutyCycleLedger {
    let ledger = this.#ledgers.get(gatewayEui);
    if (ledger === undefined) {
      ledger = new DutyCycleLedger(this.#region);
      this.#ledgers.set(gatewayEui, ledger);
    }
    return ledger;
  }
}
