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

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Tells what the receiver of a device is tuned to at any time of the recent past and the near future, from what was
 * planned and not from when timers fired: its own transmission, the windows after it, and continuous listening.
 */
export class ReceiverSchedule {
  #transmission: Span = { fromMs: 0, toMs: 0 };
  #windows: readonly ReceiveWindow[] = [];
  #continuous: (Span & { readonly tuning: Tuning }) | undefined;

  /** An uplink goes on air; what was planned after the one before is forgotten. */
  transmit(fromMs: UtcMs, toMs: UtcMs, windows: readonly ReceiveWindow[]): void {
    this.#transmission = { fromMs, toMs };
    this.#windows = windows;
  }

  /** No further window of this uplink is opened. */
  closeWindows(): void {
    this.#windows = [];
  }

  /** Listens on one channel whenever nothing else is to be done. */
  listen(fromMs: UtcMs, tuning: Tuning): void {
    this.#continuous = { fromMs, toMs: Number.POSITIVE_INFINITY, tuning };
  }

  /** Ends continuous listening. */
  unlisten(atMs: UtcMs): void {
    if (this.#continuous !== undefined && this.#continuous.toMs === Number.POSITIVE_INFINITY) {
      this.#continuous = { ...this.#continuous, toMs: atMs };
    }
  }

  /** The window that a frame with this beginning falls into. */
  windowAt(startMs: UtcMs): ReceiveWindow | undefined {
    for (const window of this.#windows) if (Math.abs(startMs - window.openMs) <= WINDOW_TOLERANCE_MS) return window;
    return undefined;
  }

  /** What the receiver is tuned to from beginning to end of this span, or undefined when it is not. */
  tunedDuring(startMs: UtcMs, endMs: UtcMs): Tuning | undefined {
    if (startMs < this.#transmission.toMs && endMs > this.#transmission.fromMs) return undefined;
    const window = this.windowAt(startMs);
    if (window !== undefined) return window.tuning;
    const continuous = this.#continuous;
    if (continuous === undefined || startMs < continuous.fromMs || endMs > continuous.toMs) return undefined;
    // Opening a window retunes the receiver, whatever it is in the middle of.
    for (const { openMs } of this.#windows) if (openMs > startMs && openMs < endMs) return undefined;
    return continuous.tuning;
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
