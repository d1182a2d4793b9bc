import type { Region } from './region.ts';
import {
  decreasingRx1,
  FSK_50,
  megahertz,
  PLAIN_LIMITS,
  REPEATER_LIMITS,
  SF7_250,
  SIX_NARROW,
  wholeBand,
} from './shared-tables.ts';

const DATA_RATES = [...SIX_NARROW, SF7_250, FSK_50];

/** Russia. */
export const RU864: Region = {
  name: 'RU864',
  channels: {
    kind: 'dynamic',
    defaultFrequenciesHz: megahertz(868.9, 869.1),
    extraFrequenciesHz: megahertz(864.1, 864.3, 864.5, 864.7, 864.9),
    dataRates: { min: 0, max: 5 },
    joinDataRates: { min: 0, max: 5 },
  },
  uplinkDataRates: DATA_RATES,
  downlinkDataRates: DATA_RATES,
  rx1: decreasingRx1(7, 5),
  rx2: { frequencyHz: 869_100_000, dataRate: 0 },
  payload: { plain: PLAIN_LIMITS, repeater: REPEATER_LIMITS },
  subBands: [wholeBand(864_000_000, 870_000_000, { dutyCycle: 0.01, downlinkEirpDbm: 16, deviceEirpDbm: 16 })],
  listenBeforeTalk: false,
  lastTxPower: 7,
  dwell: { uplink: false, downlink: false, settable: false },
  classB: { beaconHz: 869_100_000, beaconDataRate: 3, pingSlotHz: 868_900_000, pingSlotDataRate: 3 },
  multicast: { frequencyHz: 869_100_000, dataRate: 5 },
  gateway: { radiosHz: [864_500_000, 869_000_000] },
};
