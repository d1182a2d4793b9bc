export { MemoryImageStore } from '../memory/memory-image-store.ts';
export { MemoryJobStore } from '../memory/memory-job-store.ts';
export { imageStoreSuite } from './image-store-suite.ts';
export { jobStoreSuite } from './job-store-suite.ts';
export {
  SAMPLE_AT,
  SAMPLE_DEVICE_STATES,
  SAMPLE_JOB_STATES,
  SAMPLE_SESSION,
  sampleEui,
  sampleFotaPlan,
  sampleFrame,
  sampleJob,
  sampleMessagePlan,
} from './sample-jobs.ts';
