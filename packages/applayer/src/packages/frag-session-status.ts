import { alsoCalled, bits, command, flag, isClear, rfu, u8, when } from '@airlift/wire';
import { isRepeatedStatus } from './status-answer-form.ts';
import { ALL, FIRST } from './ts004-dialects.ts';

/** Asks how much of the block has arrived. */
export const FragSessionStatusReq = command({
  name: 'FragSessionStatusReq',
  cid: 0x01,
  direction: 'down',
  versions: ALL,
  section: 'TS004-2.0.0 3.2',
  doc: 'Asks how much of the block has arrived; may be sent to the multicast address. Answers are spread over 2^(BlockAckDelay+4) seconds.',
  parts: [
    flag('Participants', '0: only devices that still miss fragments answer; 1: all do'),
    bits('FragIndex', 2, 'Which of the four sessions'),
    rfu(5),
  ],
});

const receivedAndIndex = [
  bits('NbFragReceived', 14, 'Fragments received since the session was set up; some stacks send the last number seen'),
  bits('FragIndex', 2, 'Which of the four sessions'),
] as const;
const missingFrag = u8(
  'MissingFrag',
  'Fragments neither received nor recovered; 255 = 255 or more; some stacks send it modulo 256',
);

/** The answer of version 1. */
export const FragSessionStatusAns1 = command({
  name: 'FragSessionStatusAns',
  cid: 0x01,
  direction: 'up',
  versions: FIRST,
  section: 'TS004-1.0.0 3',
  doc: 'How much of the block has arrived. Version 1 sends the status last.',
  parts: [
    ...receivedAndIndex,
    missingFrag,
    alsoCalled(
      flag('NotEnoughMatrixMemory', 'Too many fragments were lost for the memory of the decoder'),
      'MemoryError',
    ),
    rfu(7),
  ],
});

/** The answer of version 2. */
export const FragSessionStatusAns2 = command({
  name: 'FragSessionStatusAns',
  cid: 0x01,
  direction: 'up',
  versions: [2],
  section: 'TS004-2.0.0 3.2',
  doc: 'How much of the block has arrived. Version 2 sends the status first, and nothing after it when the session does not exist; some stacks send the other fields even then.',
  parts: [
    flag('MemoryError', 'Too many fragments were lost for the memory of the decoder', {
      meaninglessWhen: 'SessionDoesNotExist',
    }),
    flag('MICError', 'The block is complete but its MIC is wrong; valid when MissingFrag is 0', {
      meaninglessWhen: 'SessionDoesNotExist',
    }),
    flag('SessionDoesNotExist', 'No session has that FragIndex'),
    rfu(5),
    when(isClear('SessionDoesNotExist'), [...receivedAndIndex, missingFrag], isRepeatedStatus),
  ],
});

/** The answer of version 2 in the order of version 1. */
export const FragSessionStatusAnsV1Order = command({
  name: 'FragSessionStatusAns',
  cid: 0x01,
  direction: 'up',
  versions: ['2-v1-status'],
  section: 'TS004-2.0.0 3.2, deviating',
  doc: 'The status answer of version 2 with the fields in the order of version 1.',
  parts: [
    ...receivedAndIndex,
    missingFrag,
    flag('MemoryError', 'Too many fragments were lost for the memory of the decoder'),
    flag('MICError', 'The block is complete but its MIC is wrong'),
    flag('SessionDoesNotExist', 'No session has that FragIndex'),
    rfu(5),
  ],
});
