import { byTheBookV1, byTheBookV2 } from './by-the-book.ts';
import type { DeviceProfile, FragmentationHabits, MulticastHabits, StatusHabits } from './device-profile.ts';

const LIMITS: Pick<FragmentationHabits, 'sessions' | 'maxNbFrag' | 'maxFragSize'> = {
  sessions: 1,
  maxNbFrag: 100,
  maxFragSize: 242,
};
const MULTICAST: MulticastHabits = { ...byTheBookV1.multicast, hopping: false };
const STATUS: StatusHabits = {
  received: 'last-number-minus-lost',
  missing: 'missing-or-one',
  overflow: 'modulo-256',
};
const NOTES = [
  'The clock must be set first: a TimeToStart of 0xFFFFFF says that it is not.',
  'A session that begins after the frame counter has passed 65535 fails: use a fresh group for every campaign.',
  'McGroupStatusAns lists at most two groups.',
  'Several firmware management commands in one downlink overrun the answer buffer.',
  'A multi-package frame must not carry DataFragment, FragDataBlockReceivedAns or FragSessionDeleteReq.',
];

/** Semtech LoRa Basics Modem with version 1 packages. */
export const basicsModemV1: DeviceProfile = {
  ...byTheBookV1,
  id: 'basics-modem-v1',
  title: 'LoRa Basics Modem, version 1 packages',
  notes: [...NOTES, 'Reports StartMissed although version 1 has no such bit.'],
  packages: {
    ...byTheBookV1.packages,
    firmware: { version: 1, fPort: 203 },
    multiPackage: { version: 1, fPort: 225 },
  },
  multicast: MULTICAST,
  fragmentation: { ...byTheBookV1.fragmentation, ...LIMITS, status: STATUS },
};

/** Semtech LoRa Basics Modem with version 2 packages. */
export const basicsModemV2: DeviceProfile = {
  ...byTheBookV2,
  id: 'basics-modem-v2',
  title: 'LoRa Basics Modem, version 2 packages',
  notes: [
    ...NOTES,
    'The MIC is checked only when MissingFrag is 0, hence not after a reception without losses.',
    'Sends FragDataBlockReceivedReq three times with the random delay.',
    'Status answers have four octets even when the session does not exist.',
    'Forgets the last SessionCnt at reboot.',
  ],
  packages: { ...byTheBookV2.packages, multiPackage: { version: 1, fPort: 225 } },
  multicast: MULTICAST,
  fragmentation: { ...byTheBookV2.fragmentation, ...LIMITS, status: STATUS },
};
