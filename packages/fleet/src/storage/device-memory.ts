/** A fragment as it was heard. */
export interface StoredFragment {
  readonly n: number;
  readonly octets: Uint8Array;
}

/**
 * The non-volatile memory of one device: a small record that is replaced as a whole, and the fragments of the current
 * block, to which each new one is only appended.
 */
export interface DeviceMemory {
  /** The record last saved; undefined when there is none or it cannot be read. */
  load(): unknown;
  /** Replaces the record; `state` must survive JSON. */
  save(state: unknown): void;
  /** Forgets all fragments. */
  clearFragments(): void;
  appendFragment(n: number, octets: Uint8Array): void;
  /** In the order in which they were appended. */
  fragments(): readonly StoredFragment[];
}

/** Memory that lasts as long as the object: a reset of the device does not clear it. */
export class VolatileMemory implements DeviceMemory {
  #state: string | undefined;
  #fragments: StoredFragment[] = [];

  load(): unknown {
    return this.#state === undefined ? undefined : JSON.parse(this.#state);
  }

  save(state: unknown): void {
    this.#state = JSON.stringify(state);
  }

  clearFragments(): void {
    this.#fragments = [];
  }

  appendFragment(n: number, octets: Uint8Array): void {
    this.#fragments.push({ n, octets: Uint8Array.from(octets) });
  }

  fragments(): readonly StoredFragment[] {
    return this.#fragments;
  }
}
