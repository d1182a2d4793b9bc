import { ts003, ts004, ts005 } from '@airlift/applayer';
import type { WireError } from '@airlift/wire';
import type { DeviceAnswer } from './answers.ts';
import { readFileReport } from './evidence/index.ts';
import { type DeviceTraits, portOf } from './traits.ts';

/** What an uplink of the application layer packages holds. `error` says why reading stopped early, if it did. */
export interface ReadUplink {
  readonly answers: readonly DeviceAnswer[];
  readonly error: WireError | undefined;
}

const NOTHING: ReadUplink = { answers: [], error: undefined };

/** Reads an uplink payload by the port it came on; other ports belong to the device's own application. */
export function readUplink(fPort: number | undefined, payload: Uint8Array, traits: DeviceTraits): ReadUplink {
  switch (fPort) {
    case undefined:
      return NOTHING;
    case portOf(traits, 'multicast'):
      return readMulticast(payload, traits);
    case portOf(traits, 'fragmentation'):
      return readFragmentation(payload, traits);
    case portOf(traits, 'clock'):
      return readClock(payload, traits);
    default:
      return NOTHING;
  }
}

function readMulticast(payload: Uint8Array, { profile }: DeviceTraits): ReadUplink {
  const { commands, error } = ts005.read(profile.packages.multicast?.version ?? 1, 'up', payload);
  const answers: DeviceAnswer[] = [];
  for (const command of commands) {
    switch (command.name) {
      case 'McGroupSetupAns':
        answers.push({ kind: 'group', groupId: command.fields.McGroupID, accepted: !command.fields.IDerror });
        break;
      case 'McClassCSessionAns': {
        const { McGroupID, errors, TimeToStart } = command.fields;
        answers.push({ kind: 'session', groupId: McGroupID, errors, timeToStartS: TimeToStart });
        break;
      }
      case 'PackageVersionAns':
      case 'McGroupStatusAns':
      case 'McGroupDeleteAns':
      case 'McClassBSessionAns':
        break;
    }
  }
  return { answers, error };
}

function readFragmentation(payload: Uint8Array, { profile }: DeviceTraits): ReadUplink {
  const report = readFileReport(payload);
  if (report !== undefined) return { answers: [{ kind: 'file-report', crc32: report.crc32 }], error: undefined };
  const offered = profile.packages.fragmentation?.version ?? 1;
  // Every device of version 1 may be one of MultiTech's: their commands do not clash with the others.
  const { commands, error } = ts004.read(offered === 1 ? 'multitech' : offered, 'up', payload);
  const answers: DeviceAnswer[] = [];
  for (const command of commands) {
    const answer = fragmentationAnswer(command);
    if (answer !== undefined) answers.push(answer);
  }
  return { answers, error };
}

type FragmentationSaid = ReturnType<typeof ts004.read>['commands'][number];

function fragmentationAnswer(command: FragmentationSaid): DeviceAnswer | undefined {
  switch (command.name) {
    case 'FragSessionSetupAns': {
      const { FragIndex, ...flags } = command.fields;
      const errors = Object.entries(flags)
        .filter(([, set]) => set)
        .map(([flag]) => flag);
      return { kind: 'fragmentation', fragIndex: FragIndex, errors };
    }
    case 'FragSessionStatusAns':
      return statusAnswer(command.fields);
    case 'FragDataBlockReceivedReq': {
      const { FragIndex, MICError } = command.fields;
      return { kind: 'block-received', fragIndex: FragIndex, micError: MICError };
    }
    case 'ChecksumReq':
      // Octet fields are views of the frame.
      return { kind: 'crc64', octets: Uint8Array.from(command.fields.CRC64) };
    case 'FragSessionComplete':
      return { kind: 'session-complete' };
    default:
      return undefined;
  }
}

/** The fields that the versions of FragSessionStatusAns have in common or of their own. */
interface StatusFields {
  readonly FragIndex?: number | undefined;
  readonly NbFragReceived?: number | undefined;
  readonly MissingFrag?: number | undefined;
  readonly NotEnoughMatrixMemory?: boolean | undefined;
  readonly MemoryError?: boolean | undefined;
  readonly MICError?: boolean | undefined;
  readonly SessionDoesNotExist?: boolean | undefined;
}

function statusAnswer(fields: StatusFields): DeviceAnswer {
  const { FragIndex, NbFragReceived, MissingFrag } = fields;
  const isGone = fields.SessionDoesNotExist === true;
  if (isGone || FragIndex === undefined || NbFragReceived === undefined || MissingFrag === undefined) {
    return { kind: 'no-session' };
  }
  return {
    kind: 'status',
    fragIndex: FragIndex,
    nbFragReceived: NbFragReceived,
    missingFrag: MissingFrag,
    memoryError: fields.NotEnoughMatrixMemory ?? fields.MemoryError ?? false,
    micError: fields.MICError,
  };
}

function readClock(payload: Uint8Array, { profile }: DeviceTraits): ReadUplink {
  const { commands, error } = ts003.read(profile.packages.clock?.version ?? 1, 'up', payload);
  const answers: DeviceAnswer[] = [];
  for (const command of commands) {
    if (command.name !== 'AppTimeReq') continue;
    answers.push({ kind: 'time-request', deviceTimeS: command.fields.DeviceTime, token: command.fields.TokenReq });
  }
  return { answers, error };
}
