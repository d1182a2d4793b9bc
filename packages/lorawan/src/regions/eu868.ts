import type { Region, SubBand } from './region.ts';
import {
  decreasingRx1,
  FSK_50,
  lrFhss,
  megahertz,
  PLAIN_LIMITS,
  REPEATER_LIMITS,
  SF7_250,
  SIX_NARROW,
} from './shared-tables.ts';

const LR_FHSS_LIMITS = [50, 115, 50, 115];
const rx1 = decreasingRx1(7, 5);

function band(fromMhz: number, toMhz: number, dutyCycle: number, maxErpDbm: 14 | 27): SubBand {
  const [fromHz = 0, toHz = 0] = megahertz(fromMhz, toMhz);
  return { fromHz, toHz, dutyCycle, maxErpDbm, downlinkEirpDbm: maxErpDbm + 2, deviceEirpDbm: 16 };
}

/** Europe. */
export const EU868: Region = {
  name: 'EU868',
  channels: {
    kind: 'dynamic',
    defaultFrequenciesHz: megahertz(868.1, 868.3, 868.5),
    extraFrequenciesHz: megahertz(867.1, 867.3, 867.5, 867.7, 867.9),
    dataRates: { min: 0, max: 5 },
    joinDataRates: { min: 0, max: 5 },
  },
  uplinkDataRates: [
    ...SIX_NARROW,
    SF7_250,
    FSK_50,
    lrFhss(137, '1/3'),
    lrFhss(137, '2/3'),
    lrFhss(336, '1/3'),
    lrFhss(336, '2/3'),
  ],
  downlinkDataRates: [...SIX_NARROW, SF7_250, FSK_50],
  // The hopping data rates are answered as DR1 (rate 1/3) and DR2 (rate 2/3) are.
  rx1: [...rx1, rx1[1], rx1[2], rx1[1], rx1[2]],
  rx2: { frequencyHz: 869_525_000, dataRate: 0 },
  payload: {
    plain: [...PLAIN_LIMITS, ...LR_FHSS_LIMITS],
    repeater: [...REPEATER_LIMITS, ...LR_FHSS_LIMITS],
  },
  // The gaps between the sub-bands are refused by devices.
  subBands: [
    band(863, 865, 0.001, 14),
    band(865, 868, 0.01, 14),
    band(868, 868.6, 0.01, 14),
    band(868.7, 869.2, 0.001, 14),
    band(869.4, 869.65, 0.1, 27),
    band(869.7, 870, 0.01, 14),
  ],
  listenBeforeTalk: false,
  lastTxPower: 7,
  dwell: { uplink: false, downlink: false, settable: false },
  classB: { beaconHz: 869_525_000, beaconDataRate: 3, pingSlotHz: 869_525_000, pingSlotDataRate: 3 },
  multicast: { frequencyHz: 869_525_000, dataRate: 5 },
  gateway: {
    radiosHz: [867_500_000, 868_500_000],
    loraStd: { frequencyHz: 868_300_000, dataRate: 6 },
    fskHz: 868_800_000,
  },
};
