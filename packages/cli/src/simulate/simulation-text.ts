import type { SimulatedDevice, SimulationReport } from '@airlift/server';

/** More devices than these are not listed one by one. */
const MOST_LISTED = 20;

/** The result for people: devices that need a look, frames, times and the truth about the verdicts. */
export function simulationText(report: SimulationReport, wallSeconds: number): string {
  const { frames, devices, completed, minimumFrames } = report;
  const asked = report.perDevice.filter((device) => !device.identical || device.status !== 'success');
  const { total } = frames;
  return [
    ...asked.slice(0, MOST_LISTED).map(deviceLine),
    ...(asked.length > MOST_LISTED ? [`and ${asked.length - MOST_LISTED} more; --json lists all`] : []),
    ...(asked.length > 0 ? [''] : []),
    `Devices   ${completed} of ${devices} hold the identical image`,
    `Verdicts  ${report.falseSuccess} false successes, ${report.falseFailure} false failures`,
    `Frames    ${total} to groups: ${frames.plain} fragments, ${frames.parity} parity, ${frames.status} status requests; ` +
      `at least ${minimumFrames} are needed (${(total / minimumFrames).toFixed(3)} times)`,
    `Set-up    ${report.setupSeconds} s, ${frames.setup} frames to single devices`,
    `On air    ${(report.airtimeMs / 1000).toFixed(1)} s within ${report.sessionSeconds} s, in ` +
      `${report.sessions} ${report.sessions === 1 ? 'session' : 'sessions'}`,
    `Took      ${wallSeconds.toFixed(1)} s`,
    '',
  ].join('\n');
}

function deviceLine({ deveui, behaviour, status, reason, identical, fragmentsHeard }: SimulatedDevice): string {
  const why = reason === null ? status : `${status} (${reason})`;
  return `${deveui}  ${behaviour}  ${why}, ${identical ? 'identical' : 'not identical'}, ${fragmentsHeard} fragments heard`;
}
