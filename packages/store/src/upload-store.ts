import type { StoredFile, UploadKind, UploadStore } from '@airlift/api';
import { CallerError, type Clock, type RealMs, realMs } from '@airlift/kernel';
import type { Kysely, Selectable } from 'kysely';
import type { DamagedRecords } from './damaged-records.ts';
import type { ImageFiles } from './image-files.ts';
import type { FileImageStore } from './image-store.ts';
import { count, requireShape, shape } from './record-shape.ts';
import { UPLOAD_ROW } from './row-shapes.ts';
import type { Tables, UploadsTable } from './schema.ts';

/** Newest uploads that are looked through for one that can be read. */
const MOST_NEWEST = 20;

const SIZE = shape({ size_bytes: count });

interface UploadRow {
  readonly upload: Selectable<UploadsTable>;
  readonly size_bytes: number;
}

/** Names of uploaded files; their content is kept by the image store. */
export class FileUploadStore implements UploadStore {
  readonly #db: Kysely<Tables>;
  readonly #files: ImageFiles;
  readonly #images: FileImageStore;
  readonly #clock: Clock<RealMs>;
  readonly #damaged: DamagedRecords;

  constructor(
    db: Kysely<Tables>,
    files: ImageFiles,
    images: FileImageStore,
    clock: Clock<RealMs>,
    damaged: DamagedRecords,
  ) {
    this.#damaged = damaged;
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
    return (await this.#readable(await this.#query(kind).where('name', '=', name).execute()))[0];
  }

  async latest(kind: UploadKind): Promise<StoredFile | undefined> {
    const rows = await this.#query(kind).orderBy('uploads.position', 'desc').limit(MOST_NEWEST).execute();
    return (await this.#readable(rows))[0];
  }

  #query(kind: UploadKind) {
    return this.#db
      .selectFrom('uploads')
      .innerJoin('images', 'images.sha256', 'uploads.sha256')
      .selectAll('uploads')
      .select('images.size_bytes')
      .where('kind', '=', kind);
  }

  async #readable(
    rows: readonly (Selectable<UploadsTable> & { readonly size_bytes: number })[],
  ): Promise<StoredFile[]> {
    const found = rows.map(({ size_bytes, ...upload }): UploadRow => ({ upload, size_bytes }));
    return this.#damaged.sift('uploads', found, fileOf, { rowOf: ({ upload }) => ({ ...upload }) });
  }
}

/** @throws DamagedRecord */
function fileOf({ upload, size_bytes }: UploadRow): StoredFile {
  requireShape(UPLOAD_ROW, upload);
  requireShape(SIZE, { size_bytes });
  return {
    kind: upload.kind as UploadKind,
    name: upload.name,
    sha256: upload.sha256,
    sizeBytes: size_bytes,
    uploadedAt: realMs(upload.uploaded_at),
  };
}
