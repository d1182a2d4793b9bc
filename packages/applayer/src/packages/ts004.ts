import { bits, command, flag, isClear, mask, octets, rest, rfu, u8, u16, when } from '@airlift/wire';
import { ChecksumAns, ChecksumReq, FragSessionComplete } from './multitech-extension.ts';
import { PackageCodec, type PackageMessage } from './package-codec.ts';
import { packageVersionAns, packageVersionReq } from './package-version.ts';
import { isRepeatedStatus } from './status-answer-form.ts';

// Dialects: `multitech` is version 1 with MultiTech's private commands; `2-v1-status` is version 2 as STM32CubeWL
// builds it, with the fields of the status answer in the order of version 1.
const FIRST = [1, 'multitech'] as const;
const SECOND = [2, '2-v1-status'] as const;
const ALL = [...FIRST, ...SECOND] as const;

const fragIndexOctet = [bits('FragIndex', 2, 'Which of the four sessions'), rfu(6)] as const;

const FragSessionStatusReq = command({
  name: 'FragSessionStatusReq',
  cid: 0x01,
  direction: 'down',
  versions: ALL,
  section: 'TS004 3.2',
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

const FragSessionStatusAns1 = command({
  name: 'FragSessionStatusAns',
  cid: 0x01,
  direction: 'up',
  versions: FIRST,
  section: 'TS004-1.0.0 3.2',
  doc: 'How much of the block has arrived. Version 1 sends the status last.',
  parts: [
    ...receivedAndIndex,
    missingFrag,
    flag('NotEnoughMatrixMemory', 'Too many fragments were lost for the memory of the decoder'),
    rfu(7),
  ],
});

const FragSessionStatusAns2 = command({
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

const FragSessionStatusAnsV1Order = command({
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

const fragSession = [
  mask('McGroupBitMask', 4, 'Multicast groups, bit x = group x, that may feed the session; unicast always may'),
  bits('FragIndex', 2, 'Which of the four sessions'),
  rfu(2),
  u16('NbFrag', 'Number of uncoded fragments; a fragment number has 14 bits, so at most 16383 with the coded ones'),
  u8('FragSize', 'Octets per fragment'),
  bits('BlockAckDelay', 3, 'Answers are spread over 2^(BlockAckDelay+4) seconds'),
  bits('FragAlgo', 3, '0 = the forward error correction of the specification'),
] as const;
const paddingAndDescriptor = [
  u8('Padding', 'Filler octets in the last fragment: the block has NbFrag*FragSize-Padding octets'),
  octets('Descriptor', 4, 'Free; for instance product and firmware'),
] as const;

const FragSessionSetupReq1 = command({
  name: 'FragSessionSetupReq',
  cid: 0x02,
  direction: 'down',
  versions: FIRST,
  section: 'TS004-1.0.0 3.3',
  doc: 'Announces a block: 10 octets in version 1.',
  parts: [...fragSession, rfu(2), ...paddingAndDescriptor],
});

const FragSessionSetupReq2 = command({
  name: 'FragSessionSetupReq',
  cid: 0x02,
  direction: 'down',
  versions: SECOND,
  section: 'TS004-2.0.0 3.3',
  doc: 'Announces a block: 16 octets in version 2. Not readable by a device of version 1.',
  parts: [
    ...fragSession,
    flag('AckReception', 'The device sends FragDataBlockReceivedReq when the block is complete, until it is answered'),
    rfu(1),
    ...paddingAndDescriptor,
    u16('SessionCnt', 'Higher than in every earlier session of this device and FragIndex that received a fragment'),
    octets('MIC', 4, 'Integrity code over the block without padding, per device; in order on air'),
  ],
});

const FragSessionSetupAns1 = command({
  name: 'FragSessionSetupAns',
  cid: 0x02,
  direction: 'up',
  versions: FIRST,
  section: 'TS004-1.0.0 3.3',
  doc: 'Accepts the session when no error bit is set.',
  parts: [
    flag('EncodingUnsupported', 'Unknown FragAlgo'),
    flag('NotEnoughMemory', 'The block is larger than the device can hold'),
    flag('FragSessionIndexNotSupported', 'The device does not offer this FragIndex'),
    flag('WrongDescriptor', 'The device does not want this block'),
    rfu(2),
    bits('FragIndex', 2, 'Which of the four sessions'),
  ],
});

const FragSessionSetupAns2 = command({
  name: 'FragSessionSetupAns',
  cid: 0x02,
  direction: 'up',
  versions: SECOND,
  section: 'TS004-2.0.0 3.3',
  doc: 'Accepts the session when no error bit is set.',
  parts: [
    flag('EncodingUnsupported', 'Unknown FragAlgo'),
    flag('NotEnoughMemory', 'The block is larger than the device can hold'),
    flag('FragSessionIndexNotSupported', 'The device does not offer this FragIndex'),
    flag('WrongDescriptor', 'The device does not want this block'),
    flag('SessionCntReplay', 'SessionCnt is not higher than the last one used'),
    rfu(1),
    bits('FragIndex', 2, 'Which of the four sessions'),
  ],
});

const FragSessionDeleteReq = command({
  name: 'FragSessionDeleteReq',
  cid: 0x03,
  direction: 'down',
  versions: ALL,
  section: 'TS004 3.4',
  doc: 'Ends a session and frees its FragIndex.',
  parts: fragIndexOctet,
});

const FragSessionDeleteAns = command({
  name: 'FragSessionDeleteAns',
  cid: 0x03,
  direction: 'up',
  versions: ALL,
  section: 'TS004 3.4',
  doc: 'Answers FragSessionDeleteReq.',
  parts: [
    bits('FragIndex', 2, 'Which of the four sessions'),
    flag('SessionDoesNotExist', 'There was nothing to delete'),
    rfu(5),
  ],
});

const FragDataBlockReceivedReq = command({
  name: 'FragDataBlockReceivedReq',
  cid: 0x04,
  direction: 'up',
  versions: SECOND,
  section: 'TS004-2.0.0 3.6',
  doc: 'The device has the whole block, and says whether its MIC is right. Repeated until answered.',
  parts: [
    bits('FragIndex', 2, 'Which of the four sessions'),
    flag('MICError', 'The block is complete but its MIC is wrong'),
    rfu(5),
  ],
});

const FragDataBlockReceivedAns = command({
  name: 'FragDataBlockReceivedAns',
  cid: 0x04,
  direction: 'down',
  versions: SECOND,
  section: 'TS004-2.0.0 3.6',
  doc: 'Stops the repetition of FragDataBlockReceivedReq.',
  parts: fragIndexOctet,
});

const DataFragment = command({
  name: 'DataFragment',
  cid: 0x08,
  direction: 'down',
  versions: ALL,
  section: 'TS004 3.5',
  doc: 'One fragment of the block, unicast or multicast: N up to NbFrag is plain data, above it is coded.',
  alone: true,
  parts: [
    bits('N', 14, 'Number of the fragment, from 1 (from 0 on MultiTech firmware before 4.0)'),
    bits('FragIndex', 2, 'Which of the four sessions'),
    rest('data', 255, 'FragSize octets'),
  ],
});

/**
 * Fragmented data block transport, versions 1 and 2, and two dialects: `multitech` (version 1 with MultiTech's
 * checksum commands) and `2-v1-status` (version 2 with status answers in the order of version 1).
 */
export const ts004 = new PackageCodec({
  name: 'TS004',
  title: 'Fragmented data block transport',
  packageIdentifier: 3,
  defaultFPort: 201,
  versions: ALL,
  commands: [
    packageVersionReq('TS004 3.1', ALL),
    packageVersionAns('TS004 3.1', ALL),
    FragSessionStatusReq,
    FragSessionStatusAns1,
    FragSessionStatusAns2,
    FragSessionStatusAnsV1Order,
    FragSessionSetupReq1,
    FragSessionSetupReq2,
    FragSessionSetupAns1,
    FragSessionSetupAns2,
    FragSessionDeleteReq,
    FragSessionDeleteAns,
    FragDataBlockReceivedReq,
    FragDataBlockReceivedAns,
    DataFragment,
    ChecksumReq,
    ChecksumAns,
    FragSessionComplete,
  ],
});

/** Any version or dialect of TS004. */
export type Ts004Version = (typeof ts004.versions)[number];
/** Any uplink command of TS004 in any of its versions and dialects. */
export type Ts004Uplink = PackageMessage<(typeof ts004.commands)[number], Ts004Version, 'up'>;
/** Any downlink command of TS004 in any of its versions and dialects. */
export type Ts004Downlink = PackageMessage<(typeof ts004.commands)[number], Ts004Version, 'down'>;
