/**
 * A bounded map for what anyone can invent the keys of. Keys are strangers until they are trusted; when one too many is
 * added, the stranger that was touched longest ago is forgotten, and a trusted key only when there is no stranger. So a
 * flood of inventions cannot push out those who have proved themselves. All calls take constant time.
 */
export class TrustTable<Key, Value> {
  readonly #most: number;
  /** Touched longest ago first. */
  readonly #strangers = new Map<Key, Value>();
  readonly #trusted = new Map<Key, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#strangers.size + this.#trusted.size;
  }

  get(key: Key): Value | undefined {
    return this.#trusted.get(key) ?? this.#strangers.get(key);
  }

  isTrusted(key: Key): boolean {
    return this.#trusted.has(key);
  }

  /** Adds a stranger, for which another may have to go. */
  add(key: Key, value: Value): void {
    this.delete(key);
    if (this.size >= this.#most) this.#forgetOne();
    this.#strangers.set(key, value);
  }

  /** Counts the key as used now. */
  touch(key: Key): void {
    for (const map of [this.#trusted, this.#strangers]) {
      const value = map.get(key);
      if (value === undefined) continue;
      map.delete(key);
      map.set(key, value);
    }
  }

  /** The key has proved itself, and is used now. */
  trust(key: Key): void {
    const value = this.get(key);
    if (value === undefined) return;
    this.delete(key);
    this.#trusted.set(key, value);
  }

  delete(key: Key): void {
    this.#strangers.delete(key);
    this.#trusted.delete(key);
  }

  clear(): void {
    this.#strangers.clear();
    this.#trusted.clear();
  }

  *values(): IterableIterator<Value> {
    yield* this.#trusted.values();
    yield* this.#strangers.values();
  }

  #forgetOne(): void {
    const map = this.#strangers.size > 0 ? this.#strangers : this.#trusted;
    for (const stalest of map.keys()) {
      map.delete(stalest);
      return;
    }
  }
}
