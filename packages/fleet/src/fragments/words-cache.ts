import { FragmentLibrary } from './fragment-library.ts';
import { type FragmentWords, wordsOf } from './fragment-words.ts';

/** Hands out the same words for the same payload: a fragment that many devices heard is kept once. */
export class WordsCache {
  readonly #words = new WeakMap<Uint8Array, FragmentWords>();
  /** The payload asked for last: its receivers come one after the other. */
  #lastPayload: Uint8Array | undefined;
  #lastWords: FragmentWords | undefined;
  /** What devices hear, and the blocks they have solved. */
  readonly library = new FragmentLibrary();

  /** The `octetCount` octets of `payload` from `from` on, as words. Shared, not to be written to. */
  of(payload: Uint8Array, from: number, octetCount: number): FragmentWords {
    const known = payload === this.#lastPayload ? this.#lastWords : this.#words.get(payload);
    const isKnown = known !== undefined && known.length === (octetCount + 3) >> 2;
    const words = isKnown ? known : wordsOf(payload.subarray(from), octetCount);
    if (!isKnown) this.#words.set(payload, words);
    this.#lastPayload = payload;
    this.#lastWords = words;
    return words;
  }
}
