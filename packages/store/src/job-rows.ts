import type { DeviceState, JobDevice, JobPlan, JobRecord, JobState } from '@airlift/campaign';
import type { Eui64, RealMs, SteadyMs } from '@airlift/kernel';
import type { Selectable } from 'kysely';
import { requireDeviceState, requireJobState, requireMcKey, requirePlan } from './job-shapes.ts';
import { DamagedRecord, readJson, requireShape } from './record-shape.ts';
import { JOB_DEVICE_ROW, JOB_ROW } from './row-shapes.ts';
import type { JobDevicesTable, JobsTable } from './schema.ts';
import type { Opener, Vault } from './vault.ts';

/** Columns that change with the state of a job. */
export function stateColumns(vault: Vault, jobId: string, state: JobState, now: RealMs) {
  const endedAtAir = endedAt(state);
  return {
    phase: state.kind,
    ended_at: endedAtAir ?? null,
    // Uploads and images are kept for so long in real time, however fast the air's runs.
    released_at: endedAtAir === undefined ? null : now,
    state: stateText(vault, jobId, state),
  };
}

/** Columns that are fixed when a job is accepted. */
export function planColumns(plan: JobPlan) {
  return {
    job_id: plan.jobId,
    filename: plan.filename,
    created_at: plan.createdAt,
    image_sha256: plan.image.sha256,
    plain_frames: 0,
    parity_frames: 0,
    status_frames: 0,
    message_frames: 0,
    airtime_ms: 0,
  };
}

/**
 * A job of its row, its plan and its devices, in the order of the plan.
 * @throws DamagedRecord, or BugError for a sealed text that does not open
 */
export function jobOf(
  vault: Opener,
  row: Selectable<JobsTable>,
  planJson: string | undefined,
  devices: JobRecord['devices'],
): JobRecord {
  requireShape(JOB_ROW, row);
  if (planJson === undefined) throw new DamagedRecord('plan: missing');
  const plan = requirePlan(readJson(planJson, 'plan'));
  const state = stateOf(vault, row.job_id, row.state);
  if (plan.jobId !== row.job_id || plan.filename !== row.filename) throw new DamagedRecord('plan: of another job');
  if (state.kind !== row.phase) throw new DamagedRecord('phase: contradicts the state');
  return { plan, state, devices };
}

/** A device of a job, of its row. @throws DamagedRecord */
export function jobDeviceOf(row: Selectable<JobDevicesTable>): JobDevice {
  requireShape(JOB_DEVICE_ROW, row);
  return { devEui: row.dev_eui as Eui64, state: requireDeviceState(readJson(row.state, 'state')) };
}

/** What stands in the place of a device's state that cannot be read. */
export function damagedDeviceState(at: SteadyMs): DeviceState {
  return { kind: 'failed', reason: 'record-damaged', at, reception: undefined };
}

/** When the job was complete or cancelled. */
function endedAt(state: JobState): SteadyMs | undefined {
  if (state.kind === 'complete') return state.completedAt;
  return state.kind === 'cancelled' ? state.at : undefined;
}

function stateText(vault: Vault, jobId: string, state: JobState): string {
  return JSON.stringify(withMcKey(state, (mcKey) => vault.seal(mcKey, mcKeyPlace(jobId))));
}

function stateOf(vault: Opener, jobId: string, text: string): JobState {
  const state = requireJobState(readJson(text, 'state'));
  return withMcKey(state, (sealed) => requireMcKey(vault.open(sealed, mcKeyPlace(jobId))));
}

const mcKeyPlace = (jobId: string): string => `jobs/state.session.mcKey/${jobId}`;

function withMcKey(state: JobState, change: (mcKey: string) => string): JobState {
  if (!('session' in state)) return state;
  return { ...state, session: { ...state.session, mcKey: change(state.session.mcKey) } };
}
