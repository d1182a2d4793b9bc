import { checkFragmentIndex, checkNbFrag, checkRowRule, type RowRule } from './limits.ts';

/** The generator's states have 23 bits; only seeds can have 24. */
const STATE_LIMIT = 0x80_0000;
const STATE_MASK = 0x7f_ffff;

/** How many further states a word of 32 bits holds. */
const STATES_PER_WORD = 9;

/**
 * Draws the coefficients of parity fragments (TS004 annex A; `matrix_line` and `prbs23` there).
 *
 * A row is NbFrag bits in 32-bit words, column c (of plain fragment c + 1) being bit c mod 32 of word c div 32; bits
 * beyond NbFrag are zero. Not safe to share between threads: it reuses a scratch array.
 */
export class ParityRows {
  readonly nbFrag: number;
  readonly rule: RowRule;
  /** 32-bit words in a row. */
  readonly words: number;
  readonly #drawn: number;
  readonly #modulus: number;
  readonly #reciprocal: number;
  /** One octet a column, 1 when drawn. One column more than there are, for the draw that a power of two allows. */
  readonly #marks: Uint8Array;
  readonly #packed: Int32Array;

  /** @throws CallerError `nb-frag-invalid`, `nb-frag-too-large`, `row-rule-invalid` */
  constructor(nbFrag: number, rule: RowRule) {
    checkNbFrag(nbFrag);
    checkRowRule(rule);
    this.nbFrag = nbFrag;
    this.rule = rule;
    this.words = (nbFrag + 31) >>> 5;
    this.#drawn = nbFrag >>> 1;
    // A power of two would only see the low bits of the generator, which repeat soon.
    this.#modulus = (nbFrag & (nbFrag - 1)) === 0 ? nbFrag + 1 : nbFrag;
    this.#reciprocal = 1 / this.#modulus;
    this.#marks = new Uint8Array((this.words + 1) * 32);
    this.#packed = new Int32Array(this.#marks.buffer);
  }

  /**
   * Writes the row of coded fragment `index` into `target`, starting at word `at`.
   * @throws CallerError `fragment-index-invalid` unless NbFrag < index <= 16383
   */
  write(index: number, target: Int32Array, at = 0): void {
    checkFragmentIndex(index, this.nbFrag + 1);
    const seed = 1 + 1001 * (this.rule === 'v2a' ? index : index - this.nbFrag);
    if (this.rule === 'v1') this.#drawCountingRepeats(seed);
    else this.#drawDistinct(seed);
    this.#pack(target, at);
  }

  /** The row as octets, column 0 being the most significant bit of the first; the last octet is filled with zeros. */
  bitmap(index: number): Uint8Array {
    const row = new Int32Array(this.words);
    this.write(index, row);
    const octets = new Uint8Array((this.nbFrag + 7) >>> 3);
    for (let c = 0; c < this.nbFrag; c++) {
      if ((((row[c >>> 5] ?? 0) >>> (c & 31)) & 1) !== 0) octets[c >>> 3] = (octets[c >>> 3] ?? 0) | (0x80 >>> (c & 7));
    }
    return octets;
  }

  #drawCountingRepeats(seed: number): void {
    const marks = this.#marks;
    const nbFrag = this.nbFrag;
    const modulus = this.#modulus;
    const reciprocal = this.#reciprocal;
    let left = this.#drawn;
    let state = seed;
    while (left > 0) {
      if (left < STATES_PER_WORD || state >= STATE_LIMIT) {
        state = nextState(state);
        const column = state % modulus;
        marks[column] = 1;
        if (column < nbFrag) left -= 1;
        continue;
      }
      const word = nextStates(state);
      for (let shift = 1; shift <= STATES_PER_WORD; shift++) {
        state = (word >>> shift) & STATE_MASK;
        const column = remainder(state, modulus, reciprocal);
        marks[column] = 1;
        // Minus 1 if it lies before the end, without a branch.
        left += (column - nbFrag) >> 31;
      }
    }
    marks[nbFrag] = 0;
  }

  #drawDistinct(seed: number): void {
    const marks = this.#marks;
    const modulus = this.#modulus;
    const reciprocal = this.#reciprocal;
    // A draw beyond the last column is to be repeated, like one of a column drawn before.
    marks[this.nbFrag] = 1;
    let left = this.#drawn;
    let state = seed;
    while (left > 0) {
      if (left < STATES_PER_WORD || state >= STATE_LIMIT) {
        state = nextState(state);
        const column = state % modulus;
        left += (marks[column] as number) - 1;
        marks[column] = 1;
        continue;
      }
      const word = nextStates(state);
      for (let shift = 1; shift <= STATES_PER_WORD; shift++) {
        state = (word >>> shift) & STATE_MASK;
        const column = remainder(state, modulus, reciprocal);
        left += (marks[column] as number) - 1;
        marks[column] = 1;
      }
    }
    marks[this.nbFrag] = 0;
  }

  /** Gathers the marks into bits, and clears them for the next row. */
  #pack(target: Int32Array, at: number): void {
    const packed = this.#packed;
    for (let w = 0; w < this.words; w++) {
      const from = 8 * w;
      const low =
        fourBits(packed[from] as number) |
        (fourBits(packed[from + 1] as number) << 4) |
        (fourBits(packed[from + 2] as number) << 8) |
        (fourBits(packed[from + 3] as number) << 12);
      const high =
        fourBits(packed[from + 4] as number) |
        (fourBits(packed[from + 5] as number) << 4) |
        (fourBits(packed[from + 6] as number) << 8) |
        (fourBits(packed[from + 7] as number) << 12);
      target[at + w] = low | (high << 16);
    }
    packed.fill(0, 0, 8 * this.words);
  }
}

/** Four octets of 0 or 1 as four bits, the first lowest: the product lines them up in its four highest bits. */
function fourBits(octets: number): number {
  return Math.imul(octets, 0x1020_4080) >>> 28;
}

/**
 * The state and its next nine in one word: they are its windows of 23 bits, each one bit further up, since step i + 1
 * shifts in the sum of the bits i and i + 5.
 */
function nextStates(state: number): number {
  return state | ((state ^ (state >>> 5)) << 23);
}

/** `state % modulus` without a division. The half keeps the product away from whole numbers: exact below 2^24. */
function remainder(state: number, modulus: number, reciprocal: number): number {
  return state - Math.imul(((state + 0.5) * reciprocal) | 0, modulus);
}

/** One step of the generator. The sum is meant: a seed of 24 bits carries, where an "or" would not. */
function nextState(state: number): number {
  return (state >>> 1) + (((state ^ (state >>> 5)) & 1) << 22);
}
