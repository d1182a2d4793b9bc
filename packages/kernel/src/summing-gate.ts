import { after, type Clock, type Timer } from './clock.ts';
import type { SteadyMs } from './instant.ts';

/** So many sources of one kind are told apart; what comes from further ones is summed up as that of "others". */
const MOST_SOURCES = 32;
const SPAN_MS = 60_000;

/** What one source did since it was last told of. `source` is undefined for all those beyond the ones told apart. */
export interface Sum<Entry> {
  /** The last of those that are summed up. */
  readonly sample: Entry;
  readonly source: string | undefined;
  readonly count: number;
  readonly spanMs: number;
}

interface Source<Entry> {
  untold: number;
  sample: Entry;
}

/**
 * Keeps a flood of alike entries from becoming a flood of lines: the first of a kind and source passes at once, the
 * further ones are counted and told as one sum a minute. However many come from however many sources, the lines of a
 * kind are bounded, and every entry is in exactly one of them.
 */
export class SummingGate<Entry, Instant extends number = SteadyMs> {
  readonly #clock: Clock<Instant>;
  readonly #pass: (entry: Entry, count: number) => void;
  readonly #sum: (sum: Sum<Entry>) => void;
  readonly #kinds = new Map<string, Map<string | undefined, Source<Entry>>>();
  #timer: Timer | undefined;
  #since = 0;

  constructor(options: {
    readonly clock: Clock<Instant>;
    /** Hears of the first entry of a source; it stands for `count` alike ones. */
    readonly pass: (entry: Entry, count: number) => void;
    readonly sum: (sum: Sum<Entry>) => void;
  }) {
    this.#clock = options.clock;
    this.#pass = options.pass;
    this.#sum = options.sum;
  }

  /**
   * Takes an entry, which may stand for several alike ones.
   * @param kind one of a few texts of our own, never something that was received
   * @param source whoever caused it
   */
  take(kind: string, source: string, entry: Entry, count = 1): void {
    let sources = this.#kinds.get(kind);
    if (sources === undefined) {
      sources = new Map();
      this.#kinds.set(kind, sources);
    }
    const known = sources.get(source);
    if (known !== undefined) {
      known.untold += count;
      known.sample = entry;
    } else if (sources.size < MOST_SOURCES) {
      sources.set(source, { untold: 0, sample: entry });
      this.#pass(entry, count);
    } else {
      const others = sources.get(undefined);
      sources.set(undefined, { untold: (others?.untold ?? 0) + count, sample: entry });
    }
    this.#arm();
  }

  /** Tells all that was counted so far; to be called before the log ends. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#tell();
    this.#kinds.clear();
  }

  #arm(): void {
    if (this.#timer !== undefined) return;
    this.#since = this.#clock.now();
    this.#timer = after(this.#clock, SPAN_MS, () => {
      this.#timer = undefined;
      this.#tell();
      if (this.#kinds.size > 0) this.#arm();
    });
  }

  /** A source that did nothing for a whole span is forgotten, and its next entry passes at once again. */
  #tell(): void {
    const spanMs = this.#clock.now() - this.#since;
    for (const [kind, sources] of this.#kinds) {
      for (const [source, state] of sources) {
        if (state.untold === 0) {
          sources.delete(source);
          continue;
        }
        this.#sum({ sample: state.sample, source, count: state.untold, spanMs });
        state.untold = 0;
        if (source === undefined) sources.delete(source);
      }
      if (sources.size === 0) this.#kinds.delete(kind);
    }
  }
}
