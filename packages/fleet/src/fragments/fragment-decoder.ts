import { Equations } from './equations.ts';
import { assembled, type FragmentBook } from './fragment-book.ts';
import { FragmentLibrary } from './fragment-library.ts';
import { emptyRow, type FragmentRows, hasColumn, type RowBits, type RowName, setColumn } from './fragment-rows.ts';
import { type FragmentWords, wordsOf } from './fragment-words.ts';
import type { DecoderRowRule } from './parity-row.ts';

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

/**
 * The decoder of a device for TS004: plain fragments come first, mostly once and ascending, then coded ones in any order.
 * With the first coded fragment the set of missing plain ones is fixed; from then on each useful coded fragment is one
 * equation in them, kept in echelon form, and as many independent equations as unknowns solve it.
 */
export class FragmentDecoder {
  readonly #shape: DecoderShape;
  readonly #library: FragmentLibrary;
  readonly #rows: FragmentRows;
  /** What the fragments heard carried, shared with others that heard the same. */
  #book: FragmentBook | undefined;
  /** The plain fragments heard, by column. */
  readonly #known: RowBits;
  #lastPlain = 0;
  #plainHeard = 0;
  #plainLost = 0;
  #lastHeard = 0;
  #heard = 0;
  #whole = false;
  #overflowed = false;
  /** The unknowns and what is known of them, once the first coded fragment has come. */
  #equations: Equations | undefined;
  /** The fragments that became equations, in the order in which they came. */
  #used: RowName[] = [];

  /** @param library what other decoders hear and have solved, if they are to share the work */
  constructor(shape: DecoderShape, library: FragmentLibrary = new FragmentLibrary()) {
    this.#shape = shape;
    this.#library = library;
    this.#rows = library.rows(shape.fragments, shape.rowRule ?? 'v1');
    this.#known = emptyRow(shape.fragments);
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

  /** Whether the losses are counted, and not too many to be repaired. */
  get repairing(): boolean {
    return this.#equations !== undefined && this.#equations.columns.length <= this.#shape.maxRedundancy;
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
    return this.#used.length;
  }

  /** Plain fragments known to have been lost on the way; repair does not lower it. */
  get plainLost(): number {
    return this.#plainLost;
  }

  /** Plain fragments neither heard nor as good as repaired: how many more useful fragments are needed. */
  get missing(): number {
    if (this.#whole) return 0;
    if (this.#equations !== undefined) return this.#equations.columns.length - this.#equations.size;
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
    if (isPlain && (this.#equations === undefined || plainOrder === 'ascending')) return this.#acceptPlain(n, words);
    this.#equations ??= this.#closePlain();
    if (this.#equations.columns.length > this.#shape.maxRedundancy) {
      this.#overflowed = true;
      return 'overflow';
    }
    // A plain fragment is an equation of one unknown, unless the decoder does not know plain ones any more.
    return this.#acceptEquation(this.#equations, isPlain && plainOrder !== 'any' ? -n : n, words);
  }

  /** As `accept`, of octets; they are copied. */
  acceptOctets(n: number, octets: Uint8Array): FragmentOutcome {
    return this.accept(n, wordsOf(octets, this.#shape.fragmentSize));
  }

  /**
   * The whole block with its padding, M*FragSize octets; fragments that are missing read as zeros. Not to be written to:
   * others may hold the same one.
   */
  block(): Uint8Array {
    const book = this.#book;
    if (book !== undefined && this.#whole) {
      return book.block({ missing: this.#equations?.columns ?? NOTHING, used: this.#used });
    }
    return assembled(this.#shape, (column) => (hasColumn(this.#known, column) ? book?.wordsOf(column + 1) : undefined));
  }

  /** Gives up the octets of a block that is whole and was copied: `block` reads as zeros afterwards. */
  release(): void {
    if (this.#whole) this.#book = undefined;
  }

  #acceptPlain(n: number, words: FragmentWords): FragmentOutcome {
    const { fragments, plainOrder = 'ascending' } = this.#shape;
    if (plainOrder === 'ascending' && (this.#equations !== undefined || n < this.#lastPlain)) return 'out-of-order';
    const isNew = !hasColumn(this.#known, n - 1);
    if (n > this.#lastPlain) {
      this.#plainLost += n - this.#lastPlain - 1;
      this.#lastPlain = n;
    } else if (isNew) this.#plainLost -= 1;
    if (isNew) {
      this.#write(n, words);
      setColumn(this.#known, n - 1);
      this.#plainHeard += 1;
    }
    return this.#plainHeard === fragments ? this.#finish() : 'ongoing';
  }

  /** Whatever plain fragment has not come by now is taken for lost. */
  #closePlain(): Equations {
    const { fragments } = this.#shape;
    this.#plainLost += fragments - this.#lastPlain;
    const columns = new Int32Array(fragments - this.#plainHeard);
    let next = 0;
    for (let column = 0; column < fragments; column++) if (!hasColumn(this.#known, column)) columns[next++] = column;
    return new Equations(columns);
  }

  #acceptEquation(equations: Equations, name: RowName, words: FragmentWords): FragmentOutcome {
    if (!equations.add(this.#rows.row(name))) return 'ongoing';
    this.#write(name, words);
    this.#used.push(name);
    return equations.solvable ? this.#finish() : 'ongoing';
  }

  /** Notes what a fragment carried in a book that agrees with everything heard so far. */
  #write(name: RowName, words: FragmentWords): void {
    if (this.#book?.holds(name, words) === true) return;
    const { fragments, fragmentSize, rowRule = 'v1' } = this.#shape;
    const heard = [...this.#used];
    for (let column = 0; column < fragments; column++) if (hasColumn(this.#known, column)) heard.push(column + 1);
    this.#book = this.#library.bookFor({ fragments, fragmentSize, rowRule }, name, words, this.#book, heard);
  }

  #finish(): FragmentOutcome {
    this.#whole = true;
    this.#equations?.release();
    return 'complete';
  }
}

const NOTHING = new Int32Array(0);
