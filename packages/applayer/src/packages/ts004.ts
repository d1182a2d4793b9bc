import { bits, command, flag, rest, rfu } from '@airlift/wire';
import {
  FragSessionSetupAns1,
  FragSessionSetupAns2,
  FragSessionSetupReq1,
  FragSessionSetupReq2,
} from './frag-session-setup.ts';
import {
  FragSessionStatusAns1,
  FragSessionStatusAns2,
  FragSessionStatusAnsV1Order,
  FragSessionStatusReq,
} from './frag-session-status.ts';
import { ChecksumAns, ChecksumReq, FragSessionComplete } from './multitech-extension.ts';
import { PackageCodec, type PackageMessage } from './package-codec.ts';
import { packageVersionAns, packageVersionReq } from './package-version.ts';
import { ALL, SECOND } from './ts004-dialects.ts';

const fragIndexOctet = [bits('FragIndex', 2, 'Which of the four sessions'), rfu(6)] as const;

const FragSessionDeleteReq = command({
  name: 'FragSessionDeleteReq',
  cid: 0x03,
  direction: 'down',
  versions: ALL,
  section: 'TS004-2.0.0 3.4',
  doc: 'Ends a session and frees its FragIndex.',
  parts: fragIndexOctet,
});

const FragSessionDeleteAns = command({
  name: 'FragSessionDeleteAns',
  cid: 0x03,
  direction: 'up',
  versions: ALL,
  section: 'TS004-2.0.0 3.4',
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
  section: 'TS004-2.0.0 3.5',
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
  section: 'TS004-2.0.0 3.5',
  doc: 'Stops the repetition of FragDataBlockReceivedReq.',
  parts: fragIndexOctet,
});

const DataFragment = command({
  name: 'DataFragment',
  cid: 0x08,
  direction: 'down',
  versions: ALL,
  section: 'TS004-2.0.0 3.6',
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
    packageVersionReq('TS004-2.0.0 3.1', ALL),
    packageVersionAns('TS004-2.0.0 3.1', ALL),
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
