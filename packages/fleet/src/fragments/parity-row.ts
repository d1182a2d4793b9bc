/** One step of the 23-bit pseudo-random sequence of TS004-1.0.0: bits 0 and 5 are fed back into bit 22. */
function nextState(x: number): number {
  const feedback = (x & 1) ^ ((x >>> 5) & 1);
  // Plus, not or: a seed may exceed 23 bits, and then the first steps carry.
  return (x >>> 1) + feedback * 0x40_0000;
}

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0;
}

/**
 * The plain fragments (numbered from 0) that coded fragment M+k is the sum of, by the rule of TS004-1.0.0: floor(M/2)
 * draws, of which repeats count, so that a row may be thinner. Ascending by draw, without repeats.
 * @param fragments M, the number of plain fragments
 * @param k 1 for the first coded fragment
 */
export function parityRow(fragments: number, k: number): number[] {
  const modulus = fragments + (isPowerOfTwo(fragments) ? 1 : 0);
  const row = new Set<number>();
  let x = 1 + 1001 * k;
  for (let draw = Math.floor(fragments / 2); draw > 0; draw--) {
    let column: number;
    do {
      x = nextState(x);
      column = x % modulus;
    } while (column >= fragments);
    row.add(column);
  }
  return [...row];
}
