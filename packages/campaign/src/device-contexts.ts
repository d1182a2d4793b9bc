import type { DeviceTime, Eui64, SteadyMs } from '@airlift/kernel';
import type { ActiveJob } from './active-job.ts';
import type { DeviceContext } from './device-machine.ts';
import type { SessionPlan } from './job-state.ts';
import { sessionEnd } from './session-plan.ts';

/** A device that is told its start now answers, and listens in its receive windows, before it. */
const LATE_START_S = 8;
/** Later than so long before the end of a session nobody is taken in. */
const LAST_ENTRY_MS = 30_000;

/** Makes what the machines of the job's devices must know, for one step. */
export function deviceContexts(
  job: ActiveJob,
  session: SessionPlan,
  deviceTime: DeviceTime,
  now: SteadyMs,
): (devEui: Eui64) => DeviceContext {
  const launched = now >= session.launchAt;
  const isOpen = launched && now < sessionEnd(session) - LAST_ENTRY_MS;
  const shared = {
    now,
    launchAt: session.launchAt,
    sessionTimeGpsS: session.sessionTimeGpsS,
    kind: job.plan.kind,
    launched,
    lateStartGpsS: isOpen ? Math.ceil(deviceTime.gpsOf(now) / 1000) + LATE_START_S : undefined,
    sent: 'sent' in job.state ? (job.state.sent ?? 0) : 0,
    allPlainSent: job.allPlainSent,
  };
  return (devEui) => {
    const traits = job.material?.entries.get(devEui)?.traits;
    return {
      ...shared,
      severalCommands: traits?.severalCommands ?? false,
      checksClock: traits?.sessionTime === 'gps',
      missingMeans: traits?.missingMeans ?? 'unknown',
      missingOverflows: traits?.missingOverflows ?? false,
      zeroMissingIsOpen: traits?.zeroMissingIsOpen ?? false,
    };
  };
}
