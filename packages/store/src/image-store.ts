import type { ImageStore } from '@airlift/campaign';
import { BugError, type Clock, type RealMs } from '@airlift/kernel';
import type { Kysely, Transaction } from 'kysely';
import { FifoLock } from './fifo-lock.ts';
import { type ImageFiles, isSha256Text, type ReceivedImage, sha256Text } from './image-files.ts';
import type { Tables } from './schema.ts';
import { asStorageFull } from './storage-full.ts';

/** Immutable images on disk, named by their content, each with a row in the database. */
export class FileImageStore implements ImageStore {
  readonly #db: Kysely<Tables>;
  readonly #files: ImageFiles;
  readonly #clock: Clock<RealMs>;
  /** Two uploads of the same content must not clean up after each other. */
  readonly #publishing = new FifoLock();

  constructor(db: Kysely<Tables>, files: ImageFiles, clock: Clock<RealMs>) {
    this.#db = db;
    this.#files = files;
    this.#clock = clock;
  }

  async load(sha256: string): Promise<Uint8Array> {
    if (!isSha256Text(sha256)) throw new BugError(`${JSON.stringify(sha256)} is not the name of an image`);
    let octets: Uint8Array;
    try {
      octets = await this.#files.read(sha256);
    } catch (cause) {
      throw new BugError(`image ${sha256} is gone`, { cause });
    }
    if (sha256Text(octets) !== sha256) throw new BugError(`image ${sha256} was damaged on the disk`);
    return octets;
  }

  /** @throws CallerError `storage-full` */
  async keep(octets: Uint8Array): Promise<string> {
    const image = await this.#files.receive(once(octets.slice()), octets.length);
    await this.publish(image, async () => undefined);
    return image.sha256;
  }

  /**
   * Lets a received file appear under its final name, then runs `alsoStore` in a transaction. When anything fails,
   * nothing new stays.
   * @throws CallerError `storage-full`
   */
  async publish<T>(image: ReceivedImage, alsoStore: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#publishing.run(async () => {
      let isNew = false;
      try {
        // The row comes first: a garbage collection meanwhile sees that the image is wanted.
        isNew = await this.#saveRow(image);
        await this.#files.publish(image);
        return await this.#db.transaction().execute(alsoStore);
      } catch (error) {
        await this.#files.discard(image.temporaryPath);
        if (isNew) await this.#withdraw(image.sha256);
        throw asStorageFull(error);
      }
    });
  }

  /** True when the image was not there before. */
  async #saveRow({ sha256, sizeBytes }: ReceivedImage): Promise<boolean> {
    const kept_at = this.#clock.now();
    return this.#db.transaction().execute(async (trx) => {
      const before = await trx.updateTable('images').set({ kept_at }).where('sha256', '=', sha256).executeTakeFirst();
      if (before.numUpdatedRows === 1n) return false;
      await trx.insertInto('images').values({ sha256, size_bytes: sizeBytes, kept_at }).execute();
      return true;
    });
  }

  /** Takes back a new image; what cannot be removed on a full or broken disk is left to the garbage collection. */
  async #withdraw(sha256: string): Promise<void> {
    try {
      await this.#db.transaction().execute(async (trx) => {
        await trx.deleteFrom('images').where('sha256', '=', sha256).execute();
        await this.#files.remove(sha256);
      });
    } catch {
      // The caller gets the error that began it.
    }
  }
}

async function* once(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets;
}
