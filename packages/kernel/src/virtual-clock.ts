import type { Clock, Timer } from './clock.ts';
import { BugError } from './errors.ts';
import type { SteadyMs } from './instant.ts';

/** One object for heap and caller: a fleet sets several with every uplink. */
class PendingTimer implements Timer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
  cancelled = false;

  constructor(at: number, order: number, fire: () => void) {
    this.at = at;
    this.order = order;
    this.fire = fire;
  }

  cancel(): void {
    this.cancelled = true;
  }
}

/**
 * Time that moves only when told to. Timers fire in the order of their instants, those of one instant in the order in
 * which they were set.
 */
export class VirtualClock<Instant extends number = SteadyMs> implements Clock<Instant> {
  #now: number;
  #order = 0;
  readonly #settle: () => Promise<void>;
  // A binary heap: a fleet of thousands keeps as many timers.
  readonly #heap: PendingTimer[] = [];

  /**
   * `settle` is awaited between timers: by default it lets ready promises run; a composition with real sockets passes
   * one that also waits until nothing is under way in them.
   */
  constructor(start: Instant = Date.UTC(2026, 0, 1) as Instant, settle: () => Promise<void> = settlePromises) {
    this.#now = start;
    this.#settle = settle;
  }

  now(): Instant {
    return this.#now as Instant;
  }

  setTimer(at: Instant, fire: () => void): Timer {
    if (!Number.isFinite(at)) throw new BugError('a timer needs a finite instant');
    const timer = new PendingTimer(Math.max(at, this.#now), this.#order++, fire);
    this.#push(timer);
    return timer;
  }

  /** The instant of the earliest timer, or undefined when none is set. */
  nextAt(): Instant | undefined {
    this.#dropCancelled();
    const first = this.#heap[0];
    return first === undefined ? undefined : (first.at as Instant);
  }

  /** Moves to the earliest timer and fires it. Returns false when none is set. */
  fireNext(): boolean {
    this.#dropCancelled();
    const first = this.#pop();
    if (first === undefined) return false;
    this.#now = Math.max(this.#now, first.at);
    first.fire();
    return true;
  }

  /**
   * Fires everything due up to `instant`, letting promises settle between timers, then stands at `instant`.
   * @throws BugError when timers keep re-arming without time moving on
   */
  async runUntil(instant: Instant): Promise<void> {
    let standing = 0;
    let last = this.#now;
    for (;;) {
      await this.#settle();
      const next = this.nextAt();
      if (next === undefined || next > instant) break;
      this.fireNext();
      standing = this.#now === last ? standing + 1 : 0;
      last = this.#now;
      if (standing > 100_000) throw new BugError('timers re-arm without time moving on');
    }
    this.#now = Math.max(this.#now, instant);
    await this.#settle();
  }

  /** As `runUntil`, by a span. */
  async advance(spanMs: number): Promise<void> {
    await this.runUntil((this.#now + spanMs) as Instant);
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.cancelled === true) this.#pop();
  }

  #push(timer: PendingTimer): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, timer)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = timer;
  }

  #pop(): PendingTimer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        below = right;
        child += 1;
      }
      if (isBefore(last, below)) break;
      heap[i] = below;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

function isBefore(a: PendingTimer, b: PendingTimer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Lets every promise callback that is ready run, without any time passing. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
