import type { Region } from './region.ts';
import {
  lrFhss,
  SF8_500,
  SIX_NARROW,
  WIDE_DOWNLINKS,
  WIDE_LIMITS,
  WIDE_REPEATER_LIMITS,
  wholeBand,
} from './shared-tables.ts';

const FROM_SF10: readonly (readonly number[])[] = [
  [10, 9, 8, 8],
  [11, 10, 9, 8],
  [12, 11, 10, 9],
  [13, 12, 11, 10],
  [13, 13, 12, 11],
];

/** North America. */
export const US915: Region = {
  name: 'US915',
  channels: {
    kind: 'fixed',
    narrow: {
      firstHz: 902_300_000,
      stepHz: 200_000,
      count: 64,
      dataRates: { min: 0, max: 3 },
      joinDataRate: 0,
    },
    wide: { firstHz: 903_000_000, stepHz: 1_600_000, count: 8, dataRate: 4 },
    downlink: { firstHz: 923_300_000, stepHz: 600_000, count: 8 },
  },
  uplinkDataRates: [...SIX_NARROW.slice(2), SF8_500, lrFhss(1523, '1/3'), lrFhss(1523, '2/3')],
  downlinkDataRates: WIDE_DOWNLINKS,
  // The hopping data rates DR5 and DR6 are answered as DR0 and DR1 are.
  rx1: [...FROM_SF10, FROM_SF10[0], FROM_SF10[1]],
  rx2: { frequencyHz: 923_300_000, dataRate: 8 },
  payload: {
    plain: [11, 53, 125, 242, 242, 50, 125, undefined, ...WIDE_LIMITS],
    repeater: [11, 53, 125, 222, 222, 50, 125, undefined, ...WIDE_REPEATER_LIMITS],
  },
  subBands: [wholeBand(902_000_000, 928_000_000, { dutyCycle: 1, downlinkEirpDbm: 26, deviceEirpDbm: 30 })],
  listenBeforeTalk: false,
  lastTxPower: 10,
  // The 400 ms of the 125 kHz channels are law; the uplink payload limits above already keep them.
  dwell: { uplink: true, downlink: false, settable: false },
  classB: { beaconHz: 'hopping', beaconDataRate: 8, pingSlotHz: 'hopping', pingSlotDataRate: 8 },
  multicast: { frequencyHz: 923_300_000, dataRate: 10 },
  gateway: {},
};
