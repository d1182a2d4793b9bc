import type { StoredFile, UploadKind, UploadStore } from '@airlift/api';
import { CallerError, type Clock, type RealMs, realMs } from '@airlift/kernel';
import type { Kysely } from 'kysely';
import type { ImageFiles } from './image-files.ts';
import type { FileImageStore } from './image-store.ts';
import type { Tables } from './schema.ts';

/** Names of uploaded files; their content is kept by the image store. */
export class FileUploadStore implements UploadStore {
  readonly #db: Kysely<Tables>;
  readonly #files: ImageFiles;
  readonly #images: FileImageStore;
  readonly #clock: Clock<RealMs>;

  constructor(db: Kysely<Tables>, files: ImageFiles, images: FileImageStore, clock: Clock<RealMs>) {
    this.#db = db;
    this.#files = files;
    this.#images = images;
    this.#clock = clock;
  }

  async receive(
    kind: UploadKind,
    name: string,
    content: AsyncIterable<Uint8Array>,
    limitBytes: number,
  ): Promise<StoredFile> {
    const image = await this.#files.receive(content, limitBytes);
    if (image.sizeBytes === 0) {
      await this.#files.discard(image.temporaryPath);
      throw new CallerError('upload-empty', 'the file is empty');
    }
    const { sha256, sizeBytes } = image;
    return this.#images.publish(image, async (trx) => {
      const uploadedAt = this.#clock.now();
      const last = await trx
        .selectFrom('uploads')
        .select(({ fn }) => fn.max('position').as('position'))
        .executeTakeFirst();
      const data = { sha256, position: (last?.position ?? 0) + 1, uploaded_at: uploadedAt };
      await trx
        .insertInto('uploads')
        .values({ kind, name, ...data })
        .onConflict((conflict) => conflict.columns(['kind', 'name']).doUpdateSet(data))
        .execute();
      return { kind, name, sha256, sizeBytes, uploadedAt };
    });
  }

  async file(kind: UploadKind, name: string): Promise<StoredFile | undefined> {
    const row = await this.#rows(kind).where('name', '=', name).executeTakeFirst();
    return row && fileOf(row);
  }

  async latest(kind: UploadKind): Promise<StoredFile | undefined> {
    const row = await this.#rows(kind).orderBy('uploads.position', 'desc').limit(1).executeTakeFirst();
    return row && fileOf(row);
  }

  #rows(kind: UploadKind) {
    return this.#db
      .selectFrom('uploads')
      .innerJoin('images', 'images.sha256', 'uploads.sha256')
      .select(['uploads.kind', 'uploads.name', 'uploads.sha256', 'images.size_bytes', 'uploads.uploaded_at'])
      .where('kind', '=', kind);
  }
}

function fileOf(row: {
  readonly kind: string;
  readonly name: string;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly uploaded_at: number;
}): StoredFile {
  return {
    kind: row.kind as UploadKind,
    name: row.name,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    uploadedAt: realMs(row.uploaded_at),
  };
}
