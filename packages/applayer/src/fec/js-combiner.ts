import type { Combiner, CombinerEngine, RowSource } from './combiner.ts';
import { type JsKernel, jsKernel, STRIPE, SUM_WORDS } from './js-kernel.ts';
import { rowsPerBatch } from './row-batches.ts';

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
  /** The source, cut lengthwise: stripe s has the words 4 s .. 4 s + 3 of every fragment. */
  #stripes: readonly Int32Array[] | undefined;

  constructor(source: Uint8Array, count: number, fragSize: number) {
    this.#source = source;
    this.#count = count;
    this.#fragSize = fragSize;
  }

  combine(rows: RowSource, count: number, target: Uint8Array): void {
    this.#stripes ??= cut(this.#source, this.#count, this.#fragSize);
    const kernel = jsKernel();
    const perBatch = rowsPerBatch(this.#count, count);
    const perTurn = perBatch * kernel.batches(this.#count);
    for (let r = 0; r < count; r += perTurn) {
      this.#combineTurn(kernel, this.#stripes, rows, r, Math.min(perTurn, count - r), perBatch, target);
    }
  }

  /** As many rows as the kernel has room for. */
  #combineTurn(
    kernel: JsKernel,
    stripes: readonly Int32Array[],
    rows: RowSource,
    first: number,
    count: number,
    perBatch: number,
    target: Uint8Array,
  ): void {
    const { digits, stripe, sums } = kernel;
    const digitWords = 8 * ((this.#count + 31) >>> 5);
    for (let r = 0, batch = 0; r < count; r += perBatch, batch++) {
      const taken = Math.min(perBatch, count - r);
      digits.fill(0, 0, digitWords);
      for (let i = 0; i < taken; i++) rows.mark(first + r + i, digits, i);
      kernel.arrange(batch, taken, this.#count);
    }
    sums.fill(0, 0, count * SUM_WORDS);
    for (const [s, words] of stripes.entries()) {
      stripe.set(words);
      for (let r = 0, batch = 0; r < count; r += perBatch, batch++) {
        kernel.addUp(batch, Math.min(perBatch, count - r), r * SUM_WORDS + s * STRIPE);
      }
    }
    const octets = new Uint8Array(sums.buffer);
    for (let r = 0; r < count; r++) {
      const at = r * SUM_WORDS * 4;
      target.set(octets.subarray(at, at + this.#fragSize), (first + r) * this.#fragSize);
    }
  }
}

function cut(source: Uint8Array, count: number, fragSize: number): readonly Int32Array[] {
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  const stripes: Int32Array[] = [];
  for (let start = 0; start < fragSize; start += 4 * STRIPE) {
    const stripe = new Int32Array(count * STRIPE);
    // A stripe may reach into the next fragment: nobody reads the sum of those octets.
    for (let c = 0; c < count; c++) {
      const from = c * fragSize + start;
      for (let w = 0; w < STRIPE; w++) stripe[c * STRIPE + w] = wordAt(view, from + 4 * w);
    }
    stripes.push(stripe);
  }
  return stripes;
}

/** Four octets, the first lowest; those beyond the end are zero. */
function wordAt(view: DataView, from: number): number {
  if (from + 4 <= view.byteLength) return view.getInt32(from, true);
  let word = 0;
  for (let at = from; at < view.byteLength; at++) word |= view.getUint8(at) << (8 * (at - from));
  return word;
}
