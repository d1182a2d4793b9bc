import { bits, command, errorBits, frequency, noneOf, rfu, u8, u24, u32, when } from '@airlift/wire';

const BOTH = [1, 2] as const;

const groupId = bits('McGroupID', 2, 'Which of the four groups');
const groupIdOctet = [groupId, rfu(6)] as const;

const sessionTime = u32('SessionTime', 'GPS seconds modulo 2^32 at which the session starts');
const channel = [
  frequency('DLFreq_Hz', 'Frequency of the session; 0 in class B = the default hopping'),
  u8('DR', 'Data rate index of the session, a downlink data rate'),
] as const;

/** Asks for a class C session. */
export const McClassCSessionReq = command({
  name: 'McClassCSessionReq',
  cid: 0x04,
  direction: 'down',
  versions: BOTH,
  section: 'TS005 4.5',
  doc: 'Makes the device listen continuously to the group from SessionTime on.',
  parts: [...groupIdOctet, sessionTime, bits('TimeOut', 4, 'The session lasts 2^TimeOut seconds'), rfu(4), ...channel],
});

/** Asks for a class B session. */
export const McClassBSessionReq = command({
  name: 'McClassBSessionReq',
  cid: 0x05,
  direction: 'down',
  versions: BOTH,
  section: 'TS005 4.6',
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

/** Accepts or refuses a class C session, version 1. */
export const McClassCSessionAns1 = command({
  name: 'McClassCSessionAns',
  cid: 0x04,
  direction: 'up',
  versions: [1],
  section: 'TS005-1.0.0 4.5',
  doc: SESSION_ANSWER,
  parts: sessionAns1,
});

/** Accepts or refuses a class C session, version 2. */
export const McClassCSessionAns2 = command({
  name: 'McClassCSessionAns',
  cid: 0x04,
  direction: 'up',
  versions: [2],
  section: 'TS005-2.0.0 4.5',
  doc: SESSION_ANSWER,
  parts: sessionAns2,
});

/** Accepts or refuses a class B session, version 1. */
export const McClassBSessionAns1 = command({
  name: 'McClassBSessionAns',
  cid: 0x05,
  direction: 'up',
  versions: [1],
  section: 'TS005-1.0.0 4.6',
  doc: SESSION_ANSWER,
  parts: sessionAns1,
});

/** Accepts or refuses a class B session, version 2. */
export const McClassBSessionAns2 = command({
  name: 'McClassBSessionAns',
  cid: 0x05,
  direction: 'up',
  versions: [2],
  section: 'TS005-2.0.0 4.6',
  doc: SESSION_ANSWER,
  parts: sessionAns2,
});
