/** Rows of one insert: few statements for a large fleet, and far from the limit of parameters. */
const ROWS_PER_INSERT = 500;

/** The rows in pieces that one statement can take. */
export function* parts<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) yield rows.slice(start, start + ROWS_PER_INSERT);
}
