import { type UtcMs, utcMs } from '@airlift/kernel';
import type { Tuning } from '../radio/air-frame.ts';

/** A window after an uplink. */
export interface ReceiveWindow {
  readonly slot: 'rx1' | 'rx2';
  /** When its preamble is expected. */
  readonly openMs: UtcMs;
  readonly tuning: Tuning;
}

/** Frames that begin up to this much before or after the expected instant are still caught. */
export const WINDOW_TOLERANCE_MS = 20;

/** Places in the instants of a schedule. */
const TRANSMISSION_FROM = 0;
const TRANSMISSION_TO = 1;
const CONTINUOUS_FROM = 2;
const CONTINUOUS_TO = 3;

const NO_WINDOWS: readonly ReceiveWindow[] = [];

/**
 * Tells what the receiver of a device is tuned to at any time of the recent past and the near future, from what was
 * planned and not from when timers fired: its own transmission, the windows after it, and continuous listening.
 */
export class ReceiverSchedule {
  /** Side by side, since all of a large fleet are looked at with every frame. */
  readonly #instants = new Float64Array(4);
  #windows = NO_WINDOWS;
  #continuous: Tuning | undefined;

  /** An uplink goes on air; what was planned after the one before is forgotten. */
  transmit(fromMs: UtcMs, toMs: UtcMs, windows: readonly ReceiveWindow[]): void {
    this.#instants[TRANSMISSION_FROM] = fromMs;
    this.#instants[TRANSMISSION_TO] = toMs;
    this.#windows = windows;
  }

  /** No further window of this uplink is opened. */
  closeWindows(): void {
    this.#windows = NO_WINDOWS;
  }

  /** Listens on one channel whenever nothing else is to be done. */
  listen(fromMs: UtcMs, tuning: Tuning): void {
    this.#instants[CONTINUOUS_FROM] = fromMs;
    this.#instants[CONTINUOUS_TO] = Number.POSITIVE_INFINITY;
    this.#continuous = tuning;
  }

  /** Ends continuous listening. */
  unlisten(atMs: UtcMs): void {
    if (this.#continuous !== undefined && this.#instants[CONTINUOUS_TO] === Number.POSITIVE_INFINITY) {
      this.#instants[CONTINUOUS_TO] = atMs;
    }
  }

  /** The window that a frame with this beginning falls into. */
  windowAt(startMs: UtcMs): ReceiveWindow | undefined {
    for (const window of this.#windows) if (Math.abs(startMs - window.openMs) <= WINDOW_TOLERANCE_MS) return window;
    return undefined;
  }

  /** What the receiver is tuned to from beginning to end of this span, or undefined when it is not. */
  tunedDuring(startMs: UtcMs, endMs: UtcMs): Tuning | undefined {
    const instants = this.#instants;
    if (startMs < (instants[TRANSMISSION_TO] ?? 0) && endMs > (instants[TRANSMISSION_FROM] ?? 0)) return undefined;
    const window = this.windowAt(startMs);
    if (window !== undefined) return window.tuning;
    if (this.#continuous === undefined) return undefined;
    if (startMs < (instants[CONTINUOUS_FROM] ?? 0) || endMs > (instants[CONTINUOUS_TO] ?? 0)) return undefined;
    // Opening a window retunes the receiver, whatever it is in the middle of.
    for (const { openMs } of this.#windows) if (openMs > startMs && openMs < endMs) return undefined;
    return this.#continuous;
  }

  /** Until when a window stays open when nothing comes: the tolerance and eight symbols. */
  static closesAt({ openMs, tuning }: ReceiveWindow): UtcMs {
    return utcMs(openMs + WINDOW_TOLERANCE_MS + 8 * symbolMs(tuning.dataRate));
  }
}

const symbols = new Map<string, number>();

function symbolMs(dataRate: string): number {
  const known = symbols.get(dataRate);
  if (known !== undefined) return known;
  const spanMs = computedSymbolMs(dataRate);
  symbols.set(dataRate, spanMs);
  return spanMs;
}

function computedSymbolMs(dataRate: string): number {
  const [spreadingFactor, bandwidthKhz] = (dataRate.match(/\d+/g) ?? []).map(Number);
  if (spreadingFactor === undefined || bandwidthKhz === undefined) return 1;
  return 2 ** spreadingFactor / bandwidthKhz;
}
