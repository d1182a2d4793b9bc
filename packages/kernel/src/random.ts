import { randomFillSync } from 'node:crypto';

/** A source of octets that nobody can guess; for keys, nonces and tokens. */
export interface Entropy {
  octets(count: number): Uint8Array;
}

export const systemEntropy: Entropy = {
  octets: (count) => randomFillSync(new Uint8Array(count)),
};

/** Repeatable randomness from a seed; for simulations and jitter, never for secrets. */
export class Rng implements Entropy {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  readonly #seed: string;

  /** Equal seeds, text or number, give equal sequences. */
  constructor(seed: string | number) {
    this.#seed = String(seed);
    // FNV-1a spreads the seed over the four words of the generator (sfc32).
    let hash = 0x811c9dc5;
    for (const char of this.#seed) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
    this.#a = hash;
    this.#b = Math.imul(hash, 0x9e3779b1);
    this.#c = hash ^ 0x85ebca6b;
    this.#d = 1;
    for (let i = 0; i < 16; i++) this.u32();
  }

  /** An unsigned 32-bit integer. */
  u32(): number {
    const t = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** A number in 0 (included) .. 1 (excluded). */
  unit(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** An integer in 0 .. limit-1. */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  /** A number in `low` (included) .. `high` (excluded). */
  between(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  octets(count: number): Uint8Array {
    const octets = new Uint8Array(count);
    for (let i = 0; i < count; i++) octets[i] = this.u32() & 255;
    return octets;
  }

  /** An independent generator: it depends on the seed and the name only, not on what was drawn so far. */
  fork(name: string): Rng {
    return new Rng(`${this.#seed}/${name}`);
  }
}
