import type { Region } from './region.ts';
import {
  lrFhss,
  PLAIN_LIMITS,
  REPEATER_LIMITS,
  SF8_500,
  SIX_NARROW,
  WIDE_DOWNLINKS,
  WIDE_LIMITS,
  WIDE_REPEATER_LIMITS,
  wholeBand,
} from './shared-tables.ts';

const LR_FHSS_LIMIT = 50;
const SF11 = [9, 8, 8, 8, 8, 8];

/** Australia, Latin America. */
export const AU915: Region = {
  name: 'AU915',
  channels: {
    kind: 'fixed',
    narrow: {
      firstHz: 915_200_000,
      stepHz: 200_000,
      count: 64,
      dataRates: { min: 0, max: 5 },
      joinDataRate: 2,
    },
    wide: { firstHz: 915_900_000, stepHz: 1_600_000, count: 8, dataRate: 6 },
    downlink: { firstHz: 923_300_000, stepHz: 600_000, count: 8 },
  },
  uplinkDataRates: [...SIX_NARROW, SF8_500, lrFhss(1523, '1/3')],
  downlinkDataRates: WIDE_DOWNLINKS,
  rx1: [
    [8, 8, 8, 8, 8, 8],
    SF11,
    [10, 9, 8, 8, 8, 8],
    [11, 10, 9, 8, 8, 8],
    [12, 11, 10, 9, 8, 8],
    [13, 12, 11, 10, 9, 8],
    [13, 13, 12, 11, 10, 9],
    // The hopping data rate is answered as DR1 is.
    SF11,
  ],
  rx2: { frequencyHz: 923_300_000, dataRate: 8 },
  payload: {
    plain: [...PLAIN_LIMITS.slice(0, 7), LR_FHSS_LIMIT, ...WIDE_LIMITS],
    repeater: [...REPEATER_LIMITS.slice(0, 7), LR_FHSS_LIMIT, ...WIDE_REPEATER_LIMITS],
    dwell: [0, 0, 11, 53, 125, 242, 242, LR_FHSS_LIMIT, ...WIDE_LIMITS],
    dwellRepeater: [0, 0, 11, 53, 125, 222, 222, LR_FHSS_LIMIT, ...WIDE_REPEATER_LIMITS],
  },
  subBands: [wholeBand(915_000_000, 928_000_000, { dutyCycle: 1, downlinkEirpDbm: 30, deviceEirpDbm: 30 })],
  listenBeforeTalk: false,
  lastTxPower: 14,
  dwell: { uplink: true, downlink: false, settable: true },
  classB: { beaconHz: 'hopping', beaconDataRate: 8, pingSlotHz: 'hopping', pingSlotDataRate: 8 },
  multicast: { frequencyHz: 923_300_000, dataRate: 10 },
  gateway: {},
};
