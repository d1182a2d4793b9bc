export { type AccountStoreHarness, accountStoreSuite } from './account-store-suite.ts';
export { MemoryAccounts } from './memory-accounts.ts';
export { MemoryFleetView } from './memory-fleet-view.ts';
export { MemoryJobs } from './memory-jobs.ts';
export { type MemoryPorts, memoryPorts } from './memory-ports.ts';
export { MemoryUploads } from './memory-uploads.ts';
export { MemoryWhitelist } from './memory-whitelist.ts';
export { type UploadStoreHarness, uploadStoreSuite } from './upload-store-suite.ts';
export { type WhitelistHarness, whitelistSuite } from './whitelist-suite.ts';
