import { alsoCalled, bits, command, flag, mask, octets, rfu, u8, u16 } from '@airlift/wire';
import { FIRST, SECOND } from './ts004-dialects.ts';

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

/** Announces a block, version 1. */
export const FragSessionSetupReq1 = command({
  name: 'FragSessionSetupReq',
  cid: 0x02,
  direction: 'down',
  versions: FIRST,
  section: 'TS004-1.0.0 3',
  doc: 'Announces a block: 10 octets in version 1.',
  parts: [...fragSession, rfu(2), ...paddingAndDescriptor],
});

/** Announces a block, version 2. */
export const FragSessionSetupReq2 = command({
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

// Version 2 says FragAlgo and FragIndex where version 1 said encoding and session index.
const setupErrors = [
  alsoCalled(flag('EncodingUnsupported', 'Unknown FragAlgo'), 'FragAlgoUnsupported'),
  flag('NotEnoughMemory', 'The block is larger than the device can hold'),
  alsoCalled(flag('FragSessionIndexNotSupported', 'The device does not offer this FragIndex'), 'FragIndexUnsupported'),
  flag('WrongDescriptor', 'The device does not want this block'),
] as const;

/** Accepts or refuses a block, version 1. */
export const FragSessionSetupAns1 = command({
  name: 'FragSessionSetupAns',
  cid: 0x02,
  direction: 'up',
  versions: FIRST,
  section: 'TS004-1.0.0 3',
  doc: 'Accepts the session when no error bit is set.',
  parts: [...setupErrors, rfu(2), bits('FragIndex', 2, 'Which of the four sessions')],
});

/** Accepts or refuses a block, version 2. */
export const FragSessionSetupAns2 = command({
  name: 'FragSessionSetupAns',
  cid: 0x02,
  direction: 'up',
  versions: SECOND,
  section: 'TS004-2.0.0 3.3',
  doc: 'Accepts the session when no error bit is set.',
  parts: [
    ...setupErrors,
    flag('SessionCntReplay', 'SessionCnt is not higher than the last one used'),
    rfu(1),
    bits('FragIndex', 2, 'Which of the four sessions'),
  ],
});
