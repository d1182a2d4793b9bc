import { byTheBookV1, byTheBookV2 } from './by-the-book.ts';
import type { DeviceProfile } from './device-profile.ts';

const ZERO_KEY = '00000000000000000000000000000000';

/** MultiTech mDot and xDot from firmware 4.0, with mPower from 5.3. */
export const multitechDot4: DeviceProfile = {
  ...byTheBookV1,
  id: 'multitech-dot-4',
  title: 'MultiTech Dot, firmware 4',
  notes: [
    'Asks for the CRC-64 of the block before it installs it; without an answer it deletes the block.',
    'Parity fragments that follow too fast show as MIC errors: space them.',
    'The decoder tolerates 300 losses on an mDot, 150 on an xDot.',
    'Gateways before mPower 6.3.6 used a GenAppKey of zeros for all devices.',
  ],
  packages: { ...byTheBookV1.packages, fragmentation: { version: 'multitech', fPort: 201 } },
  commandsPerDownlink: 'several',
  multicast: { ...byTheBookV1.multicast, groups: [0, 1, 2], classes: ['C'], firstMcFCnt: 1, hopping: false },
  fragmentation: {
    ...byTheBookV1.fragmentation,
    maxLosses: 150,
    setupSettleS: 5,
    integrity: 'mts-crc64',
  },
  keys: { scheme: 'ts005', defaultRootKey: ZERO_KEY },
};

/** MultiTech mDot and xDot up to firmware 3.3, with mPower before 5.3. */
export const multitechDot3: DeviceProfile = {
  ...multitechDot4,
  id: 'multitech-dot-3',
  title: 'MultiTech Dot, firmware 3',
  notes: [
    'McKEKey is sixteen zero octets: whoever listens can derive the multicast keys.',
    'Fragments are numbered from 0, and SessionTime holds the seconds that are left.',
    'Asks for the CRC-64 of the block, in the older form without FragIndex.',
  ],
  multicast: { ...multitechDot4.multicast, sessionTime: 'countdown', maxMcFCnt: 0 },
  fragmentation: { ...multitechDot4.fragmentation, firstIndex: 0 },
  keys: { scheme: 'kek-zero' },
};

/** MultiTech Dots with the library that brought version 2 packages, firmware management and multi-package access. */
export const multitechDotNewest: DeviceProfile = {
  ...byTheBookV2,
  id: 'multitech-dot-newest',
  title: 'MultiTech Dot, version 2 packages',
  notes: [
    'The image is wrapped in a signed manifest, which the device checks by itself.',
    'SessionCnt can be reset on the device.',
  ],
  packages: { ...byTheBookV2.packages, multiPackage: { version: 1, fPort: 225 } },
  multicast: { ...byTheBookV2.multicast, classes: ['C'], hopping: false },
  fragmentation: { ...byTheBookV2.fragmentation, setupSettleS: 5 },
  keys: { scheme: 'ts005', defaultRootKey: ZERO_KEY },
};
