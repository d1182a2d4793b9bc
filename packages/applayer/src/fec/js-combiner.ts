import type { Combiner, CombinerEngine } from './combiner.ts';
import { MAX_BATCH, rowsPerBatch } from './row-batches.ts';

/** Words of a fragment that are added up in one go; they and their sums fit into registers. */
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
  readonly #stripes: number;
  /** The source in stripes: four words of every fragment, then the next four of every fragment. */
  #striped: Int32Array | undefined;

  constructor(source: Uint8Array, count: number, fragSize: number) {
    this.#source = source;
    this.#count = count;
    this.#fragSize = fragSize;
    this.#stripes = Math.ceil(fragSize / (4 * STRIPE));
  }

  combine(matrix: Int32Array, rows: number, target: Uint8Array): void {
    this.#striped ??= this.#stripe();
    const words = (this.#count + 31) >>> 5;
    const digits = new Uint8Array(32 * words);
    const order = new Int32Array(this.#count);
    const ends = new Int32Array(2 ** MAX_BATCH);
    const sums = new Int32Array(MAX_BATCH * this.#stripes * STRIPE);
    const octets = new Uint8Array(sums.buffer);
    const batch = rowsPerBatch(this.#count, rows);
    for (let r = 0; r < rows; r += batch) {
      const taken = Math.min(batch, rows - r);
      transpose(matrix, r, taken, words, digits);
      arrange(digits, this.#count, 2 ** taken, order, ends);
      sums.fill(0);
      for (let stripe = 0; stripe < this.#stripes; stripe++) {
        addStripe(
          this.#striped,
          stripe * this.#count * STRIPE,
          order,
          ends,
          sums,
          stripe * STRIPE,
          taken,
          this.#stripes,
        );
      }
      for (let i = 0; i < taken; i++) {
        const at = i * this.#stripes * STRIPE * 4;
        target.set(octets.subarray(at, at + this.#fragSize), (r + i) * this.#fragSize);
      }
    }
  }

  #stripe(): Int32Array {
    const { length } = this.#source;
    const view = new DataView(this.#source.buffer, this.#source.byteOffset, length);
    const striped = new Int32Array(this.#stripes * this.#count * STRIPE);
    const wordsPerFragment = Math.ceil(this.#fragSize / 4);
    for (let c = 0; c < this.#count; c++) {
      for (let w = 0; w < wordsPerFragment; w++) {
        // The last word may reach into the next fragment: nobody reads the sum of those octets.
        const from = c * this.#fragSize + 4 * w;
        const to = ((w >>> 2) * this.#count + c) * STRIPE + (w & 3);
        striped[to] = from + 4 <= length ? view.getInt32(from, true) : lastWord(view, from, length);
      }
    }
    return striped;
  }
}

function lastWord(view: DataView, from: number, length: number): number {
  let word = 0;
  for (let at = from; at < length; at++) word |= view.getUint8(at) << (8 * (at - from));
  return word;
}

/** Turns the bits of `taken` rows from `row` on into one octet a column: its bit i is that of row `row + i`. */
function transpose(matrix: Int32Array, row: number, taken: number, words: number, digits: Uint8Array): void {
  digits.fill(0);
  const octets = new DataView(matrix.buffer, matrix.byteOffset, matrix.byteLength);
  const packed = new DataView(digits.buffer);
  const rowSize = 4 * words;
  for (let at = 0; at < rowSize; at++) {
    let low = 0;
    let high = 0;
    for (let i = 0; i < taken; i++) {
      const octet = octets.getUint8((row + i) * rowSize + at);
      if (i < 4) low |= octet << (8 * i);
      else high |= octet << (8 * (i - 4));
    }
    // Transposes 8 x 8 bits in three steps: halves of 1, 2 and 4 bits change places.
    low = exchange(exchange(low, 7, 0x00aa_00aa), 14, 0x0000_cccc);
    high = exchange(exchange(high, 7, 0x00aa_00aa), 14, 0x0000_cccc);
    packed.setInt32(8 * at, (low & 0x0f0f_0f0f) | ((high & 0x0f0f_0f0f) << 4), true);
    packed.setInt32(8 * at + 4, ((low >>> 4) & 0x0f0f_0f0f) | (high & ~0x0f0f_0f0f), true);
  }
}

/** Swaps the bits under the mask with those `distance` bits further up. */
function exchange(bits: number, distance: number, mask: number): number {
  const swapped = (bits ^ (bits >>> distance)) & mask;
  return bits ^ swapped ^ (swapped << distance);
}

/**
 * Sorts the columns by their digits, in the order 0, 1, 3, 2, 6, ... of the reflected Gray code. `order` gets the place
 * of each one's words in a stripe, `ends[g]` the end of group g in `order`.
 */
function arrange(digits: Uint8Array, count: number, groups: number, order: Int32Array, ends: Int32Array): void {
  const places = new Int32Array(groups);
  for (let c = 0; c < count; c++) {
    const digit = digits[c] as number;
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
    const digit = digits[c] as number;
    const place = places[digit] as number;
    places[digit] = place + 1;
    order[place] = c * STRIPE;
  }
}

/** Adds up the words of one stripe, which starts at `base`, into those at `offset` of each of the `taken` sums. */
function addStripe(
  striped: Int32Array,
  base: number,
  order: Int32Array,
  ends: Int32Array,
  sums: Int32Array,
  offset: number,
  taken: number,
  stripes: number,
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
    const sum = row * stripes * STRIPE + offset;
    sums[sum] = (sums[sum] as number) ^ a;
    sums[sum + 1] = (sums[sum + 1] as number) ^ b;
    sums[sum + 2] = (sums[sum + 2] as number) ^ c;
    sums[sum + 3] = (sums[sum + 3] as number) ^ d;
    const end = group === groups ? i : (ends[group] as number);
    for (; i < end; i++) {
      const at = base + (order[i] as number);
      a ^= striped[at] as number;
      b ^= striped[at + 1] as number;
      c ^= striped[at + 2] as number;
      d ^= striped[at + 3] as number;
    }
  }
}
