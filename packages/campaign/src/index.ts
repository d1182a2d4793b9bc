export { CampaignEngine, type CampaignPorts } from './campaign-engine.ts';
export type { CampaignLog, CampaignLogEntry } from './campaign-log.ts';
export type { DeviceDirectory, DirectoryEntry } from './device-directory.ts';
export type {
  DeviceLink,
  GroupSpec,
  JoinedEvent,
  LinkEvent,
  LinkFacts,
  TicketEvent,
  TicketFate,
  TicketId,
  UnicastDownlink,
  UplinkEvent,
} from './device-link.ts';

export {
  type DeviceState,
  type Evidence,
  type Holding,
  isSettled,
  type Reception,
  type SetupStep,
} from './device-state.ts';

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

export type { FotaPlan, JobPlan, MessagePlan, Pacing, RadioPlan } from './job-plan.ts';
export type { BroadcastPhase, GroupFrame, JobState, SessionPlan } from './job-state.ts';
export type { DeviceOutcome, JobPhase } from './job-views.ts';
export { type DeviceReport, type JobReport, reportJob } from './job-views.ts';
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
export { REASONS, type ReasonCode } from './reasons.ts';
export type {
  ImageStore,
  JobChange,
  JobDevice,
  JobRecord,
  JobStore,
  LedgerFrame,
  LedgerTotals,
} from './stores.ts';
export { broadcastKey, type DeviceTraits, isServed, traitsOf } from './traits.ts';
