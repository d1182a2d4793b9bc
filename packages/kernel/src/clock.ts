import { BugError } from './errors.ts';
import { type UtcMs, utcMs } from './instant.ts';

/** A timer that has been set; cancelling twice or after it fired is harmless. */
export interface Timer {
  cancel(): void;
}

/**
 * The only door to time. Every node is handed its own, so that devices can drift and tests can run without waiting.
 * All instants are in milliseconds and need not be whole.
 */
export interface Clock {
  now(): UtcMs;
  /** Calls `fire` once, as soon as `now()` has reached `at`; never inside the call itself. */
  setTimer(at: UtcMs, fire: () => void): Timer;
}

/** Calls `fire` after a span of the clock's own time. */
export function after(clock: Clock, delayMs: number, fire: () => void): Timer {
  return clock.setTimer(utcMs(clock.now() + delayMs), fire);
}

/** Resolves after a span of the clock's own time. */
export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    after(clock, delayMs, resolve);
  });
}

/** Node cannot hold a longer timeout than this in one timer. */
const LONGEST_TIMEOUT_MS = 2_147_000_000;

/**
 * The machine's clock, or a faster one: with `scale` 60 an hour passes in a minute. Faster clocks of several processes
 * agree when they are given the same `anchor`, the real instant at which they start to run ahead.
 */
export class SystemClock implements Clock {
  readonly #scale: number;
  readonly #anchor: number;

  constructor(options: { readonly scale?: number; readonly anchor?: UtcMs } = {}) {
    this.#scale = options.scale ?? 1;
    this.#anchor = options.anchor ?? Date.now();
  }

  now(): UtcMs {
    if (this.#scale === 1) return utcMs(Date.now());
    return utcMs(this.#anchor + (Date.now() - this.#anchor) * this.#scale);
  }

  setTimer(at: UtcMs, fire: () => void): Timer {
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const realMs = Math.max(0, Math.ceil((at - this.now()) / this.#scale));
      handle = setTimeout(
        () => {
          // Long waits are cut into pieces, and a wall clock may be set back while we wait.
          if (this.now() >= at) fire();
          else arm();
        },
        Math.min(realMs, LONGEST_TIMEOUT_MS),
      );
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  }
}

interface PendingTimer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/**
 * Time that moves only when told to. Timers fire in the order of their instants, those of one instant in the order in
 * which they were set.
 */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #settle: () => Promise<void>;
  // A binary heap: a fleet of thousands keeps as many timers.
  readonly #heap: PendingTimer[] = [];
  readonly #cancelled = new Set<PendingTimer>();

  /**
   * `settle` is awaited between timers: by default it lets ready promises run; a composition with real sockets passes
   * one that also waits until nothing is under way in them.
   */
  constructor(start: UtcMs = utcMs(Date.UTC(2026, 0, 1)), settle: () => Promise<void> = settlePromises) {
    this.#now = start;
    this.#settle = settle;
  }

  now(): UtcMs {
    return utcMs(this.#now);
  }

  setTimer(at: UtcMs, fire: () => void): Timer {
    if (!Number.isFinite(at)) throw new BugError('a timer needs a finite instant');
    const timer: PendingTimer = { at: Math.max(at, this.#now), order: this.#order++, fire };
    this.#push(timer);
    return {
      cancel: () => {
        this.#cancelled.add(timer);
      },
    };
  }

  /** The instant of the earliest timer, or undefined when none is set. */
  nextAt(): UtcMs | undefined {
    this.#dropCancelled();
    const first = this.#heap[0];
    return first === undefined ? undefined : utcMs(first.at);
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
  async runUntil(instant: UtcMs): Promise<void> {
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
    await this.runUntil(utcMs(this.#now + spanMs));
  }

  #dropCancelled(): void {
    for (let first = this.#heap[0]; first !== undefined && this.#cancelled.delete(first); first = this.#heap[0]) {
      this.#pop();
    }
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

/**
 * A node's own imperfect clock over a better one: it stands `offsetMs` apart at first and gains `driftPpm` microseconds
 * a second. `correct` moves it, as a device does when it is told the time.
 */
export class DriftingClock implements Clock {
  readonly #base: Clock;
  readonly #rate: number;
  readonly #start: number;
  #offsetMs: number;

  constructor(base: Clock, options: { readonly offsetMs: number; readonly driftPpm: number }) {
    this.#base = base;
    this.#start = base.now();
    this.#rate = 1 + options.driftPpm / 1e6;
    this.#offsetMs = options.offsetMs;
  }

  now(): UtcMs {
    return utcMs(this.#start + (this.#base.now() - this.#start) * this.#rate + this.#offsetMs);
  }

  correct(byMs: number): void {
    this.#offsetMs += byMs;
  }

  setTimer(at: UtcMs, fire: () => void): Timer {
    const waitMs = (at - this.now()) / this.#rate;
    return this.#base.setTimer(utcMs(this.#base.now() + waitMs), fire);
  }
}
