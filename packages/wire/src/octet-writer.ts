/** Writes what `OctetReader` reads. Values must already be in range. The buffer grows as needed. */
export class OctetWriter {
  #octets: Uint8Array;
  #length = 0;
  #pending = 0;
  #pendingBits = 0;

  constructor(capacity = 64) {
    this.#octets = new Uint8Array(capacity);
  }

  /** Forgets everything written so far and keeps the buffer. */
  restart(): this {
    this.#length = 0;
    this.#pending = 0;
    this.#pendingBits = 0;
    return this;
  }

  /** How many whole octets have been written. */
  get length(): number {
    return this.#length;
  }

  /** Appends `width` bits (1..24) of an unsigned integer; a full octet is written as soon as it is complete. */
  bits(value: number, width: number): void {
    let rest = value;
    let left = width;
    while (left > 0) {
      const take = Math.min(left, 8 - this.#pendingBits);
      this.#pending |= (rest & ((1 << take) - 1)) << this.#pendingBits;
      rest >>= take;
      left -= take;
      this.#pendingBits += take;
      if (this.#pendingBits === 8) {
        this.unsigned(this.#pending, 1);
        this.#pending = 0;
        this.#pendingBits = 0;
      }
    }
  }

  /** Appends an unsigned integer as `count` octets (1..4), least significant first. */
  unsigned(value: number, count: number): void {
    this.#reserve(count);
    for (let i = 0; i < count; i++) this.#octets[this.#length + i] = value >>> (8 * i);
    this.#length += count;
  }

  /** Appends a copy of the octets. */
  octets(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#octets.set(octets, this.#length);
    this.#length += octets.length;
  }

  /** Everything written so far, as an array of exactly that length. */
  finish(): Uint8Array {
    return this.#octets.slice(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#octets.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#octets.length, this.#length + count));
    grown.set(this.#octets);
    this.#octets = grown;
  }
}
