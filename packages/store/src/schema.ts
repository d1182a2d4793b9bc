/**
 * The tables as Kysely sees them. Only what SQLite and PostgreSQL both have is used: text, integers, double precision,
 * and 0 or 1 for truth. Instants are doubles because the instants of a scaled or drifting clock need not be whole;
 * a double keeps every millisecond and comes back as a number from both databases. Lists and machine states are JSON
 * text. Columns that end in `_sealed` hold text made by the `Vault`.
 */
export interface Tables {
  readonly meta: MetaTable;
  readonly vault: VaultTable;
  readonly devices: DevicesTable;
  readonly used_dev_nonces: UsedDevNoncesTable;
  readonly device_sessions: DeviceSessionsTable;
  readonly mc_groups: McGroupsTable;
  readonly used_mc_addrs: UsedMcAddrsTable;
  readonly device_firmware: DeviceFirmwareTable;
  readonly jobs: JobsTable;
  readonly job_plans: JobPlansTable;
  readonly job_sessions: JobSessionsTable;
  readonly job_devices: JobDevicesTable;
  readonly job_frames: JobFramesTable;
  readonly job_events: JobEventsTable;
  readonly images: ImagesTable;
  readonly uploads: UploadsTable;
  readonly users: UsersTable;
  readonly login_sessions: LoginSessionsTable;
  readonly login_failures: LoginFailuresTable;
  readonly damaged_records: DamagedRecordsTable;
}

/** Small settings of the server. */
interface MetaTable {
  key: string;
  value: string;
}

/** One row that proves that the master key is the right one. */
interface VaultTable {
  name: string;
  check_sealed: string;
}

export interface DevicesTable {
  dev_eui: string;
  /** Grows with every device added. */
  position: number;
  name: string;
  join_eui: string;
  app_key_sealed: string;
  device_class: string;
  device_profile_id: string | null;
  network_profile_id: string | null;
  created_at: number;
  last_dev_nonce: number | null;
  last_join_nonce: number | null;
  join_count: number;
}

interface UsedDevNoncesTable {
  dev_eui: string;
  dev_nonce: number;
}

export interface DeviceSessionsTable {
  dev_eui: string;
  dev_addr: number;
  nwk_s_key_sealed: string;
  app_s_key_sealed: string;
  join_nonce: number;
  dev_nonce: number;
  joined_at: number;
  /** 0 or 1 */
  confirmed: number;
  last_f_cnt_up: number | null;
  /** The first downlink counter that was not reserved yet. */
  next_f_cnt_down: number;
  rx_delay_s: number;
  rx1_dr_offset: number;
  rx2_data_rate: number;
  rx2_frequency_hz: number;
  /** JSON of `LastUplink` */
  last_uplink: string | null;
}

export interface McGroupsTable {
  group_id: string;
  mc_addr: number;
  /** The keys of a closed group are erased; its row stays so that its counters are not used again. */
  mc_nwk_s_key_sealed: string | null;
  mc_app_s_key_sealed: string | null;
  frequency_hz: number;
  data_rate: number;
  /** JSON list */
  gateway_euis: string;
  first_f_cnt: number;
  /** The first counter that was not reserved yet. */
  next_f_cnt: number;
  created_at: number;
  /** 0 or 1 */
  open: number;
}

/** Every address that ever belonged to a group. */
interface UsedMcAddrsTable {
  mc_addr: number;
  /** No group ever used this counter or a higher one with the address. */
  next_f_cnt: number;
  /** From then on the address may be given out again. */
  free_from: number;
}

/** What campaigns know of a device, whether the network knows the device or not. */
export interface DeviceFirmwareTable {
  dev_eui: string;
  /** 0 or 1; 0 = the row is there for its counter only */
  provisioned: number;
  gen_app_key_sealed: string | null;
  fuota_profile: string | null;
  /** The first SessionCnt that was not reserved yet. */
  next_session_cnt: number;
}

export interface JobsTable {
  job_id: string;
  filename: string;
  /** Grows with every job inserted. */
  position: number;
  /** Grows by one with every step that is stored. */
  version: number;
  /** The kind of the `JobState`. */
  phase: string;
  created_at: number;
  /** When the job was complete or cancelled. */
  ended_at: number | null;
  /** Real instant from which the job needs its image no longer; null while it runs. */
  released_at: number | null;
  image_sha256: string;
  /** Totals of the ledger, which outlive its frames. */
  plain_frames: number;
  parity_frames: number;
  status_frames: number;
  message_frames: number;
  airtime_ms: number;
  first_frame_at: number | null;
  last_frame_at: number | null;
  /** Sequence number of the last event; 0 = none yet. */
  last_event: number;
  /** JSON of `JobState` */
  state: string;
}

/** Apart from the job, whose row is written with every frame: a plan names thousands of devices. */
export interface JobPlansTable {
  job_id: string;
  /** JSON of `JobPlan` */
  plan: string;
}

export interface JobSessionsTable {
  job_id: string;
  number: number;
  /** JSON of `SessionState`, its multicast key sealed */
  state: string;
}

export interface JobDevicesTable {
  job_id: string;
  dev_eui: string;
  /** Place in the plan. */
  position: number;
  /** JSON of `DeviceState` */
  state: string;
}

export interface JobFramesTable {
  job_id: string;
  position: number;
  kind: string;
  number: number;
  f_cnt: number;
  sent_at: number;
  airtime_ms: number;
  /** 0 = sent by a version of the program that did not tell the sessions of a job apart */
  session: number;
  /** JSON list of `GatewayFate` */
  gateways: string;
}

export interface JobEventsTable {
  job_id: string;
  /** From 1 in each job. */
  sequence: number;
  at: number;
  kind: string;
  /** JSON of `CampaignEvent` without its kind */
  body: string;
}

/** Every file in the folder of images. */
export interface ImagesTable {
  sha256: string;
  size_bytes: number;
  /** When somebody last said that the image is wanted. */
  kept_at: number;
}

export interface UploadsTable {
  kind: string;
  name: string;
  sha256: string;
  /** Grows with every upload. */
  position: number;
  uploaded_at: number;
}

export interface UsersTable {
  name: string;
  role: string;
  password_hash: string;
}

export interface LoginSessionsTable {
  token_hash: string;
  user_name: string;
  address: string;
  port: number;
  created_at: number;
  expires_at: number;
}

export interface LoginFailuresTable {
  client: string;
  name_hash: string;
  count: number;
  locked_until: number | null;
  /** Grows with every failure. */
  position: number;
}

/** Records that could not be read, moved out of their tables. */
interface DamagedRecordsTable {
  /** Grows with every record. */
  position: number;
  table_name: string;
  /** Values of the key columns, joined by `/`. */
  record_key: string;
  reason: string;
  /** JSON: the rows by table, as they were */
  content: string;
  found_at: number;
}
