const BUFFER_OCTETS = 255;

/**
 * The receive buffer of a stack: a short frame leaves the end of an earlier one in it. Payloads are never written to, so
 * that they need not be copied until somebody looks.
 */
export class ReceiveBuffer {
  /** Each is shorter than the one before it, which shows behind its end. */
  readonly #payloads: Uint8Array[] = [];

  /** A payload arrives; it is kept. */
  take(payload: Uint8Array): void {
    const payloads = this.#payloads;
    while (payloads.length > 0 && (payloads[payloads.length - 1]?.length ?? 0) <= payload.length) payloads.pop();
    payloads.push(payload);
  }

  /** What lies in the buffer; octets that never came are zero. */
  octets(): Uint8Array {
    const octets = new Uint8Array(BUFFER_OCTETS);
    for (const payload of this.#payloads) octets.set(payload);
    return octets;
  }
}
