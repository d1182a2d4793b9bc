import { FragmentLibrary } from './fragment-library.ts';
import { type FragmentWords, wordsOf } from './fragment-words.ts';

/** Hands out the same words for the same payload: a fragment that many devices heard is kept once. */
export class WordsCache {
  readonly #words = new WeakMap<Uint8Array, FragmentWords>();
  /** What devices hear, and the blocks they have solved. */
  readonly library = new FragmentLibrary();

  /** The `octetCount` octets of `payload` from `from` on, as words. Shared, not to be written to. */
  of(payload: Uint8Array, from: number, octetCount: number): FragmentWords {
    const known = this.#words.get(payload);
    if (known !== undefined && known.length === (octetCount + 3) >> 2) return known;
    const words = wordsOf(payload.subarray(from), octetCount);
    this.#words.set(payload, words);
    return words;
  }
}
