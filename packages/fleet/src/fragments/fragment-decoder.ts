import { BugError } from '@airlift/kernel';
import { Coefficients } from './coefficients.ts';
import { addAllWords, emptyWords, type FragmentWords, octetsOf, wordsOf } from './fragment-words.ts';
import { type DecoderRowRule, parityRow } from './parity-row.ts';
import type { SolvedBlocks, UsedFragment } from './solved-blocks.ts';

/** What a fragment did to the decoder. */
export type FragmentOutcome =
  /** It was of use, or might have been: more are needed. */
  | 'ongoing'
  /** With it the block is whole; once only. */
  | 'complete'
  /** Nothing changes any more: the block was whole before, or the number is 0. */
  | 'ignored'
  /** A plain fragment that came too late for this decoder: lost for good, whether it was heard before or not. */
  | 'out-of-order'
  /** More plain fragments are missing than the build can repair. */
  | 'overflow';

/**
 * Which plain fragments are taken. `ascending`: those above the last one, and none after the first coded one;
 * `until-coded`: in any order until the first coded one, after which a plain one is taken for coded and spoils the block;
 * `any`: whenever they come.
 */
export type PlainOrder = 'ascending' | 'until-coded' | 'any';

/** The size of a block and of the memory for repairing it. */
export interface DecoderShape {
  /** NbFrag, M: the number of plain fragments. */
  readonly fragments: number;
  /** FragSize, octets. */
  readonly fragmentSize: number;
  /** How many missing plain fragments the device has memory to repair. */
  readonly maxRedundancy: number;
  /** Default `v1`. */
  readonly rowRule?: DecoderRowRule;
  /** Default `ascending`. */
  readonly plainOrder?: PlainOrder;
}

/** A useful fragment after the first coded one; its octets are summed up only when all unknowns can be solved. */
interface Equation {
  readonly coefficients: Coefficients;
  readonly fragment: UsedFragment;
  /** What its coefficients were reduced by. */
  readonly reducedBy: readonly Equation[];
}

/** The plain fragments that are missing once the first coded one has come. */
interface Unknowns {
  /** Their columns, ascending. */
  readonly columns: readonly number[];
  /** By column, which of the unknowns it is; -1 for what is known. */
  readonly positions: Int32Array;
}

/**
 * The decoder of a device for TS004: plain fragments come first, mostly once and ascending, then coded ones in any order.
 * With the first coded fragment the set of missing plain ones is fixed; from then on each useful coded fragment is one
 * equation in them, kept in echelon form, and as many independent equations as unknowns solve it.
 */
export class FragmentDecoder {
  readonly #shape: DecoderShape;
  readonly #known: (FragmentWords | undefined)[];
  #lastPlain = 0;
  #plainHeard = 0;
  #plainLost = 0;
  #lastHeard = 0;
  #heard = 0;
  #equationsUsed = 0;
  #whole = false;
  #overflowed = false;
  #unknowns: Unknowns | undefined;
  /** By the unknown that each was reduced to, in the order in which they came. */
  readonly #pivots = new Map<number, Equation>();
  readonly #solved: SolvedBlocks | undefined;

  /** @param solved what other decoders have solved, if they are to share the work */
  constructor(shape: DecoderShape, solved?: SolvedBlocks) {
    this.#shape = shape;
    this.#solved = solved;
    this.#known = new Array<FragmentWords | undefined>(shape.fragments).fill(undefined);
  }

  get shape(): DecoderShape {
    return this.#shape;
  }

  /** Whether all plain fragments are known. */
  get complete(): boolean {
    return this.#whole;
  }

  /** Whether more was lost than can be repaired. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Number of the last fragment that was heard, even if it was of no use. */
  get lastHeard(): number {
    return this.#lastHeard;
  }

  /** Fragments heard, repeats and useless ones included. */
  get heard(): number {
    return this.#heard;
  }

  /** Coded fragments, and plain ones after the first coded one, that brought something new. */
  get parityUsed(): number {
    return this.#equationsUsed;
  }

  /** Plain fragments known to have been lost on the way; repair does not lower it. */
  get plainLost(): number {
    return this.#plainLost;
  }

  /** Plain fragments neither heard nor as good as repaired: how many more useful fragments are needed. */
  get missing(): number {
    if (this.#whole) return 0;
    if (this.#unknowns !== undefined) return this.#unknowns.columns.length - this.#pivots.size;
    return this.#shape.fragments - this.#plainHeard;
  }

  /**
   * Takes fragment number `n`, counted from 1; above M it is a coded one. `words` is kept and never written to, so
   * that many devices may share it.
   */
  accept(n: number, words: FragmentWords): FragmentOutcome {
    this.#lastHeard = n;
    this.#heard += 1;
    if (this.#whole || n < 1) return 'ignored';
    const { fragments, plainOrder = 'ascending' } = this.#shape;
    const isPlain = n <= fragments;
    if (isPlain && (this.#unknowns === undefined || plainOrder === 'ascending')) return this.#acceptPlain(n, words);
    this.#unknowns ??= this.#closePlain();
    if (this.#unknowns.columns.length > this.#shape.maxRedundancy) {
      this.#overflowed = true;
      return 'overflow';
    }
    // A plain fragment is an equation of one unknown, unless the decoder does not know plain ones any more.
    const isSingle = isPlain && plainOrder === 'any';
    const k = isPlain ? n : n - fragments;
    return this.#acceptEquation(this.#unknowns, {
      row: isSingle ? () => [n - 1] : () => this.#row(k),
      rowName: isSingle ? -n : k,
      words,
    });
  }

  /** As `accept`, of octets; they are copied. */
  acceptOctets(n: number, octets: Uint8Array): FragmentOutcome {
    return this.accept(n, wordsOf(octets, this.#shape.fragmentSize));
  }

  /** The whole block with its padding, M*FragSize octets; fragments that are missing read as zeros. */
  block(): Uint8Array {
    const { fragments, fragmentSize } = this.#shape;
    const block = new Uint8Array(fragments * fragmentSize);
    this.#known.forEach((words, column) => {
      if (words !== undefined) block.set(octetsOf(words, fragmentSize), column * fragmentSize);
    });
    return block;
  }

  /** Gives up the octets of a block that is whole and was copied: `block` reads as zeros afterwards. */
  release(): void {
    if (this.#whole) this.#known.fill(undefined);
  }

  #row(k: number): readonly number[] {
    return parityRow(this.#shape.fragments, k, this.#shape.rowRule);
  }

  #acceptPlain(n: number, words: FragmentWords): FragmentOutcome {
    const { fragments, plainOrder = 'ascending' } = this.#shape;
    if (plainOrder === 'ascending' && (this.#unknowns !== undefined || n < this.#lastPlain)) return 'out-of-order';
    if (n > this.#lastPlain) {
      this.#plainLost += n - this.#lastPlain - 1;
      this.#lastPlain = n;
    } else if (this.#known[n - 1] === undefined) this.#plainLost -= 1;
    if (this.#known[n - 1] === undefined) {
      this.#plainHeard += 1;
      this.#known[n - 1] = words;
    }
    return this.#plainHeard === fragments ? this.#finish() : 'ongoing';
  }

  /** Whatever plain fragment has not come by now is taken for lost. */
  #closePlain(): Unknowns {
    this.#plainLost += this.#shape.fragments - this.#lastPlain;
    const columns: number[] = [];
    const positions = new Int32Array(this.#shape.fragments).fill(-1);
    this.#known.forEach((words, column) => {
      if (words === undefined) positions[column] = columns.push(column) - 1;
    });
    return { columns, positions };
  }

  #acceptEquation({ columns, positions }: Unknowns, fragment: UsedFragment): FragmentOutcome {
    const coefficients = new Coefficients(columns.length);
    for (const column of fragment.row()) {
      const position = positions[column] ?? -1;
      if (position >= 0) coefficients.set(position);
    }
    const reducedBy: Equation[] = [];
    let pivot = coefficients.lowest();
    for (; pivot !== undefined; pivot = coefficients.lowest()) {
      const equation = this.#pivots.get(pivot);
      if (equation === undefined) break;
      coefficients.add(equation.coefficients);
      reducedBy.push(equation);
    }
    if (pivot === undefined) return 'ongoing';
    this.#pivots.set(pivot, { coefficients, fragment, reducedBy });
    this.#equationsUsed += 1;
    if (this.#pivots.size < columns.length) return 'ongoing';
    this.#solve(columns);
    return this.#finish();
  }

  #solve(missing: readonly number[]): void {
    const { fragments, fragmentSize, rowRule } = this.#shape;
    const shape = `${fragments}/${fragmentSize}/${rowRule}`;
    const used = [...this.#pivots.values()].map(({ fragment }) => fragment);
    const shared = this.#solved?.find(shape, { known: this.#known, used });
    if (shared !== undefined) {
      for (const column of missing) this.#known[column] = shared[column];
      return;
    }
    this.#substitute(missing, this.#sums());
    this.#solved?.add(
      shape,
      this.#known.flatMap((words) => words ?? []),
    );
  }

  /** The octets on the other side of each equation. */
  #sums(): ReadonlyMap<Equation, FragmentWords> {
    const sums = new Map<Equation, FragmentWords>();
    for (const equation of this.#pivots.values()) {
      const { row, words } = equation.fragment;
      // Shared by many devices: only a copy is written to.
      const sum = Int32Array.from(words);
      addAllWords(
        sum,
        row().flatMap((column) => this.#known[column] ?? []),
      );
      addAllWords(
        sum,
        equation.reducedBy.flatMap((other) => sums.get(other) ?? []),
      );
      sums.set(equation, sum);
    }
    return sums;
  }

  /** Back-substitution: the equation of the last unknown contains nothing else, and so upwards. */
  #substitute(columns: readonly number[], sums: ReadonlyMap<Equation, FragmentWords>): void {
    const solved = new Array<FragmentWords>(columns.length).fill(emptyWords(0));
    for (let position = columns.length - 1; position >= 0; position--) {
      const equation = this.#pivots.get(position);
      const column = columns[position];
      const sum = equation === undefined ? undefined : sums.get(equation);
      if (equation === undefined || sum === undefined || column === undefined) {
        throw new BugError('a full set of equations has a gap');
      }
      addAllWords(
        sum,
        solved.filter((_, later) => later > position && equation.coefficients.has(later)),
      );
      solved[position] = sum;
      this.#known[column] = sum;
    }
  }

  #finish(): FragmentOutcome {
    this.#whole = true;
    this.#pivots.clear();
    return 'complete';
  }
}
