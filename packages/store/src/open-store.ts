import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccountStore, UploadStore } from '@airlift/api';
import type { ImageStore, JobStore } from '@airlift/campaign';
import type { Clock, Entropy, UtcMs } from '@airlift/kernel';
import type { NetworkStore } from '@airlift/network';
import { SqlAccountStore } from './account-store.ts';
import { collectGarbage } from './collect-garbage.ts';
import { type FilePort, nodeFiles } from './file-port.ts';
import { ImageFiles } from './image-files.ts';
import { FileImageStore } from './image-store.ts';
import { SqlJobStore } from './job-store.ts';
import { openVault } from './master-key.ts';
import { type MetaStore, SqlMetaStore } from './meta-store.ts';
import { SqlNetworkStore } from './network-store.ts';
import { openDatabase } from './open-database.ts';
import type { StoreLog } from './store-log.ts';
import { FileUploadStore } from './upload-store.ts';

export interface StoreOptions {
  /** Folder of everything that is kept; made when it is not there, for its owner alone. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The database; `airlift.db` in the data folder unless given. `:memory:` keeps it nowhere. */
  readonly path?: string;
  /** 32 octets that seal the keys; the file `secret.key` in the data folder unless given. */
  readonly masterKey?: Uint8Array;
  /** File system of the images; the machine's own unless given. */
  readonly files?: FilePort;
  /** Hears of what people who look after the data should know. */
  readonly log?: StoreLog;
}

/** Every store of one data folder. */
export interface Store {
  readonly network: NetworkStore;
  readonly jobs: JobStore;
  readonly images: ImageStore;
  readonly uploads: UploadStore;
  readonly accounts: AccountStore;
  readonly meta: MetaStore;
  /** Removes uploads and images that are no longer wanted; see `collectGarbage`. Returns how many files went. */
  collectGarbage(now: UtcMs): Promise<number>;
  /** Waits for what is under way and closes the database. Nothing can be used afterwards. */
  close(): Promise<void>;
}

/**
 * Opens the stores of a data folder: brings the database up to date, checks the master key, removes what a crash left.
 * Several processes may have the same folder open.
 * @throws CallerError `master-key-missing` | `master-key-invalid` | `master-key-wrong` | `database-newer`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, clock, entropy, masterKey } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const db = await openDatabase(options.path ?? join(dataDir, 'airlift.db'), options.log);
  try {
    const vault = await openVault({ db, dataDir, entropy, masterKey });
    const files = new ImageFiles(join(dataDir, 'images'), options.files ?? nodeFiles, entropy);
    await files.prepare();
    const images = new FileImageStore(db, files, clock);
    return {
      network: new SqlNetworkStore(db, vault),
      jobs: new SqlJobStore(db, vault),
      images,
      uploads: new FileUploadStore(db, files, images, clock),
      accounts: new SqlAccountStore(db),
      meta: new SqlMetaStore(db),
      collectGarbage: (now) => collectGarbage(db, files, now),
      close: () => db.destroy(),
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
