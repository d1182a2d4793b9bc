import { type SteadyMs, steadyMs } from '@airlift/kernel';
import type { Region } from './regions/region.ts';
import { subBandAt } from './regions/sub-bands.ts';

const HOUR_MS = 3_600_000;
/** Sums of many airtimes carry rounding errors; less than a microsecond is none. */
const TOLERANCE_MS = 1e-3;

interface Emission {
  readonly start: number;
  readonly end: number;
}

/**
 * Accounts the time one transmitter spends on air in each sub-band of a region, over a sliding hour: no hour may hold
 * more than the duty cycle allows. One transmitter sends one frame at a time. Reads no clock.
 */
export class DutyCycleLedger {
  readonly #region: Region;
  /** By the lower bound of the sub-band; ascending in time. */
  readonly #emissions = new Map<number, Emission[]>();

  constructor(region: Region) {
    this.#region = region;
  }

  /**
   * Notes a transmission that was made or is promised. Frequencies outside all sub-bands and sub-bands without a limit
   * need no account.
   */
  record(frequencyHz: number, startAt: SteadyMs, airtimeMs: number): void {
    const band = subBandAt(this.#region, frequencyHz);
    if (band === undefined || band.dutyCycle >= 1 || airtimeMs <= 0) return;
    const list = this.#emissions.get(band.fromHz) ?? [];
    const end = startAt + airtimeMs;
    list.splice(list.findLastIndex(({ start }) => start <= startAt) + 1, 0, { start: startAt, end });
    const newest = list.at(-1)?.end ?? end;
    // One hour counts; the second one is for promises that lie ahead of the instants still asked about.
    const firstKept = list.findIndex((emission) => emission.end > newest - 2 * HOUR_MS);
    if (firstKept > 0) list.splice(0, firstKept);
    this.#emissions.set(band.fromHz, list);
  }

  /** Takes back a promise: the gateway refused the frame. Unknown ones are ignored. */
  forget(frequencyHz: number, startAt: SteadyMs, airtimeMs: number): void {
    const band = subBandAt(this.#region, frequencyHz);
    const list = band === undefined ? undefined : this.#emissions.get(band.fromHz);
    const place = list?.findIndex(({ start, end }) => start === startAt && end === startAt + airtimeMs) ?? -1;
    if (place >= 0) list?.splice(place, 1);
  }

  /** Milliseconds on air in the frequency's sub-band during the hour before `at`. */
  usedMs(frequencyHz: number, at: SteadyMs): number {
    return timeWithin(this.#of(frequencyHz), at - HOUR_MS, at);
  }

  /** Milliseconds an hour that the frequency's sub-band allows; infinite without a limit, 0 outside all sub-bands. */
  budgetMs(frequencyHz: number): number {
    const band = subBandAt(this.#region, frequencyHz);
    if (band === undefined) return 0;
    return band.dutyCycle >= 1 ? Number.POSITIVE_INFINITY : band.dutyCycle * HOUR_MS;
  }

  /**
   * The earliest instant, not before `notBefore`, at which a frame may start so that no hour holds too much, counting
   * also the frames promised for later.
   * @returns undefined when it never may: longer than the whole budget, or outside all sub-bands
   */
  earliestStart(frequencyHz: number, airtimeMs: number, notBefore: SteadyMs): SteadyMs | undefined {
    const budget = this.budgetMs(frequencyHz);
    if (airtimeMs > budget) return undefined;
    if (budget === Number.POSITIVE_INFINITY) return notBefore;
    const list = this.#of(frequencyHz);
    let start: number = notBefore;
    for (;;) {
      const later = laterStart(list, start, airtimeMs, budget);
      if (later === undefined) return steadyMs(start);
      start = later;
    }
  }

  #of(frequencyHz: number): readonly Emission[] {
    const band = subBandAt(this.#region, frequencyHz);
    return band === undefined ? [] : (this.#emissions.get(band.fromHz) ?? []);
  }
}

/**
 * An instant up to which the frame cannot start, or undefined when it can start at `start`. The fullest hours are those
 * that end when a frame ends, so only these are looked at: the one of the new frame, and those of frames after it.
 */
function laterStart(list: readonly Emission[], start: number, airtimeMs: number, budgetMs: number): number | undefined {
  const end = start + airtimeMs;
  const excess = timeWithin(list, end - HOUR_MS, end) + airtimeMs - budgetMs;
  if (excess > TOLERANCE_MS) return instantAfter(list, end - HOUR_MS, excess) + HOUR_MS - airtimeMs;
  for (let i = list.length - 1; i >= 0; i--) {
    const hourEnd = list[i]?.end ?? 0;
    if (hourEnd <= end) break;
    const inside = Math.max(0, end - Math.max(start, hourEnd - HOUR_MS));
    if (inside === 0) continue;
    const tooMuch = timeWithin(list, hourEnd - HOUR_MS, hourEnd) + inside - budgetMs;
    // Moving the frame inside that hour changes nothing; it has to stick out at its end.
    if (tooMuch > TOLERANCE_MS) return hourEnd - airtimeMs + Math.min(tooMuch, airtimeMs);
  }
  return undefined;
}

function timeWithin(list: readonly Emission[], from: number, to: number): number {
  let sum = 0;
  for (let i = list.length - 1; i >= 0; i--) {
    const emission = list[i];
    if (emission === undefined || emission.end <= from) break;
    sum += Math.max(0, Math.min(emission.end, to) - Math.max(emission.start, from));
  }
  return sum;
}

/** The instant at which `amountMs` of time on air have passed since `from`. */
function instantAfter(list: readonly Emission[], from: number, amountMs: number): number {
  let rest = amountMs;
  let last = from;
  for (const { start, end } of list) {
    if (end <= from) continue;
    const begin = Math.max(start, from);
    if (end - begin >= rest) return begin + rest;
    rest -= end - begin;
    last = end;
  }
  return last + rest;
}
