/**
 * How both engines add up fragments. They take several rows of the matrix together. With b rows, the bits of a column
 * make a digit of b bits, and the fragments fall into 2^b groups of equal digits. Put the groups in the order of the
 * reflected Gray code, and from one group to the next only one row changes between "has it" and "has it not". So one
 * running sum over all fragments is enough: at each border it is added to the row that changes there, once at the start
 * and once at the end of each stretch, and what lies outside the stretches cancels out. That costs one addition a
 * fragment and one a border, for b rows at once: like the Method of Four Russians, but without tables, so that a few
 * rows cost few additions and the work memory stays small.
 */

/** Most rows taken together: a digit is an octet. More would gain little. */
export const MAX_BATCH = 8;

/** Touching a sum in memory costs about as much as so many additions to the running sum. */
const BORDER_COST = 2;

/** How many rows to take together when `rows` are wanted of a matrix with `columns`. */
export function rowsPerBatch(columns: number, rows: number): number {
  let best = 1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let batch = 1; batch <= Math.min(MAX_BATCH, rows); batch++) {
    const groups = 2 ** batch;
    // The group of no row is passed over.
    const cost = Math.ceil(rows / batch) * (columns * (1 - 1 / groups) + BORDER_COST * groups);
    if (cost < bestCost) {
      best = batch;
      bestCost = cost;
    }
  }
  // Evenly spread: a short last batch would cost nearly as much as a full one.
  return Math.ceil(rows / Math.ceil(rows / best));
}
