import { bits, command, records, rest, rfu, u8 } from '@airlift/wire';
import { PackageCodec, type PackageMessage } from './package-codec.ts';
import { packageVersionAns, packageVersionReq } from './package-version.ts';

const FIRST = [1] as const;

const DevPackageReq = command({
  name: 'DevPackageReq',
  cid: 0x01,
  direction: 'down',
  versions: FIRST,
  section: 'TS007 4.2',
  doc: 'Asks for all packages of the device with version and port.',
  parts: [],
});

const DevPackageAns = command({
  name: 'DevPackageAns',
  cid: 0x01,
  direction: 'up',
  versions: FIRST,
  section: 'TS007 4.2',
  doc: 'All packages of the device.',
  parts: [
    bits('NbPackages', 4, 'Number of records'),
    rfu(4),
    records(
      'records',
      { countIn: 'NbPackages' },
      [
        u8('PackageIdentifier', 'Which package'),
        u8('PackageVersion', 'Its version'),
        u8('FPort', 'The port it listens on'),
      ],
      'One record per package',
    ),
  ],
});

const MultiPackBufferReq = command({
  name: 'MultiPackBufferReq',
  cid: 0x02,
  direction: 'down',
  versions: FIRST,
  section: 'TS007 4.4',
  doc: 'Asks for a part of the stored answers again. Sent without a token.',
  alone: true,
  parts: [
    u8('StartByte', 'Index of the first octet of the answers that is wanted'),
    u8('StopByte', 'Index of the last octet that is wanted'),
  ],
});

const MultiPackBufferFrag = command({
  name: 'MultiPackBufferFrag',
  cid: 0x02,
  direction: 'up',
  versions: FIRST,
  section: 'TS007 4.3',
  doc: 'A part of answers that are too long for one uplink. The last octet of the frame is the token; see `readMultiPackUplink`.',
  alone: true,
  parts: [
    u8('BaseByte', 'Index of the first octet within the answers; 0xFF = the request was wrong'),
    rest('data', 253, 'Octets of the answers, then the token'),
  ],
});

/**
 * Multi-package access, version 1: discovery of the packages, and frames that carry commands of several packages.
 * Those frames have a form of their own: see `encodeMultiPackage` and `readMultiPackDownlink`.
 */
export const ts007 = new PackageCodec({
  name: 'TS007',
  title: 'Multi-package access',
  packageIdentifier: 0,
  defaultFPort: 225,
  versions: FIRST,
  commands: [
    packageVersionReq('TS007 4.1', FIRST),
    packageVersionAns('TS007 4.1', FIRST),
    DevPackageReq,
    DevPackageAns,
    MultiPackBufferReq,
    MultiPackBufferFrag,
  ],
});

/** Any version of TS007. */
export type Ts007Version = (typeof ts007.versions)[number];
/** Any uplink command of TS007. */
export type Ts007Uplink = PackageMessage<(typeof ts007.commands)[number], Ts007Version, 'up'>;
/** Any downlink command of TS007. */
export type Ts007Downlink = PackageMessage<(typeof ts007.commands)[number], Ts007Version, 'down'>;
