export { claimDataDir } from './claim-data-dir.ts';
export { UNNAMED_IMAGE_TTL_MS, UPLOAD_TTL_MS } from './collect-garbage.ts';
export { asOpeningFailure } from './database-failure.ts';
export { type FilePort, nodeFiles, type WritableFile } from './file-port.ts';
export type { MetaStore } from './meta-store.ts';
export { openStore, type Store, type StoreOptions } from './open-store.ts';
export type { StoreLog, StoreLogEntry } from './store-log.ts';
export { MASTER_KEY_OCTETS, Vault } from './vault.ts';
