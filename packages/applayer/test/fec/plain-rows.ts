import type { RowRule } from '../../src/fec/index.ts';

/** The row of coded fragment N = `index` as a set of columns, drawn word for word as the rule is written down. */
export function plainRow(nbFrag: number, rule: RowRule, index: number): Set<number> {
  const modulus = Number.isInteger(Math.log2(nbFrag)) ? nbFrag + 1 : nbFrag;
  const chosen = new Set<number>();
  let state = 1 + 1001 * (rule === 'v2a' ? index : index - nbFrag);
  let count = 0;
  while (count < Math.floor(nbFrag / 2)) {
    let column: number;
    do {
      state = Math.floor(state / 2) + ((state % 2) ^ (Math.floor(state / 32) % 2)) * 2 ** 22;
      column = state % modulus;
    } while (column >= nbFrag);
    if (rule === 'v1' || !chosen.has(column)) count += 1;
    chosen.add(column);
  }
  return chosen;
}

/** The columns of a bitmap as the vectors write them: column 0 is the most significant bit of the first octet. */
export function columnsOf(bitmap: Uint8Array): Set<number> {
  const columns = new Set<number>();
  bitmap.forEach((octet, i) => {
    for (let bit = 0; bit < 8; bit++) if ((octet & (0x80 >> bit)) !== 0) columns.add(8 * i + bit);
  });
  return columns;
}

/** Rank over GF(2) of rows given as sets of columns, added one by one. */
export class PlainRank {
  readonly #pivots = new Map<number, Set<number>>();

  get rank(): number {
    return this.#pivots.size;
  }

  add(row: ReadonlySet<number>): void {
    const rest = new Set(row);
    while (rest.size > 0) {
      const lowest = Math.min(...rest);
      const pivot = this.#pivots.get(lowest);
      if (pivot === undefined) {
        this.#pivots.set(lowest, rest);
        return;
      }
      for (const column of pivot) if (!rest.delete(column)) rest.add(column);
    }
  }
}
