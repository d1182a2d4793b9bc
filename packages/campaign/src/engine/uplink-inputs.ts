import type { Eui64 } from '@airlift/kernel';
import type { DeviceAnswer } from '../answers.ts';
import { answerClock, type ClockAnswer } from '../clock-answer.ts';
import type { DeviceEvent } from '../device/device-event.ts';
import type { DirectoryEntry } from '../device-directory.ts';
import type { CampaignEvent } from '../events.ts';
import type { UplinkEvent } from '../link/device-link.ts';
import { buildBlockReceivedAnswer, type QuestionFrame } from '../questions.ts';
import { readUplink } from '../read-uplink.ts';
import { nbFragOf } from '../session/session-format.ts';
import { sentAtMost } from '../session/session-state.ts';
import type { ActiveJob } from './active-job.ts';
import type { CheckDesk, CrcFinding, RunningChecks } from './check-desk.ts';
import { formatOf } from './contexts.ts';

/** What an uplink means, and what it is to be answered beside the job's own questions. */
export interface HeardUplink {
  readonly event: Extract<DeviceEvent, { kind: 'uplink' }>;
  /** What could not be read. */
  readonly problem: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly timeAnswer: Extract<ClockAnswer, { kind: 'send' }> | undefined;
  readonly checkAnswer: CrcFinding | undefined;
  /** For a device that goes on reporting a block of a job that is over. */
  readonly blockAnswer: QuestionFrame | undefined;
  readonly answers: readonly DeviceAnswer[];
}

export function readUplinkFor(
  event: UplinkEvent,
  entry: DirectoryEntry,
  job: ActiveJob | undefined,
  checks: CheckDesk,
): HeardUplink {
  const { devEui, fPort, payload, receivedGps, asksDeviceTime } = event;
  const { answers, error } = readUplink(fPort, payload, entry.traits);
  const running = job === undefined ? undefined : runningChecks(job, event);
  const crc = answers.find((answer) => answer.kind === 'crc64');
  const report = answers.find((answer) => answer.kind === 'file-report');
  const checkAnswer = crc === undefined ? undefined : checks.crc64(crc.octets, devEui, running);
  const request = answers.find((answer) => answer.kind === 'time-request');
  const clock = request === undefined ? undefined : answerClock(request, receivedGps, asksDeviceTime);
  const isReport = answers.some((answer) => answer.kind === 'block-received');
  const timeAnswer = clock?.kind === 'send' ? clock : undefined;
  const plan = job?.plan;
  return {
    event: {
      kind: 'uplink',
      answers,
      fPort,
      receivedGps,
      getsTime: timeAnswer !== undefined || asksDeviceTime,
      crc64: checkAnswer?.verdict,
      crc32: report === undefined ? undefined : checks.crc32(report, devEui, running),
      confirms: plan?.kind === 'Message' && plan.confirmPort !== undefined && plan.confirmPort === fPort,
    },
    problem: error === undefined ? undefined : { devEui, fPort, code: error.code },
    timeAnswer,
    checkAnswer,
    blockAnswer: job === undefined && isReport ? buildBlockReceivedAnswer(entry.traits) : undefined,
    answers,
  };
}

/** What a device said, for the job's own log. */
export function saidEvent(devEui: Eui64, answers: readonly DeviceAnswer[]): CampaignEvent {
  return { kind: 'said', devEui, answers: answers.map(inWords) };
}

function inWords(answer: DeviceAnswer): string {
  switch (answer.kind) {
    case 'group':
      return `group ${answer.groupId} ${answer.accepted ? 'accepted' : 'refused'}`;
    case 'session':
      return answer.timeToStartS === undefined
        ? `session refused: ${answer.errors.join(', ')}`
        : `session accepted, starts in ${answer.timeToStartS} s`;
    case 'fragmentation':
      return answer.errors.length === 0
        ? 'fragmentation accepted'
        : `fragmentation refused: ${answer.errors.join(', ')}`;
    case 'status': {
      const memory = answer.memoryError ? ', memory exhausted' : '';
      return `${answer.nbFragReceived} received, ${answer.missingFrag} missing${memory}`;
    }
    case 'no-session':
      return 'no such fragmentation session';
    case 'block-received':
      return answer.micError ? 'block received, MIC wrong' : 'block received';
    case 'crc64':
      return 'asks for its CRC-64';
    case 'file-report':
      return 'reports the CRC-32 of its file';
    case 'session-complete':
      return 'session complete';
    case 'time-request':
      return 'asks for the time';
  }
}

function runningChecks(job: ActiveJob, { devEui }: UplinkEvent): RunningChecks {
  const { plan, draft, entries, material } = job;
  const formatKey = entries.get(devEui)?.formatKey ?? '';
  const format = formatOf(draft, formatKey);
  const sent = [...draft.sessions.values()]
    .filter((session) => session.formatKey === formatKey)
    .map((session) => sentAtMost(session));
  return {
    filename: plan.filename,
    // A device that was given up hears the frames all the same.
    checks: material?.checks(formatKey) ?? material?.allChecks()[0],
    mayBeWhole: Math.max(0, ...sent) >= nbFragOf(format),
  };
}
