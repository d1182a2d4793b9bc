import { createHash } from 'node:crypto';
import { CallerError, type Clock, concatOctets, type RealMs } from '@airlift/kernel';
import type { StoredFile, UploadKind, UploadStore } from '../src/ports.ts';

interface Kept {
  readonly file: StoredFile;
  readonly content: Uint8Array;
}

/** `UploadStore` in memory, for tests. `capacityBytes` bounds all contents together. */
export class MemoryUploads implements UploadStore {
  readonly #clock: Clock<RealMs>;
  readonly #capacityBytes: number;
  // Insertion order is upload order: a re-upload is deleted first.
  readonly #kept = new Map<string, Kept>();
  #open = 0;

  constructor(clock: Clock<RealMs>, capacityBytes: number = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#capacityBytes = capacityBytes;
  }

  async receive(
    kind: UploadKind,
    name: string,
    content: AsyncIterable<Uint8Array>,
    limitBytes: number,
  ): Promise<StoredFile> {
    this.#open += 1;
    try {
      const parts: Uint8Array[] = [];
      let sizeBytes = 0;
      for await (const part of content) {
        sizeBytes += part.length;
        if (sizeBytes > limitBytes) throw new CallerError('upload-too-large', 'File too large');
        if (sizeBytes + this.#usedBytes() > this.#capacityBytes) throw new CallerError('storage-full', 'Storage full');
        parts.push(Uint8Array.from(part));
      }
      if (sizeBytes === 0) throw new CallerError('upload-empty', 'File is empty');
      const whole = concatOctets(...parts);
      const sha256 = createHash('sha256').update(whole).digest('hex');
      const file: StoredFile = { kind, name, sha256, sizeBytes, uploadedAt: this.#clock.now() };
      this.#kept.delete(keyOf(kind, name));
      this.#kept.set(keyOf(kind, name), { file, content: whole });
      return file;
    } finally {
      this.#open -= 1;
    }
  }

  async file(kind: UploadKind, name: string): Promise<StoredFile | undefined> {
    return this.#kept.get(keyOf(kind, name))?.file;
  }

  async latest(kind: UploadKind): Promise<StoredFile | undefined> {
    return [...this.#kept.values()].filter(({ file }) => file.kind === kind).at(-1)?.file;
  }

  /** The octets of a file, or undefined. */
  content(kind: UploadKind, name: string): Uint8Array | undefined {
    return this.#kept.get(keyOf(kind, name))?.content;
  }

  /** Names of all files of both kinds, in upload order. */
  names(): string[] {
    return [...this.#kept.values()].map(({ file }) => file.name);
  }

  /** How many `receive` calls are under way. */
  openReceives(): number {
    return this.#open;
  }

  #usedBytes(): number {
    let used = 0;
    for (const { content } of this.#kept.values()) used += content.length;
    return used;
  }
}

function keyOf(kind: UploadKind, name: string): string {
  return `${kind}/${name}`;
}
