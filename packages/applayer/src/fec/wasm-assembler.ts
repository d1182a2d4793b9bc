/**
 * The few instructions of WebAssembly that the kernel needs, as functions that give their binary code. Operands come
 * first and nest, as in the folded text format: `i32.add(get(x), i32.const(1))`. Nothing is checked here; whoever
 * compiles the module learns whether it is valid. (WebAssembly Core Specification 2.0, section 5.)
 */
export type Code = readonly number[];

/** Value types. */
export const I32 = 0x7f;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof V128;

/** The index of a parameter or local variable in its function. */
export type Local = number;

export const get = (local: Local): Code => [0x20, ...unsigned(local)];
export const set = (local: Local, value: Code): Code => [...value, 0x21, ...unsigned(local)];

/** Repeats the body while the condition holds, tested first. */
export const whileLoop = (condition: Code, ...body: readonly Code[]): Code => [
  ...[0x02, 0x40], // block: leaving it ends the loop
  ...[0x03, 0x40], // loop: branching to it starts the next round
  ...condition,
  ...[0x45, 0x0d, 1], // leave the block if the condition is zero
  ...body.flat(),
  ...[0x0c, 0, 0x0b, 0x0b],
];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  sub: (a: Code, b: Code): Code => [...a, ...b, 0x6b],
  mul: (a: Code, b: Code): Code => [...a, ...b, 0x6c],
  xor: (a: Code, b: Code): Code => [...a, ...b, 0x73],
  shl: (a: Code, b: Code): Code => [...a, ...b, 0x74],
  shrU: (a: Code, b: Code): Code => [...a, ...b, 0x76],
  ctz: (a: Code): Code => [...a, 0x68],
  ltU: (a: Code, b: Code): Code => [...a, ...b, 0x49],
  load: (address: Code, offset = 0): Code => [...address, 0x28, 2, ...unsigned(offset)],
  load8U: (address: Code, offset = 0): Code => [...address, 0x2d, 0, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x36, 2, ...unsigned(offset)],
};

/** 128-bit vectors; addresses need no alignment. */
export const v128 = {
  load: (address: Code, offset = 0): Code => [...address, 0xfd, ...unsigned(0), 0, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0xfd,
    ...unsigned(11),
    0,
    ...unsigned(offset),
  ],
  xor: (a: Code, b: Code): Code => [...a, ...b, 0xfd, ...unsigned(81)],
};

/** A function without results that the module exports. Parameters are all i32 and come first among the locals. */
export interface ExportedFunction {
  readonly name: string;
  readonly parameters: number;
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** The binary module: it imports its memory as `env.memory` (1 page at least) and exports the functions. */
export function assemble(functions: readonly ExportedFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, ...vector(new Array<Code>(parameters).fill([I32])), 0]);
  const memoryImport = [...text('env'), ...text('memory'), 0x02, 0x00, ...unsigned(1)];
  const exports = functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]);
  const bodies = functions.map(({ locals, body }) => {
    const code = [...vector(locals.map((type) => [1, type])), ...body, 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([memoryImport])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(exports)),
    ...section(10, vector(bodies)),
  ]);
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(ascii: string): Code {
  return vector([...ascii].map((char) => [char.charCodeAt(0)]));
}

/** LEB128 without sign. */
function unsigned(value: number): number[] {
  const octets: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    octets.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  octets.push(rest);
  return octets;
}

/** LEB128 with sign. */
function signed(value: number): number[] {
  const octets: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)) {
      octets.push(low);
      return octets;
    }
    octets.push(low | 0x80);
  }
}
