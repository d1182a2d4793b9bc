export type { CampaignLog, CampaignLogEntry } from './campaign-log.ts';
export type { AskStep } from './device/device-event.ts';
export {
  type Between,
  type DeviceState,
  type Evidence,
  type Heard,
  isSettled,
  type JobDevice,
  type Question,
  type Receiving,
  type SettingUp,
  type SetupStep,
} from './device/device-state.ts';
export type { DeviceDirectory, DirectoryEntry } from './device-directory.ts';
export { CampaignEngine, type CampaignPorts, type JobOrder } from './engine/campaign-engine.ts';
export type { CampaignEvent, RecordedEvent } from './events.ts';
export {
  type Asking,
  type BlockFacts,
  type CountingHabits,
  type FileChecksums,
  type FileReport,
  type Finding,
  fileChecksums,
  type HeardAnswer,
  hasUnluckyRows,
  type ImpossibleBecause,
  judgeBlockReceived,
  judgeCrc64,
  judgeFileReport,
  judgeStatus,
  type NumberSpan,
  type Proof,
  type ReceptionBounds,
  readFileReport,
  type StatusAnswer,
} from './evidence/index.ts';
export type { JobControl, JobOutcome, JobState, RunningJob } from './job/job-state.ts';
export type { FotaPlan, JobPlan, MessagePlan, Pacing, RadioPlan, WavePlan } from './job-plan.ts';
export { type DeviceOutcome, type DeviceReport, type JobPhase, type JobReport, reportJob } from './job-views.ts';
export type { GatewayFate, WaitCause } from './link/device-link.ts';
export {
  type GivenUpBecause,
  isSilent,
  losesTooMuch,
  type NextStep,
  nextStep,
  nextWatch,
  type ParityCosts,
  type ParityDevice,
  type ParitySituation,
  silentAfter,
  type ToldLosses,
} from './parity/index.ts';
export { type FotaWish, type JobWish, type MessageWish, type PlanSettings, planJob } from './plan-job.ts';
export { type JobWarning, WARNINGS, type WarningCode, warningText } from './preview/job-warning.ts';
export { ASSUMED_LOSS, type JobPreview } from './preview/preview-job.ts';
export type { SessionPreview, Spread } from './preview/preview-session.ts';
export type { ProvisionedFirmware, Provisioning } from './provisioning.ts';
export { REASONS, type ReasonCode } from './reasons.ts';
export type { Carrier, ImageFormat, MessageFormat, SessionFormat } from './session/session-format.ts';
export type {
  Broadcasting,
  BroadcastPhase,
  GroupFrame,
  Progress,
  SessionBase,
  SessionPlan,
  SessionState,
} from './session/session-state.ts';
export type { ImageStore, JobChange, JobRecord, JobStore, LedgerFrame, LedgerTotals } from './stores.ts';
export { confirmsByCrc64, countingOf, type DeviceTraits, groupOn, groupsOf, isServed, portOf } from './traits.ts';
