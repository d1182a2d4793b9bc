import { contractError, type ErrorCode, safeBasename } from '@airlift/contract';
import type { CallerError } from '@airlift/kernel';
import type { StoredFile } from './ports.ts';

/** One part of a multipart form as the parser hands it out; a part must be read before the next is asked for. */
export type FormPart =
  | { readonly type: 'field' }
  | {
      readonly type: 'file';
      readonly fieldname: string;
      readonly filename: string | undefined;
      readonly file: AsyncIterable<Uint8Array>;
    };

interface FilePart {
  readonly rank: number;
  readonly filename: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Stores one file under a name. */
export type Receive = (name: string, content: AsyncIterable<Uint8Array>) => Promise<StoredFile>;

/** The content gives way to a better part, so what was received of it has to go. */
class Superseded extends Error {}

/**
 * Takes the file out of a form: the first part of the first preferred name that occurs, else the first part with a
 * file name. It counts as received only when the form has come to its proper end, so nothing is kept of a broken one.
 *
 * A part is streamed as it arrives, before it is known whether a better one follows; then the worse is thrown away.
 */
export class UploadForm {
  readonly #parts: AsyncIterator<FormPart>;
  readonly #preferredNames: readonly string[];
  readonly #ignorableBytes: number;
  readonly #onProgress: () => Promise<void>;
  #ignoredBytes = 0;
  // Why the form cannot be taken; a store may wrap what it catches, so it is remembered here.
  #refusal: CallerError | undefined;

  constructor(options: {
    readonly parts: AsyncIterator<FormPart>;
    readonly preferredNames: readonly string[];
    /** How much may arrive in parts that are not wanted. */
    readonly ignorableBytes: number;
    /** Called with every piece that arrives. */
    readonly onProgress: () => Promise<void>;
  }) {
    this.#parts = options.parts;
    this.#preferredNames = options.preferredNames;
    this.#ignorableBytes = options.ignorableBytes;
    this.#onProgress = options.onProgress;
  }

  /**
   * @throws CallerError `upload-part-missing` | `upload-name-invalid` | `upload-malformed` | `upload-too-many-parts` |
   *   `upload-too-large`, and what `receive` throws
   */
  async receive(receive: Receive): Promise<StoredFile> {
    let part = await this.#next(Number.POSITIVE_INFINITY);
    if (part === undefined) throw contractError('upload-part-missing');
    for (;;) {
      const outcome = await this.#receivePart(part, receive);
      if (outcome.stored !== undefined) return outcome.stored;
      part = outcome.better;
    }
  }

  async #receivePart(
    part: FilePart,
    receive: Receive,
  ): Promise<{ stored: StoredFile } | { stored?: undefined; better: FilePart }> {
    const found: { better?: FilePart } = {};
    const name = safeBasename(part.filename);
    const content = this.#contentOf(part, (better) => {
      found.better = better;
    });
    try {
      return { stored: await receive(name, content) };
    } catch (error) {
      if (found.better !== undefined) return { better: found.better };
      throw this.#refusal ?? error;
    }
  }

  async *#contentOf(part: FilePart, onBetter: (better: FilePart) => void): AsyncGenerator<Uint8Array> {
    yield* this.#read(part.content);
    const better = await this.#next(part.rank);
    if (better === undefined) return;
    onBetter(better);
    throw new Superseded('a part of a preferred name follows');
  }

  /** The next file part of a rank better than the given; whatever else comes is read and dropped. */
  async #next(worseThan: number): Promise<FilePart | undefined> {
    for (;;) {
      const part = await this.#pull();
      if (part === undefined) return undefined;
      if (part.type === 'field') continue;
      const rank = this.#rankOf(part.fieldname);
      if (rank < worseThan && part.filename !== undefined && part.filename !== '') {
        return { rank, filename: part.filename, content: part.file };
      }
      for await (const piece of this.#read(part.file)) {
        this.#ignoredBytes += piece.length;
        if (this.#ignoredBytes > this.#ignorableBytes) throw this.#refuse('upload-too-large');
      }
    }
  }

  async #pull(): Promise<FormPart | undefined> {
    try {
      const step = await this.#parts.next();
      return step.done === true ? undefined : step.value;
    } catch (error) {
      throw this.#formError(error);
    }
  }

  async *#read(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const pieces = content[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await this.#piece(pieces);
        if (step.done === true) return;
        await this.#onProgress();
        yield step.value;
      }
    } finally {
      await pieces.return?.();
    }
  }

  async #piece(pieces: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    try {
      return await pieces.next();
    } catch (error) {
      throw this.#formError(error);
    }
  }

  #formError(error: unknown): CallerError {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const tooMany = typeof code === 'string' && /^FST_(PARTS|FILES|FIELDS)_LIMIT$/.test(code);
    return this.#refuse(tooMany ? 'upload-too-many-parts' : 'upload-malformed');
  }

  #refuse(code: ErrorCode): CallerError {
    this.#refusal ??= contractError(code);
    return this.#refusal;
  }

  #rankOf(fieldName: string): number {
    const index = this.#preferredNames.indexOf(fieldName);
    return index < 0 ? this.#preferredNames.length : index;
  }
}
