import type { UtcMs } from '@airlift/kernel';
import type { Tuning } from './air-frame.ts';

/** Windows are kept in slots of this length, milliseconds. */
const SLOT_MS = 128;
/** A frame begins at most this long before or after the instant at which a window opens. */
const TOLERANCE_MS = 50;
/** Who stopped listening is asked about frames that began before for so long: longer than any frame. */
const LINGER_MS = 5_000;

/**
 * Who may be listening to a frame. Of ten thousand devices in class A a handful have a window open at any instant; asking
 * only those is what makes a large fleet affordable.
 */
export class Listeners<Station> {
  readonly #always = new Set<Station>();
  readonly #continuous = new Map<string, Set<Station>>();
  readonly #channelOf = new Map<Station, string>();
  /** Stations with a window that opens in a slot. */
  readonly #windows = new Map<number, Station[]>();
  #lingering: { readonly station: Station; readonly untilMs: number }[] = [];

  /** To be asked about every frame. */
  always(station: Station): void {
    this.#always.add(station);
  }

  /** Listens on a channel all the time; undefined ends it. */
  listen(station: Station, tuning: Tuning | undefined, now: UtcMs): void {
    const before = this.#channelOf.get(station);
    const channel = tuning === undefined ? undefined : channelName(tuning);
    if (before === channel) return;
    if (before !== undefined) {
      this.#continuous.get(before)?.delete(station);
      this.#channelOf.delete(station);
      this.#lingering = this.#lingering.filter(({ untilMs }) => untilMs > now);
      this.#lingering.push({ station, untilMs: now + LINGER_MS });
    }
    if (channel === undefined) return;
    this.#channelOf.set(station, channel);
    const listening = this.#continuous.get(channel) ?? new Set();
    listening.add(station);
    this.#continuous.set(channel, listening);
  }

  /** May listen about these instants. */
  expect(station: Station, openMs: readonly UtcMs[], now: UtcMs): void {
    const oldest = Math.floor((now - LINGER_MS) / SLOT_MS);
    for (const slot of this.#windows.keys()) {
      if (slot >= oldest) break;
      this.#windows.delete(slot);
    }
    for (const instant of openMs) {
      const slot = Math.floor(instant / SLOT_MS);
      const stations = this.#windows.get(slot);
      if (stations === undefined) this.#windows.set(slot, [station]);
      else stations.push(station);
    }
  }

  /** Is not asked any more. */
  drop(station: Station): void {
    this.#always.delete(station);
    const channel = this.#channelOf.get(station);
    if (channel !== undefined) this.#continuous.get(channel)?.delete(station);
    this.#channelOf.delete(station);
    this.#lingering = this.#lingering.filter((one) => one.station !== station);
    for (const [slot, stations] of this.#windows) {
      if (stations.includes(station)) {
        this.#windows.set(
          slot,
          stations.filter((other) => other !== station),
        );
      }
    }
  }

  /** Visits whoever may have listened to a frame of that channel and beginning, perhaps more than once. */
  forEach(frame: Tuning & { readonly startMs: UtcMs }, visit: (station: Station) => void): void {
    // Whoever is visited may start or stop to listen: that counts from the next frame on.
    for (const station of [...this.#always]) visit(station);
    for (const { station } of [...this.#lingering]) visit(station);
    const first = Math.floor((frame.startMs - TOLERANCE_MS) / SLOT_MS);
    const last = Math.floor((frame.startMs + TOLERANCE_MS) / SLOT_MS);
    for (let slot = first; slot <= last; slot++) for (const station of this.#windows.get(slot) ?? []) visit(station);
    const continuous = this.#continuous.get(channelName(frame));
    if (continuous !== undefined) for (const station of [...continuous]) visit(station);
  }
}

function channelName({ frequencyHz, dataRate }: Tuning): string {
  return `${frequencyHz}/${dataRate}`;
}
