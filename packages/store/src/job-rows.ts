import type { JobDevice, JobPlan, JobRecord, JobState, SessionState } from '@airlift/campaign';
import type { Eui64, RealMs, SteadyMs } from '@airlift/kernel';
import type { Selectable } from 'kysely';
import {
  requireDeviceState,
  requireJobState,
  requireMcKey,
  requirePlan,
  requireSessionState,
} from './job-shapes/require-shapes.ts';
import { DamagedRecord, readJson, requireShape } from './record-shape.ts';
import { JOB_DEVICE_ROW, JOB_ROW, JOB_SESSION_ROW } from './row-shapes.ts';
import type { JobDevicesTable, JobSessionsTable, JobsTable } from './schema.ts';
import type { Opener, Vault } from './vault.ts';

/** Columns that change with the state of a job. */
export function stateColumns(state: JobState, now: RealMs) {
  const endedAtAir = endedAt(state);
  return {
    phase: state.kind,
    ended_at: endedAtAir ?? null,
    // Uploads and images are kept for so long in real time, however fast the air's runs.
    released_at: endedAtAir === undefined ? null : now,
    state: JSON.stringify(state),
  };
}

/** Columns that are fixed when a job is accepted. */
export function planColumns(plan: JobPlan) {
  return {
    job_id: plan.jobId,
    filename: plan.filename,
    created_at: plan.createdAt,
    image_sha256: plan.image.sha256,
    version: 1,
    plain_frames: 0,
    parity_frames: 0,
    status_frames: 0,
    message_frames: 0,
    airtime_ms: 0,
  };
}

/** What a job consists of beside its devices. */
export interface JobParts {
  readonly job: Selectable<JobsTable>;
  readonly plan: string | undefined;
  /** By number, ascending. */
  readonly sessions: readonly Selectable<JobSessionsTable>[];
}

/**
 * A job of its rows and its devices, in the order of the plan. Without one of its sessions nobody could go on with it, so
 * that what is wrong with a session is wrong with the job.
 * @throws DamagedRecord, or BugError for a sealed text that does not open
 */
export function jobOf(
  vault: Opener,
  { job, plan: planJson, sessions }: JobParts,
  devices: JobRecord['devices'],
): JobRecord {
  requireShape(JOB_ROW, job);
  if (planJson === undefined) throw new DamagedRecord('plan: missing');
  const plan = requirePlan(readJson(planJson, 'plan'));
  const state = requireJobState(readJson(job.state, 'state'));
  if (plan.jobId !== job.job_id || plan.filename !== job.filename) throw new DamagedRecord('plan: of another job');
  if (state.kind !== job.phase) throw new DamagedRecord('phase: contradicts the state');
  return { plan, version: job.version, state, sessions: sessions.map((row) => sessionOf(vault, row)), devices };
}

/** The row of a session. A session that has ended has no key. */
export function sessionRow(vault: Vault, jobId: string, session: SessionState) {
  const sealed = withMcKey(session, (mcKey) => vault.seal(mcKey, mcKeyPlace(jobId, session.number)));
  return { job_id: jobId, number: session.number, state: JSON.stringify(sealed) };
}

/** @throws DamagedRecord, or BugError for a sealed text that does not open */
function sessionOf(vault: Opener, row: Selectable<JobSessionsTable>): SessionState {
  const named = `session ${row.number}`;
  requireShape(JOB_SESSION_ROW, row, named);
  const session = requireSessionState(readJson(row.state, named));
  if (session.number !== row.number) throw new DamagedRecord(`${named}: contradicts its state`);
  return withMcKey(session, (sealed) => requireMcKey(vault.open(sealed, mcKeyPlace(row.job_id, row.number))));
}

/** A device of a job, of its row. @throws DamagedRecord */
export function jobDeviceOf(row: Selectable<JobDevicesTable>): JobDevice {
  requireShape(JOB_DEVICE_ROW, row);
  return { devEui: row.dev_eui as Eui64, state: requireDeviceState(readJson(row.state, 'state')) };
}

/** What stands in the place of a device's state that cannot be read. */
export function damagedDeviceState(at: SteadyMs): JobDevice['state'] {
  return { kind: 'failed', reason: 'record-damaged', at, heard: undefined, freeAt: undefined };
}

/** When the job was complete or cancelled. */
function endedAt(state: JobState): SteadyMs | undefined {
  if (state.kind === 'complete') return state.completedAt;
  return state.kind === 'cancelled' ? state.at : undefined;
}

const mcKeyPlace = (jobId: string, session: number): string => `job_sessions/state.plan.mcKey/${jobId}/${session}`;

function withMcKey(session: SessionState, change: (mcKey: string) => string): SessionState {
  if (!('plan' in session)) return session;
  return { ...session, plan: { ...session.plan, mcKey: change(session.plan.mcKey) } };
}
