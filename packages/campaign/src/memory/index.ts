export { MemoryImageStore } from './memory-image-store.ts';
export { MemoryJobStore } from './memory-job-store.ts';
