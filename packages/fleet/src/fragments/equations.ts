import { hasColumn, type RowBits } from './fragment-rows.ts';

/**
 * Independent rows over the missing columns of a block, kept so that the next row can be tested against them: no two
 * rows begin at the same column. Only the coefficients; what the rows sum up to is computed when there are enough.
 */
export class Equations {
  /** The missing columns, ascending. */
  readonly columns: Int32Array;
  readonly #width: number;
  #rows: Int32Array;
  #present: Uint8Array;
  #size = 0;

  constructor(columns: Int32Array) {
    this.columns = columns;
    this.#width = (columns.length + 31) >> 5;
    this.#rows = new Int32Array(columns.length * this.#width);
    this.#present = new Uint8Array(columns.length);
  }

  /** Rows held. */
  get size(): number {
    return this.#size;
  }

  /** Whether every missing column can be computed. */
  get solvable(): boolean {
    return this.#size === this.columns.length;
  }

  /** Gives up the rows: nothing is added any more. */
  release(): void {
    this.#rows = new Int32Array(0);
    this.#present = new Uint8Array(0);
  }

  /** Takes the row of a coded fragment; false when it follows from those held. */
  add(row: RowBits): boolean {
    const width = this.#width;
    const work = workOf(width);
    gather(row, this.columns, work);
    const rows = this.#rows;
    for (let w = 0; w < width; w++) {
      for (let bits = work[w] ?? 0; bits !== 0; bits = work[w] ?? 0) {
        const position = 32 * w + 31 - Math.clz32(bits & -bits);
        const at = position * width;
        if (this.#present[position] === 0) {
          for (let i = w; i < width; i++) rows[at + i] = work[i] ?? 0;
          this.#present[position] = 1;
          this.#size += 1;
          return true;
        }
        for (let i = w; i < width; i++) work[i] = (work[i] ?? 0) ^ (rows[at + i] ?? 0);
      }
    }
    return false;
  }
}

/** Scratch for one row at a time; no decoder keeps it. */
let scratch = new Int32Array(64);

function workOf(width: number): Int32Array {
  if (scratch.length < width) scratch = new Int32Array(2 * width);
  return scratch;
}

/** Writes the bits of the chosen columns side by side to `target`. */
function gather(row: RowBits, columns: Int32Array, target: Int32Array): void {
  const count = columns.length;
  for (let start = 0, w = 0; start < count; start += 32, w++) {
    let word = 0;
    const end = Math.min(start + 32, count);
    for (let p = start; p < end; p++) if (hasColumn(row, columns[p] ?? 0)) word |= 1 << (p - start);
    target[w] = word;
  }
}
