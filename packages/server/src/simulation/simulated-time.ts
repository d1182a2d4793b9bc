import { type Clock, type SteadyMs, VirtualClock } from '@airlift/kernel';

/** Something whose work under way virtual time must wait for. */
interface BusyPart {
  idle(): Promise<void>;
}

/**
 * Virtual time for a composition without sockets. The devices act when their timers fire and are done at once; only the
 * server side goes on in promises. So promises are waited for only after something has reached that side: a timer of its
 * own, or a frame.
 */
export class SimulatedTime {
  readonly clock: VirtualClock;
  /** The same time for whoever goes on in promises after a timer. */
  readonly serverClock: Clock;
  readonly #parts: BusyPart[] = [];
  #stirred = true;

  constructor(start: SteadyMs) {
    this.clock = new VirtualClock(start);
    this.serverClock = {
      now: () => this.clock.now(),
      setTimer: (at, fire) =>
        this.clock.setTimer(at, () => {
          this.stir();
          fire();
        }),
    };
  }

  /** To be called when something reaches the server side. */
  stir(): void {
    this.#stirred = true;
  }

  /** Time stands still while this is at work. */
  waitFor(part: BusyPart): void {
    this.#parts.push(part);
  }

  /** Lets time pass until `isOver` says so, asked about every `everyMs`, or until there is nothing left to come. */
  async run(isOver: () => boolean, everyMs: number): Promise<void> {
    let askAt: number = this.clock.now();
    for (;;) {
      if (this.#stirred) await this.#settle();
      const next = this.clock.nextAt();
      if (next === undefined) return;
      if (next >= askAt) {
        if (isOver()) return;
        askAt = next + everyMs;
      }
      this.clock.fireNext();
    }
  }

  async #settle(): Promise<void> {
    this.#stirred = false;
    // Without sockets and files nearly all work is promises that are ready, and all of those have run by the next turn.
    await nextTurn();
    for (const part of this.#parts) {
      await part.idle();
      await nextTurn();
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
