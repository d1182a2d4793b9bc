import type { LastUplink } from '@airlift/network';
import { z } from 'zod';
import { frameKind } from './job-shapes/session-shape.ts';
import {
  count,
  eui64,
  flag,
  instant,
  key128,
  requireShape,
  type ShapeOf,
  sha256,
  shape,
  text,
  uint32,
} from './record-shape.ts';
import type {
  DeviceFirmwareTable,
  DeviceSessionsTable,
  DevicesTable,
  ImagesTable,
  JobDevicesTable,
  JobEventsTable,
  JobFramesTable,
  JobSessionsTable,
  JobsTable,
  LoginFailuresTable,
  LoginSessionsTable,
  McGroupsTable,
  UploadsTable,
  UsersTable,
} from './schema.ts';

/** One more counter than a frame can carry: who counts from here on has none left. */
export const NO_COUNTER_LEFT = 0x1_0000_0000;
const nextCounter = z.int().min(0).max(NO_COUNTER_LEFT);
const role = z.enum(['admin', 'user', 'guest']);

export const DEVICE_ROW = shape({
  dev_eui: eui64,
  position: count,
  name: text,
  join_eui: eui64,
  app_key_sealed: text,
  device_class: z.enum(['A', 'B', 'C']),
  device_profile_id: text.nullable(),
  network_profile_id: text.nullable(),
  created_at: instant,
  last_dev_nonce: count.nullable(),
  last_join_nonce: count.nullable(),
  join_count: count,
} satisfies ShapeOf<DevicesTable>);

/** One more than SessionCnt can be: who counts from here on has none left. */
export const NO_SESSION_CNT_LEFT = 0x1_0000;

export const DEVICE_FIRMWARE_ROW = shape({
  dev_eui: eui64,
  provisioned: flag,
  gen_app_key_sealed: text.nullable(),
  fuota_profile: text.nullable(),
  next_session_cnt: count.max(NO_SESSION_CNT_LEFT),
} satisfies ShapeOf<DeviceFirmwareTable>);

export const DEVICE_SESSION_ROW = shape({
  dev_eui: eui64,
  dev_addr: uint32,
  nwk_s_key_sealed: text,
  app_s_key_sealed: text,
  join_nonce: count,
  dev_nonce: count,
  joined_at: instant,
  confirmed: flag,
  last_f_cnt_up: uint32.nullable(),
  next_f_cnt_down: nextCounter,
  rx_delay_s: count,
  rx1_dr_offset: count,
  rx2_data_rate: count,
  rx2_frequency_hz: count,
  last_uplink: text.nullable(),
} satisfies ShapeOf<DeviceSessionsTable>);

export const LAST_UPLINK = shape({
  at: instant,
  gatewayEui: eui64,
  frequencyHz: count,
  dataRate: count,
  rssiDbm: z.number(),
  snrDb: z.number(),
} satisfies ShapeOf<LastUplink>);

/** A group that is open. */
export const GROUP_ROW = shape({
  group_id: text,
  mc_addr: uint32,
  mc_nwk_s_key_sealed: text,
  mc_app_s_key_sealed: text,
  frequency_hz: count,
  data_rate: count,
  gateway_euis: text,
  first_f_cnt: uint32,
  next_f_cnt: nextCounter,
  created_at: instant,
  open: flag,
} satisfies ShapeOf<McGroupsTable>);

export const GATEWAY_EUIS = z.array(eui64);

export const JOB_ROW = shape({
  job_id: text,
  filename: text,
  position: count,
  version: z.int().min(1),
  last_event: count,
  phase: text,
  created_at: instant,
  ended_at: instant.nullable(),
  image_sha256: sha256,
  plain_frames: count,
  parity_frames: count,
  status_frames: count,
  message_frames: count,
  airtime_ms: instant,
  first_frame_at: instant.nullable(),
  last_frame_at: instant.nullable(),
  state: text,
  released_at: instant.nullable(),
} satisfies ShapeOf<JobsTable>);

export const JOB_DEVICE_ROW = shape({
  job_id: text,
  dev_eui: eui64,
  position: z.int(),
  state: text,
} satisfies ShapeOf<JobDevicesTable>);

export const JOB_SESSION_ROW = shape({
  job_id: text,
  number: z.int().min(1),
  state: text,
} satisfies ShapeOf<JobSessionsTable>);

export const JOB_FRAME_ROW = shape({
  job_id: text,
  position: count,
  kind: frameKind,
  number: count,
  f_cnt: uint32,
  sent_at: instant,
  airtime_ms: instant,
  session: count,
  gateways: text,
} satisfies ShapeOf<JobFramesTable>);

export const JOB_EVENT_ROW = shape({
  job_id: text,
  sequence: z.int().min(1),
  at: instant,
  kind: text,
  body: text,
} satisfies ShapeOf<JobEventsTable>);

export const UPLOAD_ROW = shape({
  kind: z.enum(['fota', 'message']),
  name: text.min(1),
  sha256,
  position: count,
  uploaded_at: instant,
} satisfies ShapeOf<UploadsTable>);

export const IMAGE_ROW = shape({ sha256, size_bytes: count, kept_at: instant } satisfies ShapeOf<ImagesTable>);

export const USER_ROW = shape({ name: text, role, password_hash: text.min(1) } satisfies ShapeOf<UsersTable>);

export const LOGIN_SESSION_ROW = shape({
  token_hash: text,
  user_name: text,
  address: text,
  port: count,
  created_at: instant,
  expires_at: instant,
} satisfies ShapeOf<LoginSessionsTable>);

export const LOGIN_FAILURES_ROW = shape({
  client: text,
  name_hash: text,
  count,
  locked_until: instant.nullable(),
  position: count,
} satisfies ShapeOf<LoginFailuresTable>);

/** A key of 16 octets, opened. @throws DamagedRecord */
export function requireKey(key: string, column: string): string {
  requireShape(shape({ [column]: key128 }), { [column]: key });
  return key;
}
