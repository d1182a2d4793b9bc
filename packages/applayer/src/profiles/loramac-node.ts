import { byTheBookV1 } from './by-the-book.ts';
import type { DeviceProfile } from './device-profile.ts';

/** Semtech's reference stack, 4.5 to 4.7, with its default limits. */
export const loramacNode: DeviceProfile = {
  ...byTheBookV1,
  id: 'loramac-node',
  title: 'LoRaMac-node',
  notes: [
    'A device without time accepts a session and starts at the wrong moment: compare TimeToStart with your own clock.',
    'A start in the past is answered with McGroupUndefined, a busy MAC with all three errors: both may be retried.',
    'Class B requests switch to class C, and every session ends after the TimeOut of group 0.',
    'Losses above the limit are reported as done, with a wrong file.',
    'The status answer waits in a buffer that any other package answer overwrites: send nothing else meanwhile.',
    'A new session reports the numbers of the previous one until its first fragment.',
    'The limits (21 fragments of 50 octets, 5 losses) are the defaults of the build.',
  ],
  commandsPerDownlink: 'several',
  clock: { asksDeviceTimeToo: true, wantsZeroCorrection: true, settablePeriod: false },
  multicast: {
    ...byTheBookV1.multicast,
    groups: [0],
    classes: ['C'],
    statusReqSafe: false,
    hopping: false,
    silentInSession: true,
  },
  fragmentation: {
    ...byTheBookV1.fragmentation,
    sessions: 1,
    maxNbFrag: 21,
    maxFragSize: 50,
    maxLosses: 5,
    setupSettleS: 5,
    status: { received: 'last-number', missing: 'plain-losses', overflow: 'modulo-256' },
  },
};
