import type { RowRule } from '../src/fec/index.ts';

/**
 * A straight port of the specification's encoder (TS004, FragAlgo 0): an array for each row of the matrix, a loop over
 * octets for each sum. Nobody should use it; the benchmark measures against it, so that its figures are ratios and hold
 * on any machine. Returns the plain fragments, then the parity fragments.
 */
export function yardstickEncode(block: Uint8Array, fragSize: number, redundancy: number, rule: RowRule): Uint8Array[] {
  const fragments: Uint8Array[] = [];
  for (let at = 0; at < block.length; at += fragSize) {
    const fragment = new Uint8Array(fragSize);
    fragment.set(block.subarray(at, at + fragSize));
    fragments.push(fragment);
  }
  const nbFrag = fragments.length;
  for (let k = 1; k <= redundancy; k++) {
    const line = matrixLine(rule === 'v2a' ? nbFrag + k : k, nbFrag, rule !== 'v1');
    const sum = new Uint8Array(fragSize);
    for (let c = 0; c < nbFrag; c++) {
      const fragment = fragments[c];
      if (line[c] !== 1 || fragment === undefined) continue;
      for (let o = 0; o < fragSize; o++) sum[o] = (sum[o] as number) ^ (fragment[o] as number);
    }
    fragments.push(sum);
  }
  return fragments;
}

function matrixLine(seed: number, nbFrag: number, distinct: boolean): number[] {
  const line: number[] = new Array<number>(nbFrag).fill(0);
  const extra = Number.isInteger(Math.log2(nbFrag)) ? 1 : 0;
  let state = 1 + 1001 * seed;
  for (let drawn = 0; drawn < Math.floor(nbFrag / 2); drawn++) {
    let column = nbFrag;
    while (column >= nbFrag || (distinct && line[column] === 1)) {
      state = prbs23(state);
      column = state % (nbFrag + extra);
    }
    line[column] = 1;
  }
  return line;
}

function prbs23(state: number): number {
  const feedback = (state & 1) ^ ((state >> 5) & 1);
  return (state >> 1) + feedback * 2 ** 22;
}
