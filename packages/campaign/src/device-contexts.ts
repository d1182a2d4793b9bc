import type { Eui64, SteadyMs } from '@airlift/kernel';
import type { ActiveJob } from './active-job.ts';
import type { DeviceContext } from './device-machine.ts';
import type { SessionPlan } from './job-state.ts';

/** Makes what the machines of the job's devices must know, for one step. */
export function deviceContexts(job: ActiveJob, session: SessionPlan, now: SteadyMs): (devEui: Eui64) => DeviceContext {
  const shared = {
    now,
    launchAt: session.launchAt,
    sessionTimeGpsS: session.sessionTimeGpsS,
    kind: job.plan.kind,
    sent: 'sent' in job.state ? job.state.sent : 0,
    allPlainSent: job.allPlainSent,
  };
  return (devEui) => {
    const traits = job.material?.entries.get(devEui)?.traits;
    return {
      ...shared,
      severalCommands: traits?.severalCommands ?? false,
      checksClock: traits?.sessionTime === 'gps',
      missingMeans: traits?.missingMeans ?? 'unknown',
      zeroMissingIsOpen: traits?.zeroMissingIsOpen ?? false,
    };
  };
}
