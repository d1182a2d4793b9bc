import { byTheBookV1 } from './by-the-book.ts';
import type { DeviceProfile } from './device-profile.ts';

/** The LoRaWAN services of Zephyr with their default limits. */
export const zephyr: DeviceProfile = {
  ...byTheBookV1,
  id: 'zephyr',
  title: 'Zephyr LoRaWAN services',
  notes: [
    'Reports StartMissed although version 1 has no such bit; answers nothing when frequency and data rate are both wrong.',
    'Class B requests are not answered.',
    'Refuses a second fragmentation session, whatever its FragIndex, while one is open.',
    'McGroupBitMask is ignored.',
    'The decoder tolerates the loss of a share of the fragments set by the build, 20 % by default.',
  ],
  packages: { ...byTheBookV1.packages, clock: { version: 2, fPort: 202 } },
  multicast: { ...byTheBookV1.multicast, classes: ['C'], statusReqSafe: false, hopping: false },
  fragmentation: {
    ...byTheBookV1.fragmentation,
    sessions: 1,
    minFragSize: 48,
    maxFragSize: 232,
    fragSizeMultiple: 8,
    setupSettleS: 5,
    status: { received: 'count', missing: 'at-least', overflow: 'saturates' },
  },
};
