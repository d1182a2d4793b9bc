import {
  assemble,
  type Code,
  type ExportedFunction,
  get,
  I32,
  i32,
  set,
  V128,
  type ValueType,
  v128,
  whileLoop,
} from './wasm-assembler.ts';

/** How far the kernel may read beyond the last fragment and write beyond the last packed sum, in octets. */
export const KERNEL_OVERSHOOT = 256;

/** The module's functions. Parameters are addresses, sizes in octets and counts. */
export interface KernelFunctions {
  /**
   * Sorts the fragments by the digits of their columns (one octet each), in the order 0, 1, 3, 2, 6, ... of the reflected Gray code:
   * writes their addresses to `order`, and to `ends[g]` the address in `order` at which group g ends. `groups` is a
   * power of two above all digits; `places` is work memory of `groups` words.
   */
  readonly arrange: (
    digits: number,
    columns: number,
    source: number,
    fragSize: number,
    groups: number,
    places: number,
    order: number,
    ends: number,
  ) => void;
  /** See `sumFunction`. */
  readonly sum4: (ends: number, groups: number, skip: number, sums: number, sumSize: number) => void;
  readonly sum8: (ends: number, groups: number, skip: number, sums: number, sumSize: number) => void;
  /** Copies `count` sums, `sumSize` octets apart, to `target`, where they are `fragSize` octets apart. */
  readonly pack: (sums: number, sumSize: number, count: number, target: number, fragSize: number) => void;
}

/** Assembles the binary module. */
export function assembleKernel(): Uint8Array<ArrayBuffer> {
  return assemble([arrangeFunction(), sumFunction(4), sumFunction(8), packFunction()]);
}

/** `local += amount` */
const advance = (local: number, amount: Code): Code => set(local, i32.add(get(local), amount));
/** Address of word `index` of an array. */
const wordOf = (array: Code, index: Code): Code => i32.add(array, i32.shl(index, i32.const(2)));

function arrangeFunction(): ExportedFunction {
  const [digits, columns, source, fragSize, groups, places, order, ends] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
  const [at, end, group, cursor, size] = [8, 9, 10, 11, 12] as const;
  const placeOfDigit = set(cursor, wordOf(get(places), i32.load8U(get(at))));
  return {
    name: 'arrange',
    parameters: 8,
    locals: [I32, I32, I32, I32, I32],
    body: [
      ...set(group, i32.const(0)),
      ...whileLoop(
        i32.ltU(get(group), get(groups)),
        i32.store(wordOf(get(places), get(group)), i32.const(0)),
        advance(group, i32.const(1)),
      ),
      // How many octets of `order` each digit needs,
      ...set(at, get(digits)),
      ...set(end, i32.add(get(digits), get(columns))),
      ...whileLoop(
        i32.ltU(get(at), get(end)),
        placeOfDigit,
        i32.store(get(cursor), i32.add(i32.load(get(cursor)), i32.const(4))),
        advance(at, i32.const(1)),
      ),
      // where they start, when the digits follow each other in Gray order,
      ...set(group, i32.const(0)),
      ...whileLoop(
        i32.ltU(get(group), get(groups)),
        set(cursor, wordOf(get(places), i32.xor(get(group), i32.shrU(get(group), i32.const(1))))),
        set(size, i32.load(get(cursor))),
        i32.store(get(cursor), get(order)),
        advance(order, get(size)),
        i32.store(wordOf(get(ends), get(group)), get(order)),
        advance(group, i32.const(1)),
      ),
      // and every fragment to the next place of its digit.
      ...set(at, get(digits)),
      ...whileLoop(
        i32.ltU(get(at), get(end)),
        placeOfDigit,
        i32.store(i32.load(get(cursor)), get(source)),
        i32.store(get(cursor), i32.add(i32.load(get(cursor)), i32.const(4))),
        advance(source, get(fragSize)),
        advance(at, i32.const(1)),
      ),
    ],
  };
}

/**
 * Runs once through the arranged fragments (see row-batches.ts) and keeps their running sum in registers. From group
 * g - 1 to g the Gray code changes bit ctz(g), so that row ctz(g) gets the sum at that border. Group 0 has no ones.
 * `sums` must be zero before.
 *
 * Each call does `width` vectors of 16 octets, `skip` octets into the fragments and sums.
 */
function sumFunction(width: number): ExportedFunction {
  const [ends, groups, skip, sums, sumSize, group, order, end, at] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
  const running = Array.from({ length: width }, (_, i) => 9 + i);
  const addRunningToRow = (row: Code): Code => [
    ...set(at, i32.add(get(sums), i32.mul(row, get(sumSize)))),
    ...running.flatMap((sum, i) => v128.store(get(at), v128.xor(get(sum), v128.load(get(at), 16 * i)), 16 * i)),
  ];
  return {
    name: `sum${width}`,
    parameters: 5,
    locals: [I32, I32, I32, I32, ...running.map((): ValueType => V128)],
    body: [
      ...advance(sums, get(skip)),
      ...set(order, i32.load(get(ends))),
      ...set(group, i32.const(1)),
      ...whileLoop(
        i32.ltU(get(group), get(groups)),
        addRunningToRow(i32.ctz(get(group))),
        set(end, i32.load(wordOf(get(ends), get(group)))),
        whileLoop(
          i32.ltU(get(order), get(end)),
          set(at, i32.add(i32.load(get(order)), get(skip))),
          ...running.map((sum, i) => set(sum, v128.xor(get(sum), v128.load(get(at), 16 * i)))),
          advance(order, i32.const(4)),
        ),
        advance(group, i32.const(1)),
      ),
      // The last group is that of the highest bit alone.
      ...addRunningToRow(i32.sub(i32.ctz(get(groups)), i32.const(1))),
    ],
  };
}

/** In ascending order, so that what is written too far is overwritten by the next sum. */
function packFunction(): ExportedFunction {
  const [sums, sumSize, count, target, fragSize, end, at] = [0, 1, 2, 3, 4, 5, 6] as const;
  return {
    name: 'pack',
    parameters: 5,
    locals: [I32, I32],
    body: [
      ...set(end, i32.add(get(sums), i32.mul(get(count), get(sumSize)))),
      ...whileLoop(
        i32.ltU(get(sums), get(end)),
        set(at, i32.const(0)),
        whileLoop(
          i32.ltU(get(at), get(fragSize)),
          v128.store(i32.add(get(target), get(at)), v128.load(i32.add(get(sums), get(at)))),
          advance(at, i32.const(16)),
        ),
        advance(sums, get(sumSize)),
        advance(target, get(fragSize)),
      ),
    ],
  };
}
