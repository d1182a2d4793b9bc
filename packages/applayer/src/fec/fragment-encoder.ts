import { CallerError } from '@airlift/kernel';
import type { Combiner, EngineKind } from './combiner.ts';
import { combinerEngine } from './engines.ts';
import {
  checkFragmentIndex,
  checkFragSize,
  checkNbFrag,
  checkRowRule,
  MAX_FRAGMENT_INDEX,
  type RowRule,
} from './limits.ts';
import { ParityRows } from './parity-rows.ts';

/** What a fragmentation session needs to know of its encoder. */
export interface FragmentEncoderOptions {
  /** The data block, 1 octet at least. Copied. */
  readonly block: Uint8Array;
  /** Octets in a fragment, 1 .. 255. */
  readonly fragSize: number;
  /** The rule of the receiving devices. */
  readonly rule: RowRule;
  /** Forces one way of computing; the fastest available when left out. The fragments are the same. */
  readonly engine?: EngineKind;
}

/**
 * Cuts a data block into coded fragments (TS004, FragAlgo 0): the plain fragments 1 .. NbFrag,
 * then as many parity fragments as are asked for. Nothing is computed ahead and nothing computed is kept, so a server
 * can ask for a few at a time, in any order, for as long as devices need them.
 */
export class FragmentEncoder {
  readonly fragSize: number;
  readonly rule: RowRule;
  /** Number of plain fragments, the field NbFrag of FragSessionSetupReq (TS004, command 0x02). */
  readonly nbFrag: number;
  /** Zero octets that fill the last plain fragment, the field Padding of FragSessionSetupReq. */
  readonly padding: number;
  readonly #padded: Uint8Array;
  readonly #engine: EngineKind | undefined;
  #parity: { readonly rows: ParityRows; readonly combiner: Combiner } | undefined;

  /** @throws CallerError `frag-size-invalid`, `block-empty`, `nb-frag-too-large`, `row-rule-invalid` */
  constructor(options: FragmentEncoderOptions) {
    const { block, fragSize, rule, engine } = options;
    checkFragSize(fragSize);
    if (block.length === 0) throw new CallerError('block-empty', 'an empty block has no fragments');
    this.fragSize = fragSize;
    this.nbFrag = Math.ceil(block.length / fragSize);
    checkNbFrag(this.nbFrag);
    checkRowRule(rule);
    this.rule = rule;
    this.padding = this.nbFrag * fragSize - block.length;
    this.#padded = new Uint8Array(this.nbFrag * fragSize);
    this.#padded.set(block);
    this.#engine = engine;
  }

  /** How many parity fragments exist at all: the index has 14 bits. */
  get maxParity(): number {
    return MAX_FRAGMENT_INDEX - this.nbFrag;
  }

  /**
   * Coded fragment N = `index`, FragSize octets in a new array: plain up to NbFrag, parity beyond.
   * @throws CallerError `fragment-index-invalid` unless 1 <= index <= 16383
   */
  fragment(index: number): Uint8Array {
    checkFragmentIndex(index);
    if (index > this.nbFrag) return this.#combine(index, 1);
    return this.#padded.slice((index - 1) * this.fragSize, index * this.fragSize);
  }

  /**
   * The parity fragments N = `fromIndex` .. `fromIndex + count - 1`, FragSize octets each. Many at once cost far less
   * than one by one. The arrays are views of one new buffer.
   * @throws CallerError `fragment-index-invalid` unless NbFrag < N <= 16383 for all of them,
   *   `fragment-count-invalid` unless `count` is an integer and not negative
   */
  parity(fromIndex: number, count: number): Uint8Array[] {
    if (!Number.isInteger(count) || count < 0) {
      throw new CallerError('fragment-count-invalid', `cannot make ${count} fragments`);
    }
    if (count === 0) return [];
    checkFragmentIndex(fromIndex, this.nbFrag + 1);
    checkFragmentIndex(fromIndex + count - 1, this.nbFrag + 1);
    const octets = this.#combine(fromIndex, count);
    return Array.from({ length: count }, (_, i) => octets.subarray(i * this.fragSize, (i + 1) * this.fragSize));
  }

  #combine(fromIndex: number, count: number): Uint8Array {
    this.#parity ??= {
      rows: new ParityRows(this.nbFrag, this.rule),
      combiner: combinerEngine(this.#engine).combiner(this.#padded, this.nbFrag, this.fragSize),
    };
    const { rows, combiner } = this.#parity;
    const target = new Uint8Array(count * this.fragSize);
    const fromRow = { mark: (r: number, digits: Int32Array, bit: number) => rows.mark(fromIndex + r, digits, bit) };
    combiner.combine(fromRow, count, target);
    return target;
  }
}
