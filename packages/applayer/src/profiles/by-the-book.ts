import type { DeviceProfile } from './device-profile.ts';

const MAX_U32 = 0xffff_ffff;

/** A device that does what version 1 of the packages says, and no more. */
export const byTheBookV1: DeviceProfile = {
  id: 'by-the-book-v1',
  title: 'By the specifications, version 1',
  notes: ['Nothing in version 1 checks the block: firmware must carry its own signature.'],
  packages: {
    clock: { version: 1, fPort: 202 },
    multicast: { version: 1, fPort: 200 },
    fragmentation: { version: 1, fPort: 201 },
  },
  commandsPerDownlink: 'one',
  clock: { asksDeviceTimeToo: false, wantsZeroCorrection: false, settablePeriod: true },
  multicast: {
    groups: [0, 1, 2, 3],
    classes: ['C', 'B'],
    sessionTime: 'gps',
    firstMcFCnt: 0,
    maxMcFCnt: MAX_U32,
    statusReqSafe: true,
    hopping: true,
    startSlackS: 5,
    quietBeforeStartS: 5,
    silentInSession: false,
  },
  fragmentation: {
    rowRule: 'v1',
    firstIndex: 1,
    sessions: 4,
    maxNbFrag: 16_383,
    minFragSize: 1,
    maxFragSize: 239,
    fragSizeMultiple: 1,
    setupSettleS: 0,
    integrity: 'none',
    ackReception: false,
    status: { received: 'count', missing: 'missing', overflow: 'saturates' },
  },
  keys: { scheme: 'ts005' },
};

/**
 * A device that does what version 2 of the packages says, with the row rule of every shipping open stack. A device
 * built from the text of TS004-2.0.0 alone needs `fragmentation.rowRule: 'v2a'`.
 */
export const byTheBookV2: DeviceProfile = {
  ...byTheBookV1,
  id: 'by-the-book-v2',
  title: 'By the specifications, version 2',
  notes: ['Row rule v2r, as all open stacks have it; the literal text of TS004-2.0.0 is rule v2a.'],
  packages: {
    clock: { version: 2, fPort: 202 },
    multicast: { version: 2, fPort: 200 },
    fragmentation: { version: 2, fPort: 201 },
    firmware: { version: 1, fPort: 203 },
  },
  fragmentation: { ...byTheBookV1.fragmentation, rowRule: 'v2r', integrity: 'ts004-v2-mic', ackReception: true },
};
