import { ts003, ts004, ts005 } from '@airlift/applayer';
import type { WireError } from '@airlift/wire';
import type { DeviceAnswer } from './answers.ts';
import type { DeviceTraits } from './traits.ts';

/** What an uplink of the application layer packages holds. `error` says why reading stopped early, if it did. */
export interface ReadUplink {
  readonly answers: readonly DeviceAnswer[];
  readonly error: WireError | undefined;
}

const NOTHING: ReadUplink = { answers: [], error: undefined };

/** Reads an uplink payload by the port it came on; other ports belong to the device's own application. */
export function readUplink(fPort: number | undefined, payload: Uint8Array, traits: DeviceTraits): ReadUplink {
  switch (fPort) {
    case traits.ports.multicast:
      return readMulticast(payload);
    case traits.ports.fragmentation:
      return readFragmentation(payload);
    case traits.ports.clock:
      return readClock(payload);
    default:
      return NOTHING;
  }
}

function readMulticast(payload: Uint8Array): ReadUplink {
  const { commands, error } = ts005.read(1, 'up', payload);
  const answers: DeviceAnswer[] = [];
  for (const command of commands) {
    if (command.name === 'McGroupSetupAns') {
      answers.push({ kind: 'group', groupId: command.fields.McGroupID, accepted: !command.fields.IDerror });
    } else if (command.name === 'McClassCSessionAns') {
      const { McGroupID, errors, TimeToStart } = command.fields;
      answers.push({ kind: 'session', groupId: McGroupID, errors, timeToStartS: TimeToStart });
    }
  }
  return { answers, error };
}

function readFragmentation(payload: Uint8Array): ReadUplink {
  // Every device of version 1 may be one of MultiTech's: their commands do not clash with the others.
  const { commands, error } = ts004.read('multitech', 'up', payload);
  const answers: DeviceAnswer[] = [];
  for (const command of commands) {
    switch (command.name) {
      case 'FragSessionSetupAns': {
        const { FragIndex, ...flags } = command.fields;
        const errors = Object.entries(flags)
          .filter(([, set]) => set)
          .map(([flag]) => flag);
        answers.push({ kind: 'fragmentation', fragIndex: FragIndex, errors });
        break;
      }
      case 'FragSessionStatusAns': {
        const { NbFragReceived, MissingFrag, NotEnoughMatrixMemory } = command.fields;
        answers.push({
          kind: 'status',
          nbFragReceived: NbFragReceived,
          missingFrag: MissingFrag,
          memoryError: NotEnoughMatrixMemory,
        });
        break;
      }
      case 'ChecksumReq':
        // Octet fields are views of the frame.
        answers.push({ kind: 'crc64', octets: Uint8Array.from(command.fields.CRC64) });
        break;
      case 'FragSessionComplete':
        answers.push({ kind: 'session-complete' });
        break;
      default:
        break;
    }
  }
  return { answers, error };
}

function readClock(payload: Uint8Array): ReadUplink {
  const { commands, error } = ts003.read(1, 'up', payload);
  const answers: DeviceAnswer[] = [];
  for (const command of commands) {
    if (command.name === 'AppTimeReq') {
      answers.push({ kind: 'time-request', deviceTimeS: command.fields.DeviceTime, token: command.fields.TokenReq });
    }
  }
  return { answers, error };
}
