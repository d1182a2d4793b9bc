export { MemoryImageStore } from '../memory/memory-image-store.ts';
export { MemoryJobStore } from '../memory/memory-job-store.ts';
export { type DeviceLinkRig, deviceLinkSuite, type HeardPayload } from './device-link-suite.ts';
export { imageStoreSuite } from './image-store-suite.ts';
export { jobStoreSuite } from './job-store-suite.ts';
export {
  type AirFrame,
  type DeviceAir,
  type HeardGroup,
  MemoryLink,
  type Receiver,
  type SentDownlink,
} from './memory-link.ts';
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
