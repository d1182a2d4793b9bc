export { MemoryImageStore } from './memory-image-store.ts';
export { MemoryJobStore } from './memory-job-store.ts';
export { MemoryProvisioning } from './memory-provisioning.ts';
