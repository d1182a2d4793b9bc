export { MemoryImageStore } from '../memory/memory-image-store.ts';
export { MemoryJobStore } from '../memory/memory-job-store.ts';
export { MemoryProvisioning } from '../memory/memory-provisioning.ts';
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
export { provisioningSuite } from './provisioning-suite.ts';
export { SAMPLE_AT } from './sample-at.ts';
export { SAMPLE_EVENTS, SAMPLE_FATES, sampleEvents } from './sample-events.ts';
export {
  SAMPLE_PLANS,
  sampleEui,
  sampleFotaPlan,
  sampleFrame,
  sampleJob,
  sampleMessagePlan,
} from './sample-jobs.ts';
export {
  SAMPLE_DEVICE_STATES,
  SAMPLE_FINDINGS,
  SAMPLE_FORMATS,
  SAMPLE_JOB_STATES,
  SAMPLE_PHASES,
  SAMPLE_SESSION,
  SAMPLE_SESSION_STATES,
  sampleImageFormat,
  sampleSessionBase,
} from './sample-states.ts';
