import { BugError } from '@airlift/kernel';

/**
 * Solves for every column of a matrix of bits: gives, for each of its `columns` columns, the set of rows whose sum has
 * that column alone. Rows have ceil(columns / 32) words, those of the result ceil(rows / 32), lowest bit first.
 * The matrix must have full rank in its columns; it is overwritten.
 */
export function invertBits(matrix: Int32Array, rows: number, columns: number): Int32Array {
  const left = (columns + 31) >>> 5;
  const right = (rows + 31) >>> 5;
  const sums = new Int32Array(rows * right);
  for (let r = 0; r < rows; r++) sums[r * right + (r >>> 5)] = 1 << (r & 31);
  /** Which row holds the pivot of a column. */
  const pivots = new Int32Array(columns);
  const used = new Uint8Array(rows);
  for (let c = 0; c < columns; c++) {
    const word = c >>> 5;
    const bit = 1 << (c & 31);
    let pivot = -1;
    for (let r = 0; r < rows && pivot < 0; r++) {
      if (used[r] === 0 && ((matrix[r * left + word] as number) & bit) !== 0) pivot = r;
    }
    if (pivot < 0) throw new BugError('a decoder took its rows for complete, but they are not');
    used[pivot] = 1;
    pivots[c] = pivot;
    for (let r = 0; r < rows; r++) {
      if (r === pivot || ((matrix[r * left + word] as number) & bit) === 0) continue;
      for (let i = word; i < left; i++) {
        matrix[r * left + i] = (matrix[r * left + i] as number) ^ (matrix[pivot * left + i] as number);
      }
      for (let i = 0; i < right; i++) {
        sums[r * right + i] = (sums[r * right + i] as number) ^ (sums[pivot * right + i] as number);
      }
    }
  }
  const inverse = new Int32Array(columns * right);
  for (let c = 0; c < columns; c++) {
    const from = (pivots[c] as number) * right;
    inverse.set(sums.subarray(from, from + right), c * right);
  }
  return inverse;
}
