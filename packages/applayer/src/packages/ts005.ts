import { bits, command, flag, hex32, mask, octets, records, rfu, u8, u32 } from '@airlift/wire';
import {
  McClassBSessionAns1,
  McClassBSessionAns2,
  McClassBSessionReq,
  McClassCSessionAns1,
  McClassCSessionAns2,
  McClassCSessionReq,
} from './mc-session.ts';
import { PackageCodec, type PackageMessage } from './package-codec.ts';
import { packageVersionAns, packageVersionReq } from './package-version.ts';

const BOTH = [1, 2] as const;

const groupIdOctet = [bits('McGroupID', 2, 'Which of the four groups'), rfu(6)] as const;

const McGroupStatusReq = command({
  name: 'McGroupStatusReq',
  cid: 0x01,
  direction: 'down',
  versions: BOTH,
  section: 'TS005 4.2',
  doc: 'Asks which groups are set up. LoRaMac-node executes the mask octet as the next command: see the device profile.',
  parts: [mask('ReqGroupMask', 4, 'Groups asked for, bit x = group x'), rfu(4)],
});

const McGroupStatusAns = command({
  name: 'McGroupStatusAns',
  cid: 0x01,
  direction: 'up',
  versions: BOTH,
  section: 'TS005 4.2',
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
  section: 'TS005 4.3',
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
  section: 'TS005 4.3',
  doc: 'Accepts the group unless IDerror is set.',
  parts: [bits('McGroupID', 2, 'Which of the four groups'), flag('IDerror', 'The device has no such group'), rfu(5)],
});

const McGroupDeleteReq = command({
  name: 'McGroupDeleteReq',
  cid: 0x03,
  direction: 'down',
  versions: BOTH,
  section: 'TS005 4.4',
  doc: 'Deletes a group.',
  parts: groupIdOctet,
});

const McGroupDeleteAns = command({
  name: 'McGroupDeleteAns',
  cid: 0x03,
  direction: 'up',
  versions: BOTH,
  section: 'TS005 4.4',
  doc: 'Answers McGroupDeleteReq.',
  parts: [
    bits('McGroupID', 2, 'Which of the four groups'),
    flag('McGroupUndefined', 'There was no such group'),
    rfu(5),
  ],
});

/** Remote multicast setup, versions 1 and 2. Unicast only. */
export const ts005 = new PackageCodec({
  name: 'TS005',
  title: 'Remote multicast setup',
  packageIdentifier: 2,
  defaultFPort: 200,
  versions: BOTH,
  commands: [
    packageVersionReq('TS005 4.1', BOTH),
    packageVersionAns('TS005 4.1', BOTH),
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
