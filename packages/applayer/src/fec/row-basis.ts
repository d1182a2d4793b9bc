import { BugError } from '@airlift/kernel';

/**
 * A set of independent rows over the columns that a decoder lacks, kept so that the next row can be tested against it:
 * no two rows share their lowest open column. Columns may be closed later, when their plain fragment arrives after all.
 */
export class RowBasis {
  readonly #columns: Int32Array;
  readonly #words: number;
  /** Row p, when present, has p as its lowest open position. */
  readonly #rows: Int32Array;
  readonly #present: Uint8Array;
  readonly #open: Int32Array;
  readonly #work: Int32Array;
  #size = 0;

  /** `columns`: the columns of full rows that are lacking, ascending. Everything else of a row is ignored. */
  constructor(columns: Int32Array) {
    this.#columns = columns;
    this.#words = (columns.length + 31) >>> 5;
    this.#rows = new Int32Array(columns.length * this.#words);
    this.#present = new Uint8Array(columns.length);
    this.#open = new Int32Array(this.#words);
    for (let p = 0; p < columns.length; p++) {
      this.#open[p >>> 5] = (this.#open[p >>> 5] as number) | (1 << (p & 31));
    }
    this.#work = new Int32Array(this.#words);
  }

  /** Number of independent rows held. */
  get size(): number {
    return this.#size;
  }

  /** Takes a full row; false when it follows from those held. */
  add(row: Int32Array): boolean {
    gatherColumns(row, this.#columns, this.#work, 0);
    return this.#reduce();
  }

  /**
   * Closes a column: its value is known now. False when it could have been computed from the rows held, one of which is
   * then worth nothing any more.
   */
  close(column: number): boolean {
    const position = positionOf(this.#columns, column);
    if (position < 0) throw new BugError(`column ${column} was not lacking`);
    const word = position >>> 5;
    this.#open[word] = (this.#open[word] as number) & ~(1 << (position & 31));
    if (this.#present[position] === 0) return true;
    // The row that stood here must find another place.
    this.#present[position] = 0;
    this.#size -= 1;
    this.#work.set(this.#rows.subarray(position * this.#words, (position + 1) * this.#words));
    return this.#reduce();
  }

  /** Adds rows held to the work row until its lowest open position is free, and keeps it there; false if none is left. */
  #reduce(): boolean {
    const words = this.#words;
    const work = this.#work;
    const rows = this.#rows;
    const present = this.#present;
    for (let w = 0; w < words; w++) {
      const open = this.#open[w] as number;
      let value = work[w] as number;
      let bits = value & open;
      while (bits !== 0) {
        const position = 32 * w + 31 - Math.clz32(bits & -bits);
        const at = position * words;
        if (present[position] === 0) {
          // Nothing open is left before word w, and what is closed stays closed.
          for (let i = 0; i < w; i++) rows[at + i] = 0;
          rows[at + w] = value;
          for (let i = w + 1; i < words; i++) rows[at + i] = work[i] as number;
          present[position] = 1;
          this.#size += 1;
          return true;
        }
        value ^= rows[at + w] as number;
        for (let i = w + 1; i < words; i++) work[i] = (work[i] as number) ^ (rows[at + i] as number);
        bits = value & open;
      }
    }
    return false;
  }
}

/** Writes the bits of the chosen columns of a full row side by side to `target`, from word `at` on. */
export function gatherColumns(row: Int32Array, columns: Int32Array, target: Int32Array, at: number): void {
  const count = columns.length;
  for (let start = 0, w = at; start < count; start += 32, w++) {
    let word = 0;
    for (let p = Math.min(start + 32, count) - 1; p >= start; p--) {
      const column = columns[p] as number;
      word = (word << 1) | (((row[column >>> 5] as number) >>> (column & 31)) & 1);
    }
    target[w] = word;
  }
}

/** Where an ascending list holds a number, or -1. */
function positionOf(ascending: Int32Array, wanted: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = ascending[middle] as number;
    if (found === wanted) return middle;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
