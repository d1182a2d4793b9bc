/**
 * Sums of fragments: the one heavy operation of the erasure code. Encoder and decoder both multiply a matrix of bits by
 * a column of fragments; they differ only in the matrix.
 *
 * `source` holds `count` fragments of `fragSize` octets one after the other and must not change while the combiner is
 * in use. Combiners of one engine share its work memory, so all calls must come from one thread.
 */
export interface Combiner {
  /**
   * Writes `rows` sums to `target`, `fragSize` octets each, one after the other: sum r is the exclusive or of the source
   * fragments c whose bit is set in row r of `matrix`. A row has ceil(count / 32) words, c is bit c mod 32 of word
   * c div 32, and bits beyond `count` are zero.
   */
  combine(matrix: Int32Array, rows: number, target: Uint8Array): void;
}

/** Makes combiners; holds the work memory that they share. */
export interface CombinerEngine {
  readonly kind: EngineKind;
  combiner(source: Uint8Array, count: number, fragSize: number): Combiner;
}

/** `wasm`: WebAssembly with 128-bit vectors. `js`: 32-bit words in plain JavaScript. Both give the same octets. */
export type EngineKind = 'wasm' | 'js';
