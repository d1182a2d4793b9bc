import type { Clock, Timer } from './clock.ts';
import { type RealMs, realMs } from './instant.ts';

/** The two times that a machine tells. */
export interface MachineTime {
  /** Its date, milliseconds since 1970: it may step in either direction. */
  wallMs(): number;
  /** Milliseconds since some instant of its own; they never step. */
  monotonicMs(): number;
}

export const machineTime: MachineTime = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** Node cannot hold a longer timeout than this in one timer. */
const LONGEST_TIMEOUT_MS = 2_147_000_000;
/** The two times of a machine are read one after the other and rounded differently: less is no step. */
const NO_STEP_MS = 50;

/**
 * Real time that never steps: it begins with the machine's date and runs on by its monotonic time. `dateOffsetMs` is how
 * far the date has moved against it since.
 */
export class SystemClock implements Clock<RealMs> {
  readonly #time: MachineTime;
  /** What to add to the monotonic time. */
  #base: number;
  #dateOffsetMs = 0;

  constructor(time: MachineTime = machineTime) {
    this.#time = time;
    this.#base = time.wallMs() - time.monotonicMs();
  }

  /**
   * Takes up the time of an earlier process, before anything is measured, so that instants it stored keep their meaning:
   * how far the date had moved by then, and an instant that had passed already, before which the clock does not go back.
   */
  takeUp(kept: { readonly dateOffsetMs: number; readonly passed: RealMs }): void {
    const wallMs = this.#time.wallMs();
    const now = Math.max(wallMs - kept.dateOffsetMs, kept.passed);
    this.#base = now - this.#time.monotonicMs();
    this.#dateOffsetMs = wallMs - now;
  }

  now(): RealMs {
    return realMs(this.#base + this.#time.monotonicMs());
  }

  /** What to add to this clock to get the machine's date. */
  dateOffsetMs(): number {
    const offsetMs = this.#time.wallMs() - this.now();
    if (Math.abs(offsetMs - this.#dateOffsetMs) >= NO_STEP_MS) this.#dateOffsetMs = offsetMs;
    return this.#dateOffsetMs;
  }

  setTimer(at: RealMs, fire: () => void): Timer {
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const waitMs = Math.max(0, Math.ceil(at - this.now()));
      handle = setTimeout(
        () => {
          // Long waits are cut into pieces, and timeouts are rounded.
          if (this.now() >= at) fire();
          else arm();
        },
        Math.min(waitMs, LONGEST_TIMEOUT_MS),
      );
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  }
}
