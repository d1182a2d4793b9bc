import {
  bits,
  command,
  errorBits,
  flag,
  frequency,
  hex32,
  mask,
  noneOf,
  octets,
  records,
  rfu,
  u8,
  u24,
  u32,
  when,
} from '@airlift/wire';
import { PackageCodec, type PackageMessage } from './package-codec.ts';
import { packageVersionAns, packageVersionReq } from './package-version.ts';

const BOTH = [1, 2] as const;

const groupIdOctet = [bits('McGroupID', 2, 'Which of the four groups'), rfu(6)] as const;

const McGroupStatusReq = command({
  name: 'McGroupStatusReq',
  cid: 0x01,
  direction: 'down',
  versions: BOTH,
  section: 'TS005 3.2',
  doc: 'Asks which groups are set up. LoRaMac-node executes the mask octet as the next command: see the device profile.',
  parts: [mask('ReqGroupMask', 4, 'Groups asked for, bit x = group x'), rfu(4)],
});

const McGroupStatusAns = command({
  name: 'McGroupStatusAns',
  cid: 0x01,
  direction: 'up',
  versions: BOTH,
  section: 'TS005 3.2',
  doc: 'Lists the groups that are set up. When the uplink is too short for all, the highest groups are left out of mask and list.',
  parts: [
    mask('AnsGroupMask', 4, 'Groups listed, bit x = group x'),
    bits('NbTotalGroups', 3, 'Number of groups set up, 0..4'),
    rfu(1),
    records(
      'records',
      { bitsSetIn: 'AnsGroupMask' },
      [u8('McGroupID', 'Which of the four groups'), hex32('McAddr', 'Address of the group')],
      'One record per bit set in AnsGroupMask, ascending',
    ),
  ],
});

const McGroupSetupReq = command({
  name: 'McGroupSetupReq',
  cid: 0x02,
  direction: 'down',
  versions: BOTH,
  section: 'TS005 3.3',
  doc: 'Creates or overwrites a group.',
  parts: [
    ...groupIdOctet,
    hex32('McAddr', 'Address of the group; differs from every DevAddr'),
    octets('McKey_encrypted', 16, "The group's key, AES-decrypted with the device's McKEKey"),
    u32('minMcFCnt', 'Next frame counter that the server will use'),
    u32('maxMcFCnt', 'Frame counters from here on are refused; most stacks still accept this one'),
  ],
});

const McGroupSetupAns = command({
  name: 'McGroupSetupAns',
  cid: 0x02,
  direction: 'up',
  versions: BOTH,
  section: 'TS005 3.3',
  doc: 'Accepts the group unless IDerror is set.',
  parts: [bits('McGroupID', 2, 'Which of the four groups'), flag('IDerror', 'The device has no such group'), rfu(5)],
});

const McGroupDeleteReq = command({
  name: 'McGroupDeleteReq',
  cid: 0x03,
  direction: 'down',
  versions: BOTH,
  section: 'TS005 3.4',
  doc: 'Deletes a group.',
  parts: groupIdOctet,
});

const McGroupDeleteAns = command({
  name: 'McGroupDeleteAns',
  cid: 0x03,
  direction: 'up',
  versions: BOTH,
  section: 'TS005 3.4',
  doc: 'Answers McGroupDeleteReq.',
  parts: [
    bits('McGroupID', 2, 'Which of the four groups'),
    flag('McGroupUndefined', 'There was no such group'),
    rfu(5),
  ],
});

const sessionTime = u32('SessionTime', 'GPS seconds modulo 2^32 at which the session starts');
const channel = [
  frequency('DLFreq_Hz', 'Frequency of the session; 0 in class B = the default hopping'),
  u8('DR', 'Data rate index of the session, a downlink data rate'),
] as const;

const McClassCSessionReq = command({
  name: 'McClassCSessionReq',
  cid: 0x04,
  direction: 'down',
  versions: BOTH,
  section: 'TS005 3.5',
  doc: 'Makes the device listen continuously to the group from SessionTime on.',
  parts: [...groupIdOctet, sessionTime, bits('TimeOut', 4, 'The session lasts 2^TimeOut seconds'), rfu(4), ...channel],
});

const McClassBSessionReq = command({
  name: 'McClassBSessionReq',
  cid: 0x05,
  direction: 'down',
  versions: BOTH,
  section: 'TS005 3.6',
  doc: 'Makes the device open ping slots for the group from SessionTime on, a multiple of 128 s.',
  parts: [
    ...groupIdOctet,
    sessionTime,
    bits('TimeOut', 4, 'The session lasts 128 * 2^TimeOut seconds'),
    bits('Periodicity', 3, 'A ping slot every 2^Periodicity seconds'),
    rfu(1),
    ...channel,
  ],
});

// StartMissed came with version 2, but stacks of version 1 send it as well, and without TimeToStart.
const SESSION_ERRORS_1 = ['DRError', 'FreqError', 'McGroupUndefined', 'StartMissed'] as const;
const SESSION_ERRORS_2 = [...SESSION_ERRORS_1, 'Reserved6', 'Reserved7'] as const;

const groupId = bits('McGroupID', 2, 'Which of the four groups');
const timeToStart = when(noneOf('errors'), [
  u24(
    'TimeToStart',
    'Seconds from the answer to the start; 0xFFFFFF = more than that: the clock of the device is not set',
  ),
]);
const SESSION_ANSWER =
  'Accepts the session when there is no error. Compare TimeToStart with your own clock: a device without time accepts as well.';
const sessionAns1 = [
  groupId,
  errorBits('errors', SESSION_ERRORS_1, 'Why the session is refused'),
  rfu(2),
  timeToStart,
] as const;
const sessionAns2 = [
  groupId,
  errorBits('errors', SESSION_ERRORS_2, 'Why the session is refused'),
  timeToStart,
] as const;

const McClassCSessionAns1 = command({
  name: 'McClassCSessionAns',
  cid: 0x04,
  direction: 'up',
  versions: [1],
  section: 'TS005-1.0.0 3.5',
  doc: SESSION_ANSWER,
  parts: sessionAns1,
});

const McClassCSessionAns2 = command({
  name: 'McClassCSessionAns',
  cid: 0x04,
  direction: 'up',
  versions: [2],
  section: 'TS005-2.0.0 3.5',
  doc: SESSION_ANSWER,
  parts: sessionAns2,
});

const McClassBSessionAns1 = command({
  name: 'McClassBSessionAns',
  cid: 0x05,
  direction: 'up',
  versions: [1],
  section: 'TS005-1.0.0 3.6',
  doc: SESSION_ANSWER,
  parts: sessionAns1,
});

const McClassBSessionAns2 = command({
  name: 'McClassBSessionAns',
  cid: 0x05,
  direction: 'up',
  versions: [2],
  section: 'TS005-2.0.0 3.6',
  doc: SESSION_ANSWER,
  parts: sessionAns2,
});

/** Remote multicast setup, versions 1 and 2. Unicast only. */
export const ts005 = new PackageCodec({
  name: 'TS005',
  title: 'Remote multicast setup',
  packageIdentifier: 2,
  defaultFPort: 200,
  versions: BOTH,
  commands: [
    packageVersionReq('TS005 3.1', BOTH),
    packageVersionAns('TS005 3.1', BOTH),
    McGroupStatusReq,
    McGroupStatusAns,
    McGroupSetupReq,
    McGroupSetupAns,
    McGroupDeleteReq,
    McGroupDeleteAns,
    McClassCSessionReq,
    McClassCSessionAns1,
    McClassCSessionAns2,
    McClassBSessionReq,
    McClassBSessionAns1,
    McClassBSessionAns2,
  ],
});

/** Any version of TS005. */
export type Ts005Version = (typeof ts005.versions)[number];
/** Any uplink command of TS005. */
export type Ts005Uplink = PackageMessage<(typeof ts005.commands)[number], Ts005Version, 'up'>;
/** Any downlink command of TS005. */
export type Ts005Downlink = PackageMessage<(typeof ts005.commands)[number], Ts005Version, 'down'>;
