import type { JobPlan, JobRecord, JobState } from '@airlift/campaign';
import type { RealMs, SteadyMs } from '@airlift/kernel';
import type { Vault } from './vault.ts';

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

/** A job of its row and the rows of its devices, in the order of the plan. */
export function jobOf(
  vault: Vault,
  row: { readonly job_id: string; readonly plan: string; readonly state: string },
  devices: JobRecord['devices'],
): JobRecord {
  return { plan: JSON.parse(row.plan) as JobPlan, state: stateOf(vault, row.job_id, row.state), devices };
}

/** When the job was complete or cancelled. */
function endedAt(state: JobState): SteadyMs | undefined {
  if (state.kind === 'complete') return state.completedAt;
  return state.kind === 'cancelled' ? state.at : undefined;
}

function stateText(vault: Vault, jobId: string, state: JobState): string {
  return JSON.stringify(withMcKey(state, (mcKey) => vault.seal(mcKey, mcKeyPlace(jobId))));
}

function stateOf(vault: Vault, jobId: string, text: string): JobState {
  return withMcKey(JSON.parse(text) as JobState, (sealed) => vault.open(sealed, mcKeyPlace(jobId)));
}

const mcKeyPlace = (jobId: string): string => `jobs/state.session.mcKey/${jobId}`;

function withMcKey(state: JobState, change: (mcKey: string) => string): JobState {
  if (!('session' in state)) return state;
  return { ...state, session: { ...state.session, mcKey: change(state.session.mcKey) } };
}
