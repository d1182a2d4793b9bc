import { type SteadyMs, steadyMs, VirtualClock } from '@airlift/kernel';

/** Something whose work under way virtual time must wait for. */
export interface BusyPart {
  /** Resolves when nothing is under way. May be asked again and again. */
  idle(): Promise<void>;
}

/** A datagram counts as lost after so many turns of the event loop without a sign of it. */
const PATIENCE_TURNS = 2_000;

/**
 * Virtual time for a composition with real sockets: it moves on as fast as the machine can, but never while a datagram
 * or a step of a part is under way, so that the result does not depend on the machine.
 */
export class VirtualTime {
  readonly clock: VirtualClock;
  readonly #parts: BusyPart[] = [];
  #sent = 0;
  #received = 0;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(start: SteadyMs) {
    this.clock = new VirtualClock(start, () => this.#settle());
    this.pause();
  }

  /** To be called for every datagram that leaves one of the sockets, and for every one that arrives. */
  readonly traffic = {
    sent: (): void => {
      this.#sent += 1;
    },
    received: (): void => {
      this.#received += 1;
    },
  };

  waitFor(part: BusyPart): void {
    this.#parts.push(part);
  }

  /** Starts to let time pass, as soon as it is not paused. */
  start(): void {
    this.#running = this.#run();
  }

  pause(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  resume(): void {
    this.#open();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.resume();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#settle();
      if (this.#stopped || !this.clock.fireNext()) break;
    }
  }

  async #settle(): Promise<void> {
    await this.#gate;
    for (let turn = 0; turn < PATIENCE_TURNS; turn++) {
      await nextTurn();
      const before = this.#sent;
      // Twice: what one part finishes may be work for another.
      for (const part of [...this.#parts, ...this.#parts]) await idleAtLast(part);
      await nextTurn();
      if (this.#sent === before && this.#received >= this.#sent) return;
    }
    // Whatever is missing was dropped by the system.
    this.#received = this.#sent;
  }
}

/** A part may itself wait for time to pass: a forwarder that never answers. Then time has to move on. */
const IDLE_LIMIT_MS = 1_000;

async function idleAtLast(part: BusyPart): Promise<void> {
  let isIdle = false;
  const idling = part.idle().then(() => {
    isIdle = true;
  });
  // Most are idle at once, and need no timer.
  await nextTurn();
  if (!isIdle) await Promise.race([idling, realPause(IDLE_LIMIT_MS)]);
}

function realPause(spanMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, spanMs).unref();
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The present instant, as a start for virtual time. */
export function presentInstant(): SteadyMs {
  return steadyMs(Date.now());
}
