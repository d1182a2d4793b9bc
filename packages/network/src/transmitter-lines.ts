import { type Clock, type Eui64, type SteadyMs, steadyMs } from '@airlift/kernel';
import type { WaitCause } from './network-event.ts';
import { GAP_MS, type Slot, type Transmitters } from './transmitters.ts';

/** When a frame may go: now, or in how long and what it waits for. `at` undefined = never. */
export type Outlook =
  | { readonly go: true; readonly at: SteadyMs }
  | { readonly go: false; readonly at: SteadyMs | undefined; readonly cause: Exclude<WaitCause, 'no-gateway'> };

/** A frame's place in the line for one transmitter. */
export interface Place {
  readonly gatewayEui: Eui64;
  /** Whether the frame may go now, which its owner then has to promise at once, leaving the line. */
  look(): Outlook;
  /** Does no harm when done twice. */
  leave(): void;
}

type Wish = Omit<Slot, 'at'>;

interface Waiting {
  readonly wish: Wish;
  readonly wake: () => void;
}

/**
 * Who is to be served next by each transmitter. Frames of several groups that want one at the same time would otherwise
 * depend on whose timer fires first, and under duty cycle one group might get every slot. The rule: nobody goes who
 * makes wait longer somebody that came before; so a frame in another sub-band need not wait for one without budget.
 */
export class TransmitterLines {
  readonly #clock: Clock;
  readonly #transmitters: Transmitters;
  readonly #lines = new Map<Eui64, Waiting[]>();

  constructor(clock: Clock, transmitters: Transmitters) {
    this.#clock = clock;
    this.#transmitters = transmitters;
  }

  /** @param wake called when somebody ahead has left the line */
  join(wish: Wish, wake: () => void): Place {
    const waiting: Waiting = { wish, wake };
    const line = this.#lines.get(wish.gatewayEui) ?? [];
    line.push(waiting);
    this.#lines.set(wish.gatewayEui, line);
    return {
      gatewayEui: wish.gatewayEui,
      look: () => this.#look(waiting),
      leave: () => this.#leave(waiting),
    };
  }

  #look(waiting: Waiting): Outlook {
    const { wish } = waiting;
    const transmitters = this.#transmitters;
    const slot: Slot = { ...wish, at: this.#clock.now() };
    const own = transmitters.earliestStart(slot);
    if (own === undefined) return { go: false, at: undefined, cause: 'duty-cycle' };
    if (own > slot.at) return { go: false, at: own, cause: this.#causeOf(slot) };
    const ahead = this.#madeToWait(slot, waiting);
    if (ahead === undefined) return { go: true, at: own };
    return {
      go: false,
      at: steadyMs(ahead.at + ahead.airtimeMs + GAP_MS),
      cause: this.#causeOf({ ...ahead, at: slot.at }),
    };
  }

  /** Somebody ahead in the line who would be served later if the frame went now, and when he is served if it does not. */
  #madeToWait(slot: Slot, waiting: Waiting): Slot | undefined {
    const transmitters = this.#transmitters;
    for (const other of this.#lines.get(slot.gatewayEui) ?? []) {
      if (other === waiting) return undefined;
      const { wish } = other;
      const before = transmitters.earliestStart({ ...wish, at: slot.at });
      if (before === undefined) continue;
      transmitters.promise(slot);
      const after = transmitters.earliestStart({ ...wish, at: slot.at });
      transmitters.release(slot);
      if (after === undefined || after > before) return { ...wish, at: before };
    }
    return undefined;
  }

  #causeOf(slot: Slot): 'transmitter' | 'duty-cycle' {
    const allowed = this.#transmitters.budgetStart(slot);
    return allowed !== undefined && allowed <= slot.at ? 'transmitter' : 'duty-cycle';
  }

  #leave(waiting: Waiting): void {
    const { gatewayEui } = waiting.wish;
    const line = this.#lines.get(gatewayEui) ?? [];
    const place = line.indexOf(waiting);
    if (place < 0) return;
    line.splice(place, 1);
    if (line.length === 0) this.#lines.delete(gatewayEui);
    for (const { wake } of line.slice(place)) wake();
  }
}
