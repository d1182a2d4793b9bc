import { type JobPreview, REASONS, type SessionPreview, warningText } from '@airlift/campaign';
import type { PlannedJob, PlannedSession } from '@airlift/contract';
import type { Calendar } from '@airlift/kernel';

/** What would happen to a job, in the words of the contract. */
export function plannedView(filename: string, preview: JobPreview, calendar: Calendar): PlannedJob {
  return {
    filename,
    assumedLoss: preview.assumedLoss,
    sessions: preview.sessions.map(sessionView),
    warnings: preview.warnings.map((warning) => ({
      devEui: warning.devEui,
      code: warning.code,
      text: warningText(warning),
      until: warning.until === undefined ? undefined : calendar.dateOf(warning.until),
    })),
    refused: preview.refused.map(({ devEui, reason }) => ({
      devEui,
      code: reason,
      text: REASONS[reason].text,
      until: undefined,
    })),
  };
}

function sessionView({ format, ...session }: SessionPreview): PlannedSession {
  const { region, frequencyHz, dataRate, dutyCycle } = format.carrier;
  return {
    wave: session.wave,
    devices: session.devices,
    region,
    frequencyHz,
    dataRate,
    fragments:
      format.kind === 'image'
        ? { sizeOctets: format.fragSize, count: format.nbFrag, paddingOctets: format.padding, rule: format.codeRule }
        : undefined,
    frames: { plain: session.plainFrames, parity: session.parityFrames, status: session.statusFrames },
    airtimeMs: session.airtimeMs,
    busiestHourMs: session.busiestHourMs,
    dutyCycle,
    timeOutS: session.timeOutS,
    start: session.start,
    end: session.end,
  };
}
