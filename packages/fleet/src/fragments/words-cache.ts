import { type FragmentWords, wordsOf } from './fragment-words.ts';
import { SolvedBlocks } from './solved-blocks.ts';

/** Hands out the same words for the same payload: a fragment that many devices heard is kept once. */
export class WordsCache {
  readonly #words = new WeakMap<Uint8Array, FragmentWords>();
  /** Blocks that devices have solved. */
  readonly solved = new SolvedBlocks();

  /** The `octetCount` octets of `payload` from `from` on, as words. Shared, not to be written to. */
  of(payload: Uint8Array, from: number, octetCount: number): FragmentWords {
    const known = this.#words.get(payload);
    if (known !== undefined && known.length === (octetCount + 3) >> 2) return known;
    const words = wordsOf(payload.subarray(from), octetCount);
    this.#words.set(payload, words);
    return words;
  }
}
