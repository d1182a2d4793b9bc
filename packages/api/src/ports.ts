import type {
  DeviceView,
  FrameEntry,
  GatewayView,
  JobOrder,
  JobProgress,
  JobRequest,
  JobResult,
  LogEntry,
  PlannedJob,
  Role,
  ScheduledJob,
  ServiceStatus,
  WhitelistDevice,
} from '@airlift/contract';
import type { Eui64, RealMs } from '@airlift/kernel';

export type {
  DeviceProgress,
  DeviceResult,
  DeviceStatus,
  DeviceView,
  GatewayView,
  JobProgress,
  JobResult,
  ScheduledJob,
} from '@airlift/contract';

/** What the API needs of the rest of the server. Each port is small, has an in-memory fake and a shared suite. */
export interface ApiPorts {
  readonly accounts: AccountStore;
  readonly uploads: UploadStore;
  readonly jobs: JobDesk;
  readonly whitelist: Whitelist;
  readonly fleetView: FleetView;
}

/** A person who may log in. `passwordHash` is the text made by `hashPassword`. */
export interface User {
  readonly name: string;
  readonly role: Role;
  readonly passwordHash: string;
}

/** A login that lasts until `expiresAt`; only the hash of its token is kept. What it may do, its user's role says. */
export interface LoginSession {
  readonly tokenHash: string;
  readonly userName: string;
  readonly address: string;
  readonly port: number;
  readonly createdAt: RealMs;
  readonly expiresAt: RealMs;
}

/** A session of a user who exists, with the role the user has now. */
export interface OpenSession extends LoginSession {
  readonly role: Role;
}

/** Who tries to log in from where, whether somebody has that name or not. */
export interface LoginSource {
  /** As `clientOf` names it. */
  readonly client: string;
  /** Names are kept as hashes: people type passwords there by mistake. */
  readonly nameHash: string;
}

/** Wrong passwords in a row from one source, shared by all replicas. */
export interface LoginFailures {
  readonly count: number;
  readonly lockedUntil: RealMs | undefined;
}

export interface AccountStore {
  /** True once a first administrator exists. */
  commissioned(): Promise<boolean>;
  /** Adds or replaces a user. */
  saveUser(user: User): Promise<void>;
  /** Adds the user only if there is none at all; false when somebody was first. */
  saveFirstUser(user: User): Promise<boolean>;
  user(name: string): Promise<User | undefined>;
  /** Removes a user with all sessions; unknown names are let pass. */
  removeUser(name: string): Promise<void>;
  saveSession(session: LoginSession): Promise<void>;
  /** Undefined also when there is no such user any more. */
  session(tokenHash: string): Promise<OpenSession | undefined>;
  extendSession(tokenHash: string, expiresAt: RealMs): Promise<void>;
  deleteSession(tokenHash: string): Promise<void>;
  deleteSessionsOf(userName: string): Promise<void>;
  /** Sessions whose user is gone are deleted too. */
  deleteExpiredSessions(now: RealMs): Promise<void>;
  failures(source: LoginSource): Promise<LoginFailures>;
  /** Keeps the failures of the `keep` sources that were saved last; a count of 0 is not kept. */
  saveFailures(source: LoginSource, failures: LoginFailures, keep: number): Promise<void>;
  /** Forgets the failures of a name, wherever they came from. */
  forgetFailures(nameHash: string): Promise<void>;
}

/** Firmware for `fota`, payloads for `mcm`: each kind has its own names. */
export type UploadKind = 'fota' | 'message';

export interface StoredFile {
  readonly kind: UploadKind;
  readonly name: string;
  /** SHA-256 of the content, lower-case hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly uploadedAt: RealMs;
}

export interface UploadStore {
  /**
   * Streams a file to disk and lets it appear under `name` (a safe basename already) only when complete and durable.
   * @throws CallerError `upload-empty` | `upload-too-large` | `storage-full`; nothing is left behind then
   */
  receive(kind: UploadKind, name: string, content: AsyncIterable<Uint8Array>, limitBytes: number): Promise<StoredFile>;
  file(kind: UploadKind, name: string): Promise<StoredFile | undefined>;
  /** The most recent upload of the kind. */
  latest(kind: UploadKind): Promise<StoredFile | undefined>;
}

export interface JobDesk {
  /**
   * Accepts a job durably and gives it its name.
   * @throws CallerError `fota-file-missing` | `message-file-missing` | `schedule-name-taken` | `payload-too-long`
   */
  schedule(request: JobRequest): Promise<ScheduledJob>;
  scheduled(): Promise<readonly ScheduledJob[]>;
  /** Cancels before the start. */
  cancel(filename: string): Promise<'cancelled' | 'unknown' | 'started'>;
  /** One job, or without a name the one `GET /api/lora/fotaprogress` speaks of (contract section 2.5). */
  progress(filename?: string): Promise<JobProgress | undefined>;
  /** All jobs that are not complete, plus the one `progress()` names. */
  operations(): Promise<readonly JobProgress[]>;
  /** Newest first, at most 1000. */
  results(): Promise<readonly JobResult[]>;
  deleteResult(filename: string): Promise<boolean>;
  /** What would become of a job if it were scheduled now; nothing is stored. @throws as `schedule` does */
  plan(request: JobRequest): Promise<PlannedJob>;
  /** Tells a job that is under way what to do; `meaningless` when it cannot do that now. */
  order(filename: string, order: JobOrder): Promise<'done' | 'unknown' | 'meaningless'>;
  /** Schedules a job for the devices of a complete one that failed, at once. @throws as `schedule` does */
  retry(filename: string): Promise<ScheduledJob | 'unknown' | 'meaningless'>;
  /** Entries of the job's log from that sequence number on, at most `limit`; undefined for an unknown job. */
  log(filename: string, from: number, limit: number): Promise<readonly LogEntry[] | undefined>;
  /** Frames from that place on (0 = the first), at most `limit`; undefined for an unknown job. */
  frames(filename: string, from: number, limit: number): Promise<readonly FrameEntry[] | undefined>;
}

export interface Whitelist {
  list(): Promise<readonly WhitelistDevice[]>;
  /** @throws CallerError `device-exists` */
  add(device: WhitelistDevice): Promise<void>;
  /** Changes the device of that EUI; false when there is none. */
  replace(device: WhitelistDevice): Promise<boolean>;
  remove(devEui: Eui64): Promise<boolean>;
  removeAll(): Promise<void>;
}

export interface FleetView {
  /** Process identifiers as `GET /api/lora/status` shows them; 0 = not running. */
  status(): Promise<ServiceStatus>;
  gateways(): Promise<readonly GatewayView[]>;
  devices(): Promise<readonly DeviceView[]>;
  /** Counters as `GET /api/lora/stats` shows them. */
  stats(): Promise<Readonly<Record<string, number>>>;
}
