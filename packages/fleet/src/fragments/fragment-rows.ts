import { type DecoderRowRule, parityRow } from './parity-row.ts';

/**
 * Names what a fragment says of a block of M plain ones: `n` up to M is plain fragment n itself, above M the coded
 * fragment n; `-n` is a plain fragment taken for coded fragment M+n.
 */
export type RowName = number;

/** Columns as bits: bit `column & 31` of word `column >> 5`. */
export type RowBits = Int32Array;

/** The rows of one size of block, drawn when first asked for and shared by its decoders. */
export class FragmentRows {
  readonly #fragments: number;
  readonly #rule: DecoderRowRule;
  readonly #rows = new Map<RowName, RowBits>();
  #lastName: RowName = 0;
  #lastRow: RowBits = new Int32Array(0);

  /** @param fragments M, the number of plain fragments */
  constructor(fragments: number, rule: DecoderRowRule) {
    this.#fragments = fragments;
    this.#rule = rule;
  }

  /** The columns whose sum a fragment is. Not to be written to. */
  row(name: RowName): RowBits {
    if (name === this.#lastName) return this.#lastRow;
    const row = this.#rows.get(name) ?? this.#drawn(name);
    this.#rows.set(name, row);
    this.#lastName = name;
    this.#lastRow = row;
    return row;
  }

  #drawn(name: RowName): RowBits {
    const row = emptyRow(this.#fragments);
    for (const column of this.#columns(name)) setColumn(row, column);
    return row;
  }

  #columns(name: RowName): readonly number[] {
    if (name > 0 && name <= this.#fragments) return [name - 1];
    return parityRow(this.#fragments, name < 0 ? -name : name - this.#fragments, this.#rule);
  }
}

export function emptyRow(columns: number): RowBits {
  return new Int32Array((columns + 31) >> 5);
}

export function hasColumn(row: RowBits, column: number): boolean {
  return (((row[column >> 5] ?? 0) >>> (column & 31)) & 1) === 1;
}

export function setColumn(row: RowBits, column: number): void {
  row[column >> 5] = (row[column >> 5] ?? 0) | (1 << (column & 31));
}
