import { byTheBookV2 } from './by-the-book.ts';
import type { DeviceProfile, FragmentationHabits } from './device-profile.ts';
import { loramacNode } from './loramac-node.ts';

// Derived from LoRaMac-node, with limits set by each build. Decoders of older releases never return from a block of
// 2040 fragments or more.
const LIMITS: Pick<FragmentationHabits, 'maxNbFrag' | 'maxFragSize'> = { maxNbFrag: 2039, maxFragSize: 239 };
const { maxLosses: _, ...loramacFragmentation } = loramacNode.fragmentation;
const NOTES = [
  'Limits, among them a smallest FragSize and the number of losses, are set by the build: narrow this profile to it.',
  'Fragments from groups outside McGroupBitMask are dropped.',
];

/** ST's STM32CubeWL with version 1 packages. */
export const stm32cubewlV1: DeviceProfile = {
  ...loramacNode,
  id: 'stm32cubewl-v1',
  title: 'STM32CubeWL, version 1 packages',
  notes: NOTES,
  fragmentation: { ...loramacFragmentation, ...LIMITS },
};

/** ST's STM32CubeWL with version 2 packages. */
export const stm32cubewlV2: DeviceProfile = {
  ...stm32cubewlV1,
  id: 'stm32cubewl-v2',
  title: 'STM32CubeWL, version 2 packages',
  notes: [
    ...NOTES,
    'Status answers have the octet order of version 1.',
    'Repeats FragDataBlockReceivedReq every 1.5 s until it is answered: answer at once.',
    'Forgets the last SessionCnt at reboot.',
  ],
  packages: { ...byTheBookV2.packages, fragmentation: { version: '2-v1-status', fPort: 201 } },
  fragmentation: {
    ...stm32cubewlV1.fragmentation,
    rowRule: 'v2r',
    integrity: 'ts004-v2-mic',
    ackReception: true,
  },
};
