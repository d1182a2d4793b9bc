import { checkFragmentIndex, type RowRule } from './limits.ts';
import { ParityRows } from './parity-rows.ts';

/**
 * Rows of parity fragments, drawn when first asked for and kept: decoders of many devices in one session share one
 * cache. Each row kept takes NbFrag / 8 octets and an array object; the cache goes with its last user.
 */
export class ParityRowCache {
  readonly nbFrag: number;
  readonly rule: RowRule;
  /** 32-bit words in a row. */
  readonly words: number;
  readonly #rows: ParityRows;
  readonly #kept: (Int32Array | undefined)[] = [];

  /** @throws CallerError `nb-frag-invalid`, `nb-frag-too-large`, `row-rule-invalid` */
  constructor(nbFrag: number, rule: RowRule) {
    this.#rows = new ParityRows(nbFrag, rule);
    this.nbFrag = nbFrag;
    this.rule = rule;
    this.words = this.#rows.words;
  }

  /**
   * The row of coded fragment `index` in the form of `ParityRows.write`; to be read only.
   * @throws CallerError `fragment-index-invalid` unless NbFrag < index <= 16383
   */
  row(index: number): Int32Array {
    const kept = this.#kept[index - this.nbFrag - 1];
    if (kept !== undefined) return kept;
    checkFragmentIndex(index, this.nbFrag + 1);
    const row = new Int32Array(this.words);
    this.#rows.write(index, row);
    // Filled up in order, so that the array of rows stays dense.
    while (this.#kept.length < index - this.nbFrag - 1) this.#kept.push(undefined);
    this.#kept[index - this.nbFrag - 1] = row;
    return row;
  }
}
