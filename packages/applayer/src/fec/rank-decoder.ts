import { checkFragmentIndex } from './limits.ts';
import type { ParityRowCache } from './parity-row-cache.ts';
import { RowBasis } from './row-basis.ts';

/**
 * Tells when a set of coded fragments suffices, without their octets: exactly when a decoder of TS004, FragAlgo 0,
 * completes.
 * Memory: NbFrag / 8 octets, and from the first parity fragment until completion L * L / 8 for L fragments lacking.
 */
export class RankDecoder {
  readonly #rows: ParityRowCache;
  /** Bit set: plain fragment received. */
  readonly #plain: Int32Array;
  #plainCount = 0;
  #receivedCount = 0;
  #basis: RowBasis | undefined;
  #complete = false;

  /** `rows` gives NbFrag and the rule, and may be shared by any number of decoders. */
  constructor(rows: ParityRowCache) {
    this.#rows = rows;
    this.#plain = new Int32Array(rows.words);
  }

  /** Number of plain fragments in the session. */
  get nbFrag(): number {
    return this.#rows.nbFrag;
  }

  /** Independent coded fragments received, 0 .. NbFrag. */
  get rank(): number {
    return this.#complete ? this.nbFrag : this.#plainCount + (this.#basis?.size ?? 0);
  }

  /** How many more independent fragments are needed: NbFrag - rank. */
  get missing(): number {
    return this.nbFrag - this.rank;
  }

  /** Whether the block can be reconstructed. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Plain fragments not received before completion; whether they can be reconstructed does not matter. */
  get missingPlain(): number {
    return this.nbFrag - this.#plainCount;
  }

  /** Fragments received, parity and repeats included. */
  get receivedCount(): number {
    return this.#receivedCount;
  }

  /** Whether plain fragment `index` was received before completion (not: reconstructed). */
  hasPlain(index: number): boolean {
    if (!(index >= 1 && index <= this.nbFrag)) return false;
    return (((this.#plain[(index - 1) >>> 5] ?? 0) >>> ((index - 1) & 31)) & 1) !== 0;
  }

  /**
   * Takes coded fragment N = `index`. True when it brought something new: the rank has grown.
   * @throws CallerError `fragment-index-invalid` unless 1 <= index <= 16383
   */
  receive(index: number): boolean {
    checkFragmentIndex(index);
    this.#receivedCount += 1;
    if (this.#complete) return false;
    const useful = index <= this.nbFrag ? this.#receivePlain(index) : this.#receiveParity(index);
    if (useful && this.rank === this.nbFrag) {
      this.#complete = true;
      this.#basis = undefined;
    }
    return useful;
  }

  #receivePlain(index: number): boolean {
    const word = (index - 1) >>> 5;
    const bit = 1 << ((index - 1) & 31);
    const before = this.#plain[word] as number;
    if ((before & bit) !== 0) return false;
    this.#plain[word] = before | bit;
    this.#plainCount += 1;
    return this.#basis === undefined || this.#basis.close(index - 1);
  }

  #receiveParity(index: number): boolean {
    this.#basis ??= new RowBasis(this.#lackingColumns());
    return this.#basis.add(this.#rows.row(index));
  }

  #lackingColumns(): Int32Array {
    const columns = new Int32Array(this.missingPlain);
    let count = 0;
    for (let c = 0; c < this.nbFrag; c++) {
      if ((((this.#plain[c >>> 5] as number) >>> (c & 31)) & 1) === 0) columns[count++] = c;
    }
    return columns;
  }
}
