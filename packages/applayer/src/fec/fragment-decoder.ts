import { CallerError } from '@airlift/kernel';
import { type EngineKind, markBits } from './combiner.ts';
import { combinerEngine } from './engines.ts';
import { invertBits } from './invert.ts';
import { checkFragmentIndex, checkFragSize, type RowRule } from './limits.ts';
import { ParityRowCache } from './parity-row-cache.ts';
import { RankDecoder } from './rank-decoder.ts';
import { gatherColumns } from './row-basis.ts';

const EMPTY = new Int32Array(0);

/** What FragSessionSetupReq tells a receiver (TS004, command 0x02), and the rule that it must know by itself. */
export interface FragmentDecoderOptions {
  /** Number of plain fragments, 1 .. 16383. */
  readonly nbFrag: number;
  /** Octets in a fragment, 1 .. 255. */
  readonly fragSize: number;
  /** Octets at the end of the last plain fragment that are no data, 0 .. FragSize - 1. */
  readonly padding: number;
  readonly rule: RowRule;
  /** Rows shared with other decoders of the same NbFrag and rule; drawn anew when left out. */
  readonly rows?: ParityRowCache;
  /** Forces one way of computing; the fastest available when left out. The block is the same. */
  readonly engine?: EngineKind;
}

/**
 * Puts a data block together from coded fragments (TS004, FragAlgo 0), in whatever order and however often they
 * arrive. Only coefficients are worked on while fragments come in; the octets are computed once, in `block()`.
 */
export class FragmentDecoder {
  readonly fragSize: number;
  readonly padding: number;
  readonly #rank: RankDecoder;
  readonly #rows: ParityRowCache;
  readonly #engine: EngineKind | undefined;
  /** The padded block, with zeros where nothing has arrived. */
  readonly #octets: Uint8Array;
  /** The parity fragments that brought something new. */
  #parity: { readonly index: number; readonly fragment: Uint8Array }[] = [];
  #solved = false;

  /**
   * @throws CallerError `nb-frag-invalid`, `nb-frag-too-large`, `frag-size-invalid`, `row-rule-invalid`,
   *   `padding-invalid`, `parity-rows-foreign` (shared rows of another NbFrag or rule)
   */
  constructor(options: FragmentDecoderOptions) {
    const { nbFrag, fragSize, padding, rule, rows, engine } = options;
    checkFragSize(fragSize);
    if (!Number.isInteger(padding) || padding < 0 || padding >= fragSize) {
      throw new CallerError('padding-invalid', `Padding is 0 .. FragSize - 1 octets, not ${padding}`);
    }
    if (rows !== undefined && (rows.nbFrag !== nbFrag || rows.rule !== rule)) {
      throw new CallerError('parity-rows-foreign', 'the shared rows are of another session');
    }
    this.fragSize = fragSize;
    this.padding = padding;
    this.#rows = rows ?? new ParityRowCache(nbFrag, rule);
    this.#rank = new RankDecoder(this.#rows);
    this.#engine = engine;
    this.#octets = new Uint8Array(nbFrag * fragSize);
  }

  /** Number of plain fragments in the session. */
  get nbFrag(): number {
    return this.#rank.nbFrag;
  }

  /** Independent coded fragments received, 0 .. NbFrag. */
  get rank(): number {
    return this.#rank.rank;
  }

  /** How many more independent fragments are needed: NbFrag - rank. */
  get missing(): number {
    return this.#rank.missing;
  }

  /** Whether `block()` will give the block. */
  get complete(): boolean {
    return this.#rank.complete;
  }

  /** Plain fragments not received before completion; whether they can be reconstructed does not matter. */
  get missingPlain(): number {
    return this.#rank.missingPlain;
  }

  /** Fragments received, parity and repeats included. */
  get receivedCount(): number {
    return this.#rank.receivedCount;
  }

  /**
   * Takes coded fragment N = `index` and copies its octets. True when it brought something new: the rank has grown.
   * @throws CallerError `fragment-index-invalid` unless 1 <= index <= 16383, `fragment-length-invalid` unless it has
   *   FragSize octets
   */
  receive(index: number, fragment: Uint8Array): boolean {
    checkFragmentIndex(index);
    if (fragment.length !== this.fragSize) {
      throw new CallerError(
        'fragment-length-invalid',
        `a fragment of this session has ${this.fragSize} octets, not ${fragment.length}`,
      );
    }
    if (index > this.nbFrag) {
      const useful = this.#rank.receive(index);
      if (useful) this.#parity.push({ index, fragment: new Uint8Array(fragment) });
      return useful;
    }
    const isNew = !this.#rank.hasPlain(index) && !this.#rank.complete;
    const useful = this.#rank.receive(index);
    // A plain fragment is worth keeping even if its value followed from what is here: it is one unknown fewer.
    if (isNew) this.#octets.set(fragment, (index - 1) * this.fragSize);
    return useful;
  }

  /**
   * The data block, padding removed: a view of the decoder's own array, which no longer changes.
   * @throws CallerError `block-incomplete` before `complete`
   */
  block(): Uint8Array {
    if (!this.complete) {
      throw new CallerError('block-incomplete', `${this.missing} more independent fragments are needed`);
    }
    if (!this.#solved) {
      if (this.missingPlain > 0) this.#solve();
      this.#parity = [];
      this.#solved = true;
    }
    return this.#octets.subarray(0, this.#octets.length - this.padding);
  }

  /**
   * With plain fragments split into known k and lacking x, parity fragments are y = A k + B x. Hence x = C (y - A k)
   * with C B = 1; since lacking fragments are zeros so far, A k is the product of whole rows with the whole block.
   */
  #solve(): void {
    const { fragSize, nbFrag } = this;
    const lacking: number[] = [];
    for (let index = 1; index <= nbFrag; index++) if (!this.#rank.hasPlain(index)) lacking.push(index - 1);
    const columns = Int32Array.from(lacking);
    const count = this.#parity.length;
    const rows = this.#parity.map(({ index }) => this.#rows.row(index));
    const unknownWords = (columns.length + 31) >>> 5;
    const unknown = new Int32Array(count * unknownWords);
    rows.forEach((row, i) => {
      gatherColumns(row, columns, unknown, i * unknownWords);
    });
    const engine = combinerEngine(this.#engine);
    const remainders = new Uint8Array(count * fragSize);
    engine
      .combiner(this.#octets, nbFrag, fragSize)
      .combine(
        { mark: (r, digits, bit) => markBits(rows[r] ?? EMPTY, 0, this.#rows.words, digits, bit) },
        count,
        remainders,
      );
    this.#parity.forEach(({ fragment }, i) => {
      for (let o = 0; o < fragSize; o++) {
        remainders[i * fragSize + o] = (remainders[i * fragSize + o] as number) ^ (fragment[o] as number);
      }
    });
    const inverse = invertBits(unknown, count, columns.length);
    const inverseWords = (count + 31) >>> 5;
    const found = new Uint8Array(columns.length * fragSize);
    engine
      .combiner(remainders, count, fragSize)
      .combine(
        { mark: (r, digits, bit) => markBits(inverse, r * inverseWords, inverseWords, digits, bit) },
        columns.length,
        found,
      );
    lacking.forEach((column, i) => {
      this.#octets.set(found.subarray(i * fragSize, (i + 1) * fragSize), column * fragSize);
    });
  }
}
