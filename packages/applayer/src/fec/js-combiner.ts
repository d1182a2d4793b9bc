import type { Combiner, CombinerEngine, RowSource } from './combiner.ts';
import { MAX_BATCH, rowsPerBatch } from './row-batches.ts';

/** Words of a fragment that are added up in one go: they and their running sums fit into registers. */
const STRIPE = 4;

/** The engine without WebAssembly (see row-batches.ts for the method). Its combiners share nothing. */
export class JsEngine implements CombinerEngine {
  readonly kind = 'js';

  combiner(source: Uint8Array, count: number, fragSize: number): Combiner {
    return new JsCombiner(source, count, fragSize);
  }
}

class JsCombiner implements Combiner {
  readonly #source: Uint8Array;
  readonly #count: number;
  readonly #fragSize: number;
  /** The source, cut lengthwise: stripe s has the words 4 s .. 4 s + 3 of every fragment. It fits into a fast cache. */
  #stripes: readonly Int32Array[] | undefined;

  constructor(source: Uint8Array, count: number, fragSize: number) {
    this.#source = source;
    this.#count = count;
    this.#fragSize = fragSize;
  }

  combine(rows: RowSource, count: number, target: Uint8Array): void {
    this.#stripes ??= cut(this.#source, this.#count, this.#fragSize);
    const stripes = this.#stripes;
    const digits = new Int32Array(8 * ((this.#count + 31) >>> 5));
    const order = new Int32Array(this.#count);
    const ends = new Int32Array(2 ** MAX_BATCH);
    const sumWords = stripes.length * STRIPE;
    const sums = new Int32Array(MAX_BATCH * sumWords);
    const octets = new Uint8Array(sums.buffer);
    const batch = rowsPerBatch(this.#count, count);
    for (let r = 0; r < count; r += batch) {
      const taken = Math.min(batch, count - r);
      digits.fill(0);
      for (let i = 0; i < taken; i++) rows.mark(r + i, digits, i);
      arrange(digits, this.#count, 2 ** taken, order, ends);
      sums.fill(0);
      for (const [s, stripe] of stripes.entries()) addUp(stripe, order, ends, taken, sums, s * STRIPE, sumWords);
      for (let i = 0; i < taken; i++) {
        const at = i * sumWords * 4;
        target.set(octets.subarray(at, at + this.#fragSize), (r + i) * this.#fragSize);
      }
    }
  }
}

function cut(source: Uint8Array, count: number, fragSize: number): readonly Int32Array[] {
  const { length } = source;
  const view = new DataView(source.buffer, source.byteOffset, length);
  const stripes: Int32Array[] = [];
  for (let start = 0; start < fragSize; start += 4 * STRIPE) {
    const stripe = new Int32Array(count * STRIPE);
    // A stripe may reach into the next fragment: nobody reads the sum of those octets.
    let to = 0;
    let from = start;
    for (; from + 4 * STRIPE <= length; from += fragSize, to += STRIPE) {
      stripe[to] = view.getInt32(from, true);
      stripe[to + 1] = view.getInt32(from + 4, true);
      stripe[to + 2] = view.getInt32(from + 8, true);
      stripe[to + 3] = view.getInt32(from + 12, true);
    }
    for (; to < stripe.length; from += fragSize, to += STRIPE) {
      for (let at = from; at < length; at++) {
        const word = to + ((at - from) >>> 2);
        stripe[word] = (stripe[word] as number) | (view.getUint8(at) << (8 * ((at - from) & 3)));
      }
    }
    stripes.push(stripe);
  }
  return stripes;
}

/**
 * Sorts the columns by their digits, in the order 0, 1, 3, 2, 6, ... of the reflected Gray code. `order` gets the place
 * of each column's words in a stripe, `ends[g]` the end of group g in `order`.
 */
function arrange(digits: Int32Array, count: number, groups: number, order: Int32Array, ends: Int32Array): void {
  const octets = new Uint8Array(digits.buffer);
  const places = new Int32Array(groups);
  for (let c = 0; c < count; c++) {
    const digit = octets[c] as number;
    places[digit] = (places[digit] as number) + 1;
  }
  let at = 0;
  for (let group = 0; group < groups; group++) {
    const digit = group ^ (group >>> 1);
    const size = places[digit] as number;
    places[digit] = at;
    at += size;
    ends[group] = at;
  }
  for (let c = 0; c < count; c++) {
    const digit = octets[c] as number;
    const place = places[digit] as number;
    places[digit] = place + 1;
    order[place] = c * STRIPE;
  }
}

/** Adds up the words of one stripe, in each of the `taken` sums (`sumWords` apart) those at `offset`. */
function addUp(
  stripe: Int32Array,
  order: Int32Array,
  ends: Int32Array,
  taken: number,
  sums: Int32Array,
  offset: number,
  sumWords: number,
): void {
  const groups = 1 << taken;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = ends[0] as number;
  for (let group = 1; group <= groups; group++) {
    // The row that changes at this border; the last group is that of the last row alone.
    const row = group === groups ? taken - 1 : 31 - Math.clz32(group & -group);
    const sum = row * sumWords + offset;
    sums[sum] = (sums[sum] as number) ^ a;
    sums[sum + 1] = (sums[sum + 1] as number) ^ b;
    sums[sum + 2] = (sums[sum + 2] as number) ^ c;
    sums[sum + 3] = (sums[sum + 3] as number) ^ d;
    const end = group === groups ? i : (ends[group] as number);
    if (((end - i) & 1) !== 0) {
      const p = order[i] as number;
      a ^= stripe[p] as number;
      b ^= stripe[p + 1] as number;
      c ^= stripe[p + 2] as number;
      d ^= stripe[p + 3] as number;
      i += 1;
    }
    for (; i < end; i += 2) {
      const p = order[i] as number;
      const q = order[i + 1] as number;
      a ^= (stripe[p] as number) ^ (stripe[q] as number);
      b ^= (stripe[p + 1] as number) ^ (stripe[q + 1] as number);
      c ^= (stripe[p + 2] as number) ^ (stripe[q + 2] as number);
      d ^= (stripe[p + 3] as number) ^ (stripe[q + 3] as number);
    }
  }
}
