/** One step of the 23-bit pseudo-random sequence of TS004: bits 0 and 5 are fed back into bit 22. */
function nextState(x: number): number {
  const feedback = (x & 1) ^ ((x >>> 5) & 1);
  // Plus, not or: a seed may exceed 23 bits, and then the first steps carry.
  return (x >>> 1) + feedback * 0x40_0000;
}

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0;
}

/**
 * How a coded fragment is made. `v1`: TS004-1.0.0, where a column drawn twice counts twice; `v2r`: version 2 as shipping
 * stacks build it, repeats drawn again; `v2a`: that, seeded with the absolute number M+k, as the text of TS004-2.0.0 has it.
 */
export type DecoderRowRule = 'v1' | 'v2r' | 'v2a';

/**
 * The plain fragments (numbered from 0) that coded fragment M+k is the sum of: floor(M/2) draws, or as many different
 * columns. Ascending by draw, without repeats.
 * @param fragments M, the number of plain fragments
 * @param k 1 for the first coded fragment
 */
export function parityRow(fragments: number, k: number, rule: DecoderRowRule = 'v1'): readonly number[] {
  if (latest?.fragments !== fragments || latest.k !== k || latest.rule !== rule) {
    latest = { fragments, k, rule, row: drawRow(fragments, k, rule) };
  }
  return latest.row;
}

/** The row asked for last: all devices that hear a coded fragment ask for the same one. */
let latest:
  | { readonly fragments: number; readonly k: number; readonly rule: DecoderRowRule; readonly row: number[] }
  | undefined;

function drawRow(fragments: number, k: number, rule: DecoderRowRule): number[] {
  const modulus = fragments + (isPowerOfTwo(fragments) ? 1 : 0);
  const row = new Set<number>();
  let x = 1 + 1001 * (rule === 'v2a' ? fragments + k : k);
  for (let left = Math.floor(fragments / 2); left > 0; ) {
    let column: number;
    do {
      x = nextState(x);
      column = x % modulus;
    } while (column >= fragments);
    const isRepeat = row.has(column);
    row.add(column);
    if (!isRepeat || rule === 'v1') left -= 1;
  }
  return [...row];
}
