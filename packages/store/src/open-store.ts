import { mkdir } from 'node:fs/promises';
import type { AccountStore, UploadStore } from '@airlift/api';
import type { ImageStore, JobStore, Provisioning } from '@airlift/campaign';
import type { Clock, Entropy, RealMs } from '@airlift/kernel';
import type { NetworkStore } from '@airlift/network';
import type { Kysely } from 'kysely';
import { SqlAccountStore } from './account-store.ts';
import { checkpoint, finalCheckpoint } from './checkpoint.ts';
import { collectGarbage } from './collect-garbage.ts';
import { DamagedRecords } from './damaged-records.ts';
import { dataPath } from './data-files.ts';
import { asOpeningFailure } from './database-failure.ts';
import { type FilePort, nodeFiles } from './file-port.ts';
import { ImageFiles } from './image-files.ts';
import { FileImageStore } from './image-store.ts';
import { SqlJobStore } from './job-store.ts';
import { hasMasterKey, requireDatabaseFile } from './lost-database.ts';
import { openVault } from './master-key.ts';
import { type MetaStore, SqlMetaStore } from './meta-store.ts';
import { SqlNetworkStore } from './network-store.ts';
import { openDatabase } from './open-database.ts';
import { SqlProvisioning } from './provisioning-store.ts';
import type { Tables } from './schema.ts';
import type { StoreLog } from './store-log.ts';
import { tightenPermissions } from './tighten-permissions.ts';
import { UnclosedMark } from './unclosed-mark.ts';
import { FileUploadStore } from './upload-store.ts';

export interface StoreOptions {
  /** Folder of everything that is kept; made when it is not there, for its owner alone. */
  readonly dataDir: string;
  readonly clock: Clock<RealMs>;
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
  readonly provisioning: Provisioning;
  readonly jobs: JobStore;
  readonly images: ImageStore;
  readonly uploads: UploadStore;
  readonly accounts: AccountStore;
  readonly meta: MetaStore;
  /** Removes uploads and images that are no longer wanted; see `collectGarbage`. Returns how many files went. */
  collectGarbage(now: RealMs): Promise<number>;
  /**
   * Moves what can be moved into the database file, so that little depends on the write-ahead log beside it.
   * @throws CallerError `storage-full`
   */
  checkpoint(): Promise<void>;
  /** Waits for what is under way and closes the database. Nothing can be used afterwards. */
  close(): Promise<void>;
}

/**
 * Opens the stores of a data folder: brings the database up to date, checks the master key, removes what a crash left,
 * and takes the folder from all but its owner. Several processes may have the same folder open.
 * @throws CallerError `master-key-missing` | `master-key-invalid` | `master-key-wrong` | `database-newer` |
 *   `database-missing` | `database-incomplete` | `database-damaged` | `database-unusable`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, log = () => undefined } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await tightenPermissions(dataDir, log);
  const path = options.path ?? dataPath(dataDir, 'database');
  const mark = options.path === undefined ? new UnclosedMark(dataDir) : undefined;
  const isInstalled = mark !== undefined && hasMasterKey(dataDir);
  if (isInstalled) requireDatabaseFile(dataDir);
  mark?.requireLog();
  let db: Kysely<Tables> | undefined;
  try {
    db = await openDatabase(path, { log, clock: options.clock, mayBeNew: !isInstalled });
    await mark?.set();
    return await storeOn(db, mark, { ...options, log });
  } catch (error) {
    if (db !== undefined) await close(db, mark);
    throw asOpeningFailure(error, path);
  }
}

async function storeOn(
  db: Kysely<Tables>,
  mark: UnclosedMark | undefined,
  { dataDir, clock, entropy, masterKey, log, files: port = nodeFiles }: StoreOptions & { readonly log: StoreLog },
): Promise<Store> {
  const damaged = new DamagedRecords(db, clock, log);
  const vault = await openVault({ db, dataDir, entropy, masterKey, damaged });
  const files = new ImageFiles(dataPath(dataDir, 'images'), port, entropy);
  await files.prepare();
  const images = new FileImageStore(db, files, clock);
  return {
    network: new SqlNetworkStore(db, vault, damaged),
    provisioning: new SqlProvisioning(db, vault, damaged),
    jobs: new SqlJobStore(db, vault, damaged, clock),
    images,
    uploads: new FileUploadStore(db, files, images, clock, damaged),
    accounts: new SqlAccountStore(db, damaged),
    meta: new SqlMetaStore(db),
    collectGarbage: (now) => collectGarbage(db, files, now),
    checkpoint: () => checkpoint(db),
    close: () => close(db, mark),
  };
}

/** What cannot be moved, because the disk is full or the folder gone, stays in the write-ahead log, and so does its mark. */
async function close(db: Kysely<Tables>, mark: UnclosedMark | undefined): Promise<void> {
  try {
    if (await finalCheckpoint(db)) await mark?.clear();
  } catch {
    // The next start takes up the log.
  } finally {
    await db.destroy();
    await mark?.clearWithoutLog();
  }
}
