import { type SteadyMs, steadyMs } from '@airlift/kernel';
import { sessionDueAt } from '../session/session-step.ts';
import type { ActiveJob } from './active-job.ts';

/** When the job next wants to be looked at; undefined when it waits for events only. */
export function jobDueAt({ draft }: ActiveJob, setupAt: SteadyMs): SteadyMs | undefined {
  switch (draft.state.kind) {
    case 'scheduled':
      return setupAt;
    case 'waiting':
      return soonestRelease(draft);
    case 'running': {
      let due = earlier(draft.askAgainAt, soonestRelease(draft));
      for (const session of draft.sessions.values()) due = earlier(due, sessionDueAt(session));
      return due;
    }
    case 'complete':
    case 'cancelled':
      return undefined;
  }
}

/** When the first of the devices that another job's session keeps is free. */
function soonestRelease(draft: ActiveJob['draft']): SteadyMs | undefined {
  let soonest: SteadyMs | undefined;
  if (draft.held === 0) return soonest;
  for (const state of draft.devices.values()) {
    if (state.kind === 'held' && state.until !== undefined) soonest = earlier(soonest, state.until);
  }
  return soonest;
}

function earlier(a: SteadyMs | undefined, b: SteadyMs | undefined): SteadyMs | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : steadyMs(Math.min(a, b));
}
