/** Which of the missing fragments an equation contains: one bit each. */
export class Coefficients {
  readonly #words: Uint32Array;

  constructor(count: number) {
    this.#words = new Uint32Array((count + 31) >> 5);
  }

  has(position: number): boolean {
    return (((this.#words[position >> 5] ?? 0) >>> (position & 31)) & 1) === 1;
  }

  set(position: number): void {
    const word = position >> 5;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (position & 31));
  }

  add(other: Coefficients): void {
    const words = this.#words;
    const added = other.#words;
    for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) ^ (added[i] ?? 0);
  }

  /** The lowest position set, or undefined when none is. */
  lowest(): number | undefined {
    const words = this.#words;
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? 0;
      if (word !== 0) return i * 32 + 31 - Math.clz32(word & -word);
    }
    return undefined;
  }
}
