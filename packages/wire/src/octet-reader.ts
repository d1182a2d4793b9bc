import { WireError } from './wire-error.ts';

/**
 * Reads unsigned values from octets, least significant octet and bit first. Bits are taken from a stream in which bit 0
 * of the first octet comes first, so a 16-bit little-endian word with bit groups and two octets with bit groups are
 * read alike. Whole octets may be read only on an octet boundary; declarations are checked for that once.
 * @throws WireError `truncated` from every reading method when the octets end
 */
export class OctetReader {
  readonly #octets: Uint8Array;
  readonly #end: number;
  #at: number;
  #pending = 0;
  #pendingBits = 0;

  constructor(octets: Uint8Array, from = 0, to = octets.length) {
    this.#octets = octets;
    this.#at = from;
    this.#end = to;
  }

  /** Index of the next octet. */
  get at(): number {
    return this.#at;
  }

  /** How many octets have not been touched yet. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** The next octet, left in place; undefined at the end. */
  peek(): number | undefined {
    return this.#at < this.#end ? this.#octets[this.#at] : undefined;
  }

  /** The octets not touched yet, left in place: a view, not a copy. */
  peekRest(): Uint8Array {
    return this.#octets.subarray(this.#at, this.#end);
  }

  /** `width` bits (1..24) as an unsigned integer. */
  bits(width: number): number {
    let value = 0;
    let got = 0;
    while (got < width) {
      if (this.#pendingBits === 0) {
        this.#pending = this.unsigned(1);
        this.#pendingBits = 8;
      }
      const take = Math.min(width - got, this.#pendingBits);
      value |= (this.#pending & ((1 << take) - 1)) << got;
      this.#pending >>= take;
      this.#pendingBits -= take;
      got += take;
    }
    return value;
  }

  /** An unsigned integer of `count` octets (1..4), least significant first. */
  unsigned(count: number): number {
    const start = this.#take(count);
    let value = 0;
    for (let i = count - 1; i >= 0; i--) value = value * 256 + (this.#octets[start + i] ?? 0);
    return value;
  }

  /** The next `count` octets as a view of the buffer: copy before changing or keeping them past its life. */
  octets(count: number): Uint8Array {
    const start = this.#take(count);
    return this.#octets.subarray(start, start + count);
  }

  /** Everything that is left, possibly nothing, as a view of the buffer. */
  rest(): Uint8Array {
    return this.octets(this.remaining);
  }

  #take(count: number): number {
    const start = this.#at;
    if (start + count > this.#end) {
      throw new WireError('truncated', `the octets end at ${this.#end}, inside a field that starts at ${start}`, start);
    }
    this.#at = start + count;
    return start;
  }
}
