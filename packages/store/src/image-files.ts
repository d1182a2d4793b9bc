import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { CallerError, type Entropy, toHex } from '@airlift/kernel';
import type { FilePort, WritableFile } from './file-port.ts';
import { asStorageFull } from './storage-full.ts';

/** A complete file that is on the disk but does not have its final name yet. */
export interface ReceivedImage {
  readonly temporaryPath: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

const SHA256_NAME = /^[0-9a-f]{64}$/;

/**
 * The folder of images. A finished image is `<sha256>`; one that is being received is in `incoming`, in the same file
 * system, named after the process that receives it.
 */
export class ImageFiles {
  readonly #folder: string;
  readonly #incoming: string;
  readonly #files: FilePort;
  readonly #entropy: Entropy;

  constructor(folder: string, files: FilePort, entropy: Entropy) {
    this.#folder = folder;
    this.#incoming = join(folder, 'incoming');
    this.#files = files;
    this.#entropy = entropy;
  }

  /** Makes the folders and removes what processes that are gone had begun to receive. */
  async prepare(): Promise<void> {
    await this.#files.makeDirectory(this.#incoming);
    await this.#files.syncDirectory(this.#folder);
    await this.#files.syncDirectory(dirname(this.#folder));
    for (const name of await this.#files.files(this.#incoming)) {
      if (!isOfAnotherProcess(name)) await this.#files.remove(join(this.#incoming, name));
    }
  }

  /**
   * Writes octets as they come to a temporary file and flushes it. Nothing is left of it when this throws.
   * @throws CallerError `upload-too-large` as soon as more than `limitBytes` have come, `storage-full`
   */
  async receive(content: AsyncIterable<Uint8Array>, limitBytes: number): Promise<ReceivedImage> {
    const temporaryPath = join(this.#incoming, `${process.pid}-${toHex(this.#entropy.octets(8))}`);
    try {
      const file = await this.#files.create(temporaryPath);
      return { temporaryPath, ...(await fill(file, content, limitBytes)) };
    } catch (error) {
      await this.discard(temporaryPath);
      throw asStorageFull(error);
    }
  }

  /** Gives a received file its final name, durably. */
  async publish(image: ReceivedImage): Promise<void> {
    await this.#files.rename(image.temporaryPath, join(this.#folder, image.sha256));
    await this.#files.syncDirectory(this.#folder);
  }

  /** Removes a temporary file, if it is there. */
  async discard(temporaryPath: string): Promise<void> {
    await this.#files.remove(temporaryPath);
  }

  /** The octets under the name, unchecked. */
  async read(sha256: string): Promise<Uint8Array> {
    return this.#files.read(join(this.#folder, sha256));
  }

  /** Removes a finished image, if it is there. */
  async remove(sha256: string): Promise<void> {
    await this.#files.remove(join(this.#folder, sha256));
  }

  /** The names of all finished images. */
  async finished(): Promise<readonly string[]> {
    return (await this.#files.files(this.#folder)).filter(isSha256Text);
  }
}

/** Whether the text can be the name of an image. */
export function isSha256Text(text: string): boolean {
  return SHA256_NAME.test(text);
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256Text(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

async function fill(
  file: WritableFile,
  content: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    for await (const octets of content) {
      sizeBytes += octets.length;
      if (sizeBytes > limitBytes) throw new CallerError('upload-too-large', `more than ${limitBytes} octets`);
      hash.update(octets);
      await file.write(octets);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

/** Whether a process that runs, and is not this one, has the number in front of the name. */
function isOfAnotherProcess(name: string): boolean {
  const pid = Number(name.split('-')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
