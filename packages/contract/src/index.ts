export {
  type Credentials,
  checkNewPassword,
  checkUserName,
  parseCommissioningBody,
  parseLoginBody,
} from './account-bodies.ts';
export {
  type CommissioningJson,
  type LoginJson,
  loginShape,
  type PolicyJson,
  type SessionJson,
  type SessionView,
  sessionShape,
  type WhoamiJson,
  whoamiShape,
} from './account-shapes.ts';
export {
  ACKNOWLEDGEMENT,
  type Acknowledgement,
  type Failure,
  failure,
  JOB_ACCEPTED,
  type Success,
  success,
} from './envelope.ts';
export {
  contractError,
  ERROR_TABLE,
  type ErrorCode,
  type ErrorEntry,
  errorText,
  isErrorCode,
} from './error-table.ts';
export { errorTableMarkdown } from './error-table-markdown.ts';
export {
  type DeviceJson,
  deviceShape,
  type GatewayJson,
  gatewayShape,
  type ServiceStatusJson,
  statusShape,
  type WhitelistDeviceJson,
  whitelistDeviceShape,
} from './fleet-shapes.ts';
export type { DeviceView, GatewayView, ServiceStatus } from './fleet-view.ts';
export { FOTA_BODY, parseFotaBody } from './fota-body.ts';
export { DEFAULT_JOB_LIMITS, type JobLimits } from './job-body.ts';
export type {
  FrameEntry,
  JobOrder,
  LogEntry,
  PlannedJob,
  PlannedRemark,
  PlannedSession,
  PlannedSpan,
} from './job-control.ts';
export {
  FRAMES_HEAD,
  frameLines,
  type LogEntryJson,
  type LogJson,
  logShape,
  type PlannedJobJson,
  type PlannedRemarkJson,
  type PlannedSessionJson,
  type PlannedSpanJson,
  plannedJobShape,
} from './job-control-shapes.ts';
export type { FotaRequest, JobRequest, MessageRequest, RequestedPacing, Role, WhitelistDevice } from './job-request.ts';
export {
  type DeviceProgressJson,
  type DeviceResultJson,
  type FrameTallyJson,
  type JobResultJson,
  type OperationProgressJson,
  type ProgressJson,
  progressShape,
  type ResultsJson,
  resultsShape,
  type ScheduledJobJson,
  type ScheduleJson,
  scheduleShape,
} from './job-shapes.ts';
export type {
  DeviceProgress,
  DeviceResult,
  DeviceStatus,
  FrameTally,
  JobPhase,
  JobProgress,
  JobResult,
  Reason,
  ScheduledJob,
  TransmissionType,
  Verification,
} from './job-view.ts';
export { LONGEST_MESSAGE_OCTETS, MESSAGE_BODY, parseMessageBody } from './message-body.ts';
export {
  type Access,
  atLeast,
  type Method,
  mayCall,
  methodsOf,
  OPERATIONS,
  type Operation,
  type OperationName,
} from './operations.ts';
export { type Page, pageOf, parsePage } from './page-query.ts';
export { FILE_NAME_LIMIT_OCTETS, isSafeName, isScheduleName, safeBasename } from './safe-name.ts';
export { parseWhitelistDevice } from './whitelist-body.ts';
