import { type Eui64, type SteadyMs, steadyMs } from '@airlift/kernel';
import { DutyCycleLedger, type Region } from '@airlift/lorawan';

/** A piece of one transmitter's time. */
export interface Slot {
  readonly gatewayEui: Eui64;
  readonly frequencyHz: number;
  readonly at: SteadyMs;
  readonly airtimeMs: number;
}

interface Busy {
  readonly from: number;
  readonly to: number;
}

interface Transmitter {
  busy: Busy[];
  readonly ledger: DutyCycleLedger;
  mostDbm: number;
}

/** Room that forwarders want between two frames, and that covers the jitter of frames sent without a timestamp. */
export const GAP_MS = 80;
/** A power that every gateway has: older forwarders refuse all that is not in their table. */
const MODEST_POWER_DBM = 14;
/** Anyone can invent gateways, so what is remembered of them is bounded; those that transmit stay. */
const MOST_GATEWAYS = 1_000;

/**
 * What each gateway's one transmitter is promised to: it cannot send two frames at once, and every sub-band has its
 * budget. Instants are the server's own; promises are made before a frame is handed to the gateway.
 */
export class Transmitters {
  readonly #region: Region;
  /** The one that was promised something last comes last. */
  readonly #known = new Map<Eui64, Transmitter>();

  constructor(region: Region) {
    this.#region = region;
  }

  /** Whether a frame can start exactly then. */
  isFree({ gatewayEui, frequencyHz, at, airtimeMs }: Slot): boolean {
    const { ledger, busy } = this.#look(gatewayEui);
    return ledger.earliestStart(frequencyHz, airtimeMs, at) === at && conflict(busy, at, airtimeMs) === undefined;
  }

  /** The earliest instant, not before `at`, at which a frame can start; undefined when it never may there. */
  earliestStart({ gatewayEui, frequencyHz, at, airtimeMs }: Slot): SteadyMs | undefined {
    const { ledger, busy } = this.#look(gatewayEui);
    let start = at;
    for (;;) {
      const allowed = ledger.earliestStart(frequencyHz, airtimeMs, start);
      if (allowed === undefined) return undefined;
      const obstacle = conflict(busy, allowed, airtimeMs);
      if (obstacle === undefined) return allowed;
      start = steadyMs(obstacle.to + GAP_MS);
    }
  }

  /** As `earliestStart`, by the budget of the sub-band alone, as if nothing else were on the air. */
  budgetStart({ gatewayEui, frequencyHz, at, airtimeMs }: Slot): SteadyMs | undefined {
    return this.#look(gatewayEui).ledger.earliestStart(frequencyHz, airtimeMs, at);
  }

  promise({ gatewayEui, frequencyHz, at, airtimeMs }: Slot): void {
    const transmitter = this.#look(gatewayEui);
    this.#known.delete(gatewayEui);
    this.#known.set(gatewayEui, transmitter);
    for (const stalest of this.#known.keys()) {
      if (this.#known.size <= MOST_GATEWAYS) break;
      this.#known.delete(stalest);
    }
    transmitter.busy = transmitter.busy.filter((busy) => busy.to > at - 60_000);
    transmitter.busy.push({ from: at, to: at + airtimeMs });
    transmitter.busy.sort((a, b) => a.from - b.from);
    transmitter.ledger.record(frequencyHz, at, airtimeMs);
  }

  /** Takes a promise back: the gateway did not send. */
  release({ gatewayEui, frequencyHz, at, airtimeMs }: Slot): void {
    const { busy, ledger } = this.#look(gatewayEui);
    const place = busy.findIndex(({ from, to }) => from === at && to === at + airtimeMs);
    if (place >= 0) busy.splice(place, 1);
    ledger.forget(frequencyHz, at, airtimeMs);
  }

  /** The power to ask a gateway for, dBm: the one wanted, unless it has refused so much before. */
  powerDbm(gatewayEui: Eui64, wantedDbm: number): number {
    return Math.min(wantedDbm, this.#look(gatewayEui).mostDbm);
  }

  /** Notes that a gateway refused that power; false when there is no lower one left to try. */
  lowerPower(gatewayEui: Eui64, refusedDbm: number): boolean {
    const transmitter = this.#known.get(gatewayEui);
    if (transmitter !== undefined) transmitter.mostDbm = MODEST_POWER_DBM;
    return transmitter !== undefined && refusedDbm > MODEST_POWER_DBM;
  }

  /** What is known of a gateway; of one that was never promised anything, nothing is kept either. */
  #look(gatewayEui: Eui64): Transmitter {
    return (
      this.#known.get(gatewayEui) ?? {
        busy: [],
        ledger: new DutyCycleLedger(this.#region),
        mostDbm: Number.POSITIVE_INFINITY,
      }
    );
  }
}

function conflict(busy: readonly Busy[], at: number, airtimeMs: number): Busy | undefined {
  return busy.find(({ from, to }) => at < to + GAP_MS && from - GAP_MS < at + airtimeMs);
}
