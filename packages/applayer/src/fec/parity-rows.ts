import { endianness } from 'node:os';
import { CallerError } from '@airlift/kernel';
import { checkFragmentIndex, checkNbFrag, checkRowRule, type RowRule } from './limits.ts';

/** The generator's states have 23 bits; only seeds can have 24. */
const STATE_LIMIT = 0x80_0000;
const STATE_MASK = 0x7f_ffff;

/** How many further states a word of 32 bits holds. */
const STATES_PER_WORD = 9;

/**
 * Draws the coefficients of parity fragments (TS004, FragAlgo 0: `matrix_line` and `prbs23` of its model code). A row has one bit for
 * each plain fragment, column c for fragment c + 1. Not to be shared between threads: it reuses a scratch array.
 */
export class ParityRows {
  readonly nbFrag: number;
  readonly rule: RowRule;
  /** 32-bit words in a row that is given as bits. */
  readonly words: number;
  readonly #draws: number;
  readonly #modulus: number;
  readonly #reciprocal: number;
  /** One octet a column, 1 when drawn. There is a column more than the row has, which a power of two can draw. */
  readonly #marks: Uint8Array;
  readonly #markWords: Int32Array;

  /** @throws CallerError `nb-frag-invalid`, `nb-frag-too-large`, `row-rule-invalid`, `host-big-endian` */
  constructor(nbFrag: number, rule: RowRule) {
    checkNbFrag(nbFrag);
    checkRowRule(rule);
    // Octets are read as words and words as octets, here and in the combiners: the other order would give wrong data.
    if (endianness() !== 'LE') throw new CallerError('host-big-endian', 'the erasure code needs a little-endian host');
    this.nbFrag = nbFrag;
    this.rule = rule;
    this.words = (nbFrag + 31) >>> 5;
    this.#draws = nbFrag >>> 1;
    // A power of two would see only the low bits of the generator, which repeat soon.
    this.#modulus = (nbFrag & (nbFrag - 1)) === 0 ? nbFrag + 1 : nbFrag;
    this.#reciprocal = 1 / this.#modulus;
    this.#marks = new Uint8Array((this.words + 1) * 32);
    this.#markWords = new Int32Array(this.#marks.buffer);
  }

  /**
   * Writes the row of coded fragment `index` into `target` from word `at` on, column c being bit c mod 32 of word
   * c div 32; bits beyond NbFrag are zero.
   * @throws CallerError `fragment-index-invalid` unless NbFrag < index <= 16383
   */
  write(index: number, target: Int32Array, at = 0): void {
    this.#draw(index);
    const marks = this.#markWords;
    for (let w = 0; w < this.words; w++) {
      const from = 8 * w;
      const low =
        fourBits(marks[from] as number) |
        (fourBits(marks[from + 1] as number) << 4) |
        (fourBits(marks[from + 2] as number) << 8) |
        (fourBits(marks[from + 3] as number) << 12);
      const high =
        fourBits(marks[from + 4] as number) |
        (fourBits(marks[from + 5] as number) << 4) |
        (fourBits(marks[from + 6] as number) << 8) |
        (fourBits(marks[from + 7] as number) << 12);
      target[at + w] = low | (high << 16);
    }
    marks.fill(0);
  }

  /**
   * Sets bit `bit` in the digits (see combiner.ts) of the columns that coded fragment `index` has.
   * @throws CallerError `fragment-index-invalid` unless NbFrag < index <= 16383
   */
  mark(index: number, digits: Int32Array, bit: number): void {
    this.#draw(index);
    const marks = this.#markWords;
    for (let w = 8 * this.words - 4; w >= 0; w -= 4) {
      digits[w] = (digits[w] as number) | ((marks[w] as number) << bit);
      digits[w + 1] = (digits[w + 1] as number) | ((marks[w + 1] as number) << bit);
      digits[w + 2] = (digits[w + 2] as number) | ((marks[w + 2] as number) << bit);
      digits[w + 3] = (digits[w + 3] as number) | ((marks[w + 3] as number) << bit);
    }
    marks.fill(0);
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

  /** Leaves the row in the marks, which must be all zero. */
  #draw(index: number): void {
    checkFragmentIndex(index, this.nbFrag + 1);
    const seed = 1 + 1001 * (this.rule === 'v2a' ? index : index - this.nbFrag);
    if (this.rule === 'v1') this.#drawCountingRepeats(seed);
    else this.#drawDistinct(seed);
    this.#marks[this.nbFrag] = 0;
  }

  #drawCountingRepeats(seed: number): void {
    const marks = this.#marks;
    const nbFrag = this.nbFrag;
    const modulus = this.#modulus;
    const reciprocal = this.#reciprocal;
    let left = this.#draws;
    let state = seed;
    while (left > 0) {
      if (left < STATES_PER_WORD || state >= STATE_LIMIT) {
        state = nextState(state);
        left -= markInside(marks, state % modulus, nbFrag);
        continue;
      }
      const word = nextStates(state);
      left -=
        markInside(marks, remainder((word >>> 1) & STATE_MASK, modulus, reciprocal), nbFrag) +
        markInside(marks, remainder((word >>> 2) & STATE_MASK, modulus, reciprocal), nbFrag) +
        markInside(marks, remainder((word >>> 3) & STATE_MASK, modulus, reciprocal), nbFrag) +
        markInside(marks, remainder((word >>> 4) & STATE_MASK, modulus, reciprocal), nbFrag) +
        markInside(marks, remainder((word >>> 5) & STATE_MASK, modulus, reciprocal), nbFrag) +
        markInside(marks, remainder((word >>> 6) & STATE_MASK, modulus, reciprocal), nbFrag) +
        markInside(marks, remainder((word >>> 7) & STATE_MASK, modulus, reciprocal), nbFrag) +
        markInside(marks, remainder((word >>> 8) & STATE_MASK, modulus, reciprocal), nbFrag) +
        markInside(marks, remainder(word >>> 9, modulus, reciprocal), nbFrag);
      state = word >>> 9;
    }
  }

  #drawDistinct(seed: number): void {
    const marks = this.#marks;
    const modulus = this.#modulus;
    const reciprocal = this.#reciprocal;
    // A draw beyond the last column is repeated, like one of a column drawn before.
    marks[this.nbFrag] = 1;
    let left = this.#draws;
    let state = seed;
    while (left > 0) {
      if (left < STATES_PER_WORD || state >= STATE_LIMIT) {
        state = nextState(state);
        left -= markNew(marks, state % modulus);
        continue;
      }
      const word = nextStates(state);
      left -=
        markNew(marks, remainder((word >>> 1) & STATE_MASK, modulus, reciprocal)) +
        markNew(marks, remainder((word >>> 2) & STATE_MASK, modulus, reciprocal)) +
        markNew(marks, remainder((word >>> 3) & STATE_MASK, modulus, reciprocal)) +
        markNew(marks, remainder((word >>> 4) & STATE_MASK, modulus, reciprocal)) +
        markNew(marks, remainder((word >>> 5) & STATE_MASK, modulus, reciprocal)) +
        markNew(marks, remainder((word >>> 6) & STATE_MASK, modulus, reciprocal)) +
        markNew(marks, remainder((word >>> 7) & STATE_MASK, modulus, reciprocal)) +
        markNew(marks, remainder((word >>> 8) & STATE_MASK, modulus, reciprocal)) +
        markNew(marks, remainder(word >>> 9, modulus, reciprocal));
      state = word >>> 9;
    }
  }
}

/** Marks a column; 1 if the row has it, 0 if it lies beyond the last. */
function markInside(marks: Uint8Array, column: number, nbFrag: number): number {
  marks[column] = 1;
  return (column - nbFrag) >>> 31;
}

/** Marks a column; 1 if it was not marked before, else 0. */
function markNew(marks: Uint8Array, column: number): number {
  const seen = marks[column] as number;
  marks[column] = 1;
  return 1 - seen;
}

/** One step of the generator. The sum is meant: a seed of 24 bits carries, where an "or" would not. */
function nextState(state: number): number {
  return (state >>> 1) + (((state ^ (state >>> 5)) & 1) << 22);
}

/**
 * A state below 2^23 and its next nine in one word: they are its windows of 23 bits, each one bit further up, since step
 * i + 1 shifts in the sum of the bits i and i + 5. Nine draws a turn instead of one, for speed alone.
 */
function nextStates(state: number): number {
  return state | ((state ^ (state >>> 5)) << 23);
}

/** `state % modulus` without a division. The half keeps the product away from whole numbers: exact below 2^24. */
function remainder(state: number, modulus: number, reciprocal: number): number {
  return state - Math.imul(((state + 0.5) * reciprocal) | 0, modulus);
}

/** Four octets of 0 or 1 as four bits, the first lowest: the product lines them up in its four highest bits. */
function fourBits(octets: number): number {
  return Math.imul(octets, 0x1020_4080) >>> 28;
}
