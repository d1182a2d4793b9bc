import type { Region, RegionName } from './region.ts';
import {
  FSK_50,
  megahertz,
  PLAIN_LIMITS,
  REPEATER_LIMITS,
  SF7_250,
  SIX_NARROW,
  wholeBand,
  wrappingRx1,
} from './shared-tables.ts';

const DATA_RATES = [...SIX_NARROW, SF7_250, FSK_50];
/** SF12 and SF11 frames cannot be as short as 400 ms. */
const LOWEST_UNDER_DWELL = 2;

/** The four groups are one plan moved down by an offset; each has its own neighbours, hence its own other channels. */
function as923(
  name: RegionName,
  place: {
    readonly offsetHz: number;
    readonly fromMhz: number;
    readonly toMhz: number;
    readonly extraMhz: readonly number[];
    readonly radiosMhz: readonly [number, number];
  },
): Region {
  const at = (mhz: number): number => Math.round(mhz * 1e6) + place.offsetHz;
  const [fromHz = 0, toHz = 0, radio0 = 0, radio1 = 0] = megahertz(place.fromMhz, place.toMhz, ...place.radiosMhz);
  return {
    name,
    channels: {
      kind: 'dynamic',
      defaultFrequenciesHz: [at(923.2), at(923.4)],
      extraFrequenciesHz: megahertz(...place.extraMhz),
      dataRates: { min: 0, max: 5 },
      joinDataRates: { min: LOWEST_UNDER_DWELL, max: 5 },
    },
    uplinkDataRates: DATA_RATES,
    downlinkDataRates: DATA_RATES,
    rx1: wrappingRx1(7, 0, 7),
    rx1UnderDwell: wrappingRx1(7, LOWEST_UNDER_DWELL, 7),
    rx2: { frequencyHz: at(923.2), dataRate: 2 },
    payload: {
      plain: PLAIN_LIMITS.with(2, 115),
      repeater: REPEATER_LIMITS.with(2, 115),
      dwell: [0, 0, 11, 53, 125, 242, 242, 242],
      dwellRepeater: [0, 0, 11, 53, 125, 222, 222, 222],
      olderEditions: { 2: 51 },
    },
    subBands: [wholeBand(fromHz, toHz, { dutyCycle: 0.01, downlinkEirpDbm: 16, deviceEirpDbm: 16 })],
    listenBeforeTalk: false,
    lastTxPower: 7,
    dwell: { uplink: true, downlink: false, settable: true },
    classB: { beaconHz: at(923.4), beaconDataRate: 3, pingSlotHz: at(923.4), pingSlotDataRate: 3 },
    multicast: { frequencyHz: at(923.2), dataRate: 5 },
    gateway: { radiosHz: [radio0, radio1] },
  };
}

/** Asia, group 1: Japan, Singapore, Thailand and others. */
export const AS923_1 = as923('AS923-1', {
  offsetHz: 0,
  fromMhz: 915,
  toMhz: 928,
  extraMhz: [922.2, 922.4, 922.6, 922.8, 923],
  radiosMhz: [922.6, 923.4],
});

/** Asia, group 2: Indonesia, Vietnam. */
export const AS923_2 = as923('AS923-2', {
  offsetHz: -1_800_000,
  fromMhz: 915,
  toMhz: 928,
  extraMhz: [921.8, 922, 922.2, 922.4, 922.6],
  radiosMhz: [921.7, 922.4],
});

/** Asia, group 3: Philippines, Cuba. */
export const AS923_3 = as923('AS923-3', {
  offsetHz: -6_600_000,
  fromMhz: 915,
  toMhz: 928,
  extraMhz: [917, 917.2, 917.4, 917.6, 917.8],
  radiosMhz: [916.9, 917.6],
});

/** Asia, group 4: Israel, 917 to 920 MHz only. */
export const AS923_4 = as923('AS923-4', {
  offsetHz: -5_900_000,
  fromMhz: 917,
  toMhz: 920,
  extraMhz: [917.7, 917.9, 918.1, 918.3, 918.5],
  radiosMhz: [917.6, 918.3],
});
