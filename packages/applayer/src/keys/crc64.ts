// Polynomial 0xAD93D23594C935A9, read bit-reversed because octets enter with their lowest bit first.
const POLYNOMIAL_HIGH = 0x95ac9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;

/** High and low halves of the remainder of every octet, so that no 64-bit integers are needed. */
const TABLE_HIGH = new Int32Array(256);
const TABLE_LOW = new Int32Array(256);
for (let octet = 0; octet < 256; octet++) {
  let high = 0;
  let low = octet;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry === 1) {
      high ^= POLYNOMIAL_HIGH;
      low ^= POLYNOMIAL_LOW;
    }
  }
  TABLE_HIGH[octet] = high;
  TABLE_LOW[octet] = low;
}

/**
 * CRC-64 "Jones" as Redis and MultiTech's Dots use it: reflected, started at 0, not inverted at the end. Octets can be
 * added piece by piece. Check value: `123456789` gives e9c6d914c4b8d9ca.
 */
export class Crc64 {
  #high = 0;
  #low = 0;

  /** Continues over more octets. */
  add(octets: Uint8Array): this {
    let high = this.#high;
    let low = this.#low;
    for (let i = 0; i < octets.length; i++) {
      const index = (low ^ (octets[i] ?? 0)) & 255;
      low = ((low >>> 8) | (high << 24)) ^ (TABLE_LOW[index] ?? 0);
      high = (high >>> 8) ^ (TABLE_HIGH[index] ?? 0);
    }
    this.#high = high;
    this.#low = low;
    return this;
  }

  /** The remainder so far: eight octets, most significant first. */
  octets(): Uint8Array {
    const octets = new Uint8Array(8);
    const view = new DataView(octets.buffer);
    view.setInt32(0, this.#high);
    view.setInt32(4, this.#low);
    return octets;
  }
}

/** CRC-64 "Jones" of the octets: eight octets, most significant first. */
export function crc64(octets: Uint8Array): Uint8Array {
  return new Crc64().add(octets).octets();
}
