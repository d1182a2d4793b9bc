/**
 * Sums of fragments: the one heavy operation of the erasure code. Encoder and decoder both multiply a matrix of bits by
 * a column of fragments; they differ only in the matrix.
 *
 * `source` holds `count` fragments of `fragSize` octets one after the other and must not change while the combiner is
 * in use. Combiners of one engine share its work memory, so all calls must come from one thread.
 */
export interface Combiner {
  /**
   * Writes `count` sums to `target`, `fragSize` octets each, one after the other: sum r is the exclusive or of the
   * source fragments that row r of the matrix has.
   */
  combine(rows: RowSource, count: number, target: Uint8Array): void;
}

/**
 * The rows of a matrix. A digit gathers the bits that several rows have in one column, and is an octet; `digits` holds
 * four columns a word, the first in the lowest octet, and room for a multiple of 32 columns.
 */
export interface RowSource {
  /** Sets bit `bit` (0 .. 7) in the digit of each column that row `row` has, and leaves all other bits alone. */
  mark(row: number, digits: Int32Array, bit: number): void;
}

/** Makes combiners; holds the work memory that they share. */
export interface CombinerEngine {
  readonly kind: EngineKind;
  combiner(source: Uint8Array, count: number, fragSize: number): Combiner;
}

/** `wasm`: WebAssembly with 128-bit vectors. `js`: 32-bit words in plain JavaScript. Both give the same octets. */
export type EngineKind = 'wasm' | 'js';

/** Marks a row that is given as bits, column c being bit c mod 32 of word c div 32 from word `at` on. */
export function markBits(bits: Int32Array, at: number, words: number, digits: Int32Array, bit: number): void {
  for (let w = 0; w < words; w++) {
    let rest = bits[at + w] as number;
    for (let i = 8 * w; rest !== 0; i++) {
      // The product spreads four bits over the lowest bits of four octets.
      digits[i] = (digits[i] as number) | ((Math.imul(rest & 15, 0x0020_4081) & 0x0101_0101) << bit);
      rest >>>= 4;
    }
  }
}
