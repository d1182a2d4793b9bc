import { BugError } from '@airlift/kernel';
import { shareDigests } from './block-digests.ts';
import { Coefficients } from './coefficients.ts';
import { type FragmentRows, hasColumn, type RowName } from './fragment-rows.ts';
import { addAllWords, emptyWords, type FragmentWords, octetsOf } from './fragment-words.ts';

/** Size of a block: M plain fragments of so many octets. */
export interface BlockShape {
  readonly fragments: number;
  readonly fragmentSize: number;
}

/** What one device heard of a block, enough to compute all of it. */
export interface HeardFragments {
  /** Columns of the plain fragments that it did not hear before the first coded one, ascending. */
  readonly missing: Int32Array;
  /** What it used for them, one for each, independent of each other. */
  readonly used: readonly RowName[];
}

interface Equation {
  readonly coefficients: Coefficients;
  readonly sum: FragmentWords;
}

/** A block that was solved, and which of the fragments were found to be as it would have been sent. */
interface SolvedBlock {
  readonly plain: readonly FragmentWords[];
  readonly octets: Uint8Array;
  readonly agreement: Map<RowName, boolean>;
}

/** Blocks solved from one book differ only where frames were forged or spoilt. */
const MOST_SOLVED = 4;

/**
 * One transmission of a block, as a fleet heard it: which octets each fragment carried. A thousand devices that heard the
 * same fragments each solve equations of the same block, so the block is computed once, and each fragment is compared
 * once with what that block would have sent. A device whose every fragment agrees has the equations of exactly this
 * block, and as many independent ones as there are unknowns have one solution only: its own arithmetic would give the
 * same octets.
 */
export class FragmentBook {
  readonly shape: BlockShape;
  readonly #rows: FragmentRows;
  readonly #words = new Map<RowName, FragmentWords>();
  /** The fragment noted last: its receivers come one after the other. */
  #lastName: RowName = 0;
  #lastWords: FragmentWords | undefined;
  /** The latest first. */
  #solved: readonly SolvedBlock[] = [];

  constructor(shape: BlockShape, rows: FragmentRows) {
    this.shape = shape;
    this.#rows = rows;
  }

  wordsOf(name: RowName): FragmentWords | undefined {
    return this.#words.get(name);
  }

  /** Whether a fragment carried this, as far as is known; what is heard for the first time is written down. */
  holds(name: RowName, words: FragmentWords): boolean {
    if (name === this.#lastName && words === this.#lastWords) return true;
    const known = this.#words.get(name);
    if (known === undefined) this.#words.set(name, words);
    if (known !== undefined && known !== words && !areEqual(known, words)) return false;
    this.#lastName = name;
    this.#lastWords = words;
    return true;
  }

  /** The block with its padding. Shared: not to be written to. */
  block(heard: HeardFragments): Uint8Array {
    const shared = this.#solved.find((solved) => this.#agreesAll(solved, heard));
    if (shared !== undefined) return shared.octets;
    const plain = this.#solve(heard);
    const octets = assembled(this.shape, (column) => plain[column]);
    shareDigests(octets);
    this.#solved = [{ plain, octets, agreement: new Map() }, ...this.#solved].slice(0, MOST_SOLVED);
    return octets;
  }

  #agreesAll(solved: SolvedBlock, { missing, used }: HeardFragments): boolean {
    let next = 0;
    for (let column = 0; column < this.shape.fragments; column++) {
      if (missing[next] === column) next += 1;
      else if (!this.#agrees(solved, column + 1)) return false;
    }
    return used.every((name) => this.#agrees(solved, name));
  }

  #agrees(solved: SolvedBlock, name: RowName): boolean {
    const known = solved.agreement.get(name);
    if (known !== undefined) return known;
    const words = this.#words.get(name);
    const agrees = words !== undefined && areEqual(words, this.#sumOf(name, solved.plain));
    solved.agreement.set(name, agrees);
    return agrees;
  }

  /** The sum of those columns of a row that are there. */
  #sumOf(name: RowName, plain: readonly (FragmentWords | undefined)[]): FragmentWords {
    const row = this.#rows.row(name);
    const sum = emptyWords(this.shape.fragmentSize);
    addAllWords(
      sum,
      plain.flatMap((words, column) => (words !== undefined && hasColumn(row, column) ? [words] : [])),
    );
    return sum;
  }

  /** Gauss' elimination over the octets, then back-substitution: the last equation contains nothing but the last unknown. */
  #solve({ missing, used }: HeardFragments): readonly FragmentWords[] {
    const plain = Array.from({ length: this.shape.fragments }, (_, column) => this.#words.get(column + 1));
    for (const column of missing) plain[column] = undefined;
    const pivots = new Map<number, Equation>();
    for (const name of used) this.#reduce(name, missing, plain, pivots);
    for (let position = missing.length - 1; position >= 0; position--) {
      const equation = pivots.get(position);
      if (equation === undefined) throw new BugError('a full set of equations has a gap');
      const later = [...missing.subarray(position + 1)].flatMap((column, i) =>
        equation.coefficients.has(position + 1 + i) ? (plain[column] ?? []) : [],
      );
      addAllWords(equation.sum, later);
      plain[missing[position] ?? 0] = equation.sum;
    }
    return plain.map((words) => {
      if (words === undefined) throw new BugError('a block was computed from too little');
      return words;
    });
  }

  #reduce(
    name: RowName,
    missing: Int32Array,
    plain: readonly (FragmentWords | undefined)[],
    pivots: Map<number, Equation>,
  ): void {
    const row = this.#rows.row(name);
    const coefficients = new Coefficients(missing.length);
    missing.forEach((column, position) => {
      if (hasColumn(row, column)) coefficients.set(position);
    });
    const sum = this.#sumOf(name, plain);
    const terms: FragmentWords[] = [this.#words.get(name) ?? emptyWords(this.shape.fragmentSize)];
    for (let pivot = coefficients.lowest(); pivot !== undefined; pivot = coefficients.lowest()) {
      const equation = pivots.get(pivot);
      if (equation === undefined) {
        addAllWords(sum, terms);
        pivots.set(pivot, { coefficients, sum });
        return;
      }
      coefficients.add(equation.coefficients);
      terms.push(equation.sum);
    }
  }
}

/** A block of the fragments that are there; the others read as zeros. */
export function assembled(
  { fragments, fragmentSize }: BlockShape,
  wordsOf: (column: number) => FragmentWords | undefined,
): Uint8Array {
  const block = new Uint8Array(fragments * fragmentSize);
  for (let column = 0; column < fragments; column++) {
    const words = wordsOf(column);
    if (words !== undefined) block.set(octetsOf(words, fragmentSize), column * fragmentSize);
  }
  return block;
}

function areEqual(a: FragmentWords, b: FragmentWords): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
