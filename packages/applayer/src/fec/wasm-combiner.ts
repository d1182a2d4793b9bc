import type { Combiner, CombinerEngine, RowSource } from './combiner.ts';
import { MAX_BATCH, rowsPerBatch } from './row-batches.ts';
import { assembleKernel, KERNEL_OVERSHOOT, type KernelFunctions } from './wasm-kernel.ts';

/** The part of the WebAssembly interface that is used; Node's types have none. */
interface WebAssemblyApi {
  validate(module: Uint8Array): boolean;
  readonly Module: new (module: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WebAssemblyMemory } },
  ) => { readonly exports: unknown };
  readonly Memory: new (limits: { readonly initial: number }) => WebAssemblyMemory;
}

interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

const PAGE_OCTETS = 65_536;

/**
 * The engine with 128-bit vectors, or undefined where the runtime has none. Its memory holds the source of one combiner
 * at a time, the one used last, and at most 100 KiB of work memory.
 */
export function wasmEngine(): CombinerEngine | undefined {
  const api = (globalThis as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
  const kernel = assembleKernel();
  if (api?.validate(kernel) !== true) return undefined;
  return new WasmEngine(api, kernel);
}

class WasmEngine implements CombinerEngine {
  readonly kind = 'wasm';
  readonly functions: KernelFunctions;
  readonly #memory: WebAssemblyMemory;
  #combiners = 0;
  /** Whose source is in memory. A number, since a reference of any kind could keep a source alive. */
  #resident = 0;

  constructor(api: WebAssemblyApi, kernel: Uint8Array) {
    this.#memory = new api.Memory({ initial: 1 });
    const { exports } = new api.Instance(new api.Module(kernel), { env: { memory: this.#memory } });
    this.functions = exports as KernelFunctions;
  }

  combiner(source: Uint8Array, count: number, fragSize: number): Combiner {
    this.#combiners += 1;
    return new WasmCombiner(this, this.#combiners, source, count, fragSize);
  }

  /** The memory, `octets` long at least, with the source of combiner `id` at its start. */
  memoryFor(id: number, source: Uint8Array, octets: number): Uint8Array {
    const pages = Math.ceil((octets - this.#memory.buffer.byteLength) / PAGE_OCTETS);
    if (pages > 0) this.#memory.grow(pages);
    const memory = new Uint8Array(this.#memory.buffer);
    if (this.#resident !== id) {
      memory.set(source);
      this.#resident = id;
    }
    return memory;
  }
}

class WasmCombiner implements Combiner {
  readonly #engine: WasmEngine;
  readonly #id: number;
  readonly #source: Uint8Array;
  readonly #count: number;
  readonly #fragSize: number;

  constructor(engine: WasmEngine, id: number, source: Uint8Array, count: number, fragSize: number) {
    this.#engine = engine;
    this.#id = id;
    this.#source = source;
    this.#count = count;
    this.#fragSize = fragSize;
  }

  combine(rows: RowSource, count: number, target: Uint8Array): void {
    const fragSize = this.#fragSize;
    const digitWords = 8 * ((this.#count + 31) >>> 5);
    const vectors = (fragSize + 15) >>> 4;
    const sumSize = ((vectors + 3) >>> 2) * 64;
    let end = aligned(this.#source.length + KERNEL_OVERSHOOT);
    const take = (octets: number): number => {
      const start = end;
      end = aligned(end + octets);
      return start;
    };
    const digitsAt = take(4 * digitWords);
    const placesAt = take(4 * 2 ** MAX_BATCH);
    const endsAt = take(4 * 2 ** MAX_BATCH);
    const orderAt = take(4 * this.#count);
    const sumsAt = take(MAX_BATCH * sumSize);
    const packedAt = take(MAX_BATCH * fragSize + KERNEL_OVERSHOOT);
    const memory = this.#engine.memoryFor(this.#id, this.#source, end);
    const digits = new Int32Array(memory.buffer, digitsAt, digitWords);
    const { arrange, sum4, sum8, pack } = this.#engine.functions;
    const batch = rowsPerBatch(this.#count, count);
    for (let r = 0; r < count; r += batch) {
      const taken = Math.min(batch, count - r);
      const groups = 2 ** taken;
      digits.fill(0);
      for (let i = 0; i < taken; i++) rows.mark(r + i, digits, i);
      arrange(digitsAt, this.#count, 0, fragSize, groups, placesAt, orderAt, endsAt);
      memory.fill(0, sumsAt, sumsAt + taken * sumSize);
      let skip = 0;
      for (; skip + 64 < sumSize; skip += 128) sum8(endsAt, groups, skip, sumsAt, sumSize);
      if (skip < sumSize) sum4(endsAt, groups, skip, sumsAt, sumSize);
      pack(sumsAt, sumSize, taken, packedAt, fragSize);
      target.set(memory.subarray(packedAt, packedAt + taken * fragSize), r * fragSize);
    }
  }
}

/** The next address that is a multiple of 16. */
function aligned(address: number): number {
  return (address + 15) & ~15;
}
