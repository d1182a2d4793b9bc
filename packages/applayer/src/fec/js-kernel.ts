import { MAX_FRAGMENT_INDEX } from './limits.ts';
import { MAX_BATCH } from './row-batches.ts';

/** Words of a fragment that are added up in one go: they and their running sums fit into registers. */
export const STRIPE = 4;

/** Most batches of rows that are arranged before they are added up. */
const MOST_BATCHES = 64;
/** Room for the orders of that many batches, in columns: all of them with 1024 fragments, fewer with more. */
const ORDER_ROOM = 65_536;

/** Most words of a sum: 255 octets in whole stripes. */
export const SUM_WORDS = 64;

/** The inner loops of the engine without WebAssembly, and the work memory that they use. */
export interface JsKernel {
  /** The words of one stripe, `STRIPE` for each fragment. */
  readonly stripe: Int32Array;
  /** The digits of the batch to be arranged, in the form of `RowSource.mark`. */
  readonly digits: Int32Array;
  /** The sums, `SUM_WORDS` apart, row by row. */
  readonly sums: Int32Array;
  /** Number of batches for which there is room. */
  batches(count: number): number;
  /**
   * Sorts the columns by their digits, in the order 0, 1, 3, 2, 6, ... of the reflected Gray code, and keeps that order
   * for batch `batch` of `rows` rows.
   */
  arrange(batch: number, rows: number, count: number): void;
  /** Adds up the stripe in the order of that batch; adds to the words from `at` on in its `rows` sums. */
  addUp(batch: number, rows: number, at: number): void;
}

let kernel: JsKernel | undefined;

/**
 * The kernel of this process, made when first asked for and kept: some 700 KiB. It is made only once because V8 then
 * takes the arrays, which the functions close over, for constants, and the loops become nearly twice as fast.
 */
export function jsKernel(): JsKernel {
  kernel ??= createKernel();
  return kernel;
}

function createKernel(): JsKernel {
  const stripe = new Int32Array((MAX_FRAGMENT_INDEX + 1) * STRIPE);
  const digits = new Int32Array((MAX_FRAGMENT_INDEX + 1) / 4);
  const digitOctets = new Uint8Array(digits.buffer);
  const places = new Int32Array(2 ** MAX_BATCH);
  const order = new Uint16Array(ORDER_ROOM);
  /** Where each group of each batch ends in `order`. */
  const ends = new Int32Array(MOST_BATCHES * 2 ** MAX_BATCH);
  const sums = new Int32Array(MOST_BATCHES * MAX_BATCH * SUM_WORDS);

  function arrange(batch: number, rows: number, count: number): void {
    const groups = 1 << rows;
    places.fill(0);
    for (let c = 0; c < count; c++) {
      const digit = digitOctets[c] as number;
      places[digit] = (places[digit] as number) + 1;
    }
    let end = batch * count;
    for (let group = 0; group < groups; group++) {
      const digit = group ^ (group >>> 1);
      const size = places[digit] as number;
      places[digit] = end;
      end += size;
      ends[(batch << MAX_BATCH) + group] = end;
    }
    for (let c = 0; c < count; c++) {
      const digit = digitOctets[c] as number;
      const place = places[digit] as number;
      places[digit] = place + 1;
      order[place] = c;
    }
  }

  function addUp(batch: number, rows: number, at: number): void {
    const groups = 1 << rows;
    const firstEnd = batch << MAX_BATCH;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = ends[firstEnd] as number;
    for (let group = 1; group <= groups; group++) {
      // The row that changes at this border; the last group is that of the last row alone.
      const row = group === groups ? rows - 1 : 31 - Math.clz32(group & -group);
      const sum = at + row * SUM_WORDS;
      sums[sum] = (sums[sum] as number) ^ a;
      sums[sum + 1] = (sums[sum + 1] as number) ^ b;
      sums[sum + 2] = (sums[sum + 2] as number) ^ c;
      sums[sum + 3] = (sums[sum + 3] as number) ^ d;
      const end = group === groups ? i : (ends[firstEnd + group] as number);
      for (; i < end; i++) {
        const from = (order[i] as number) * STRIPE;
        a ^= stripe[from] as number;
        b ^= stripe[from + 1] as number;
        c ^= stripe[from + 2] as number;
        d ^= stripe[from + 3] as number;
      }
    }
  }

  const batches = (count: number): number => Math.min(MOST_BATCHES, Math.floor(ORDER_ROOM / count));
  return { stripe, digits, sums, batches, arrange, addUp };
}
