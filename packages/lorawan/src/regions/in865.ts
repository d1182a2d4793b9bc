import type { ByDataRate, Region } from './region.ts';
import {
  FSK_50,
  megahertz,
  PLAIN_LIMITS,
  REPEATER_LIMITS,
  SIX_NARROW,
  wholeBand,
  wrappingRx1,
} from './shared-tables.ts';

const DATA_RATES = [...SIX_NARROW, undefined, FSK_50];
const withoutDr6 = (limits: readonly number[]): ByDataRate<number> =>
  limits.map((limit, dataRate) => (dataRate === 6 ? undefined : limit));

/** India. */
export const IN865: Region = {
  name: 'IN865',
  channels: {
    kind: 'dynamic',
    defaultFrequenciesHz: megahertz(865.0625, 865.4025, 865.985),
    extraFrequenciesHz: megahertz(865.2325, 865.5725, 865.785, 866.185, 866.385),
    dataRates: { min: 0, max: 5 },
    joinDataRates: { min: 0, max: 5 },
  },
  uplinkDataRates: DATA_RATES,
  downlinkDataRates: DATA_RATES,
  // There is no DR6. Implementations differ where the rule leads to it (offsets 6 and 7 from DR4 on); RP002 stops at DR5,
  // and so do we. Networks do best with offsets 0..5.
  rx1: wrappingRx1(7, 0, 5).map((row, dataRate) =>
    dataRate === 6 ? undefined : row?.map((answer, offset) => (dataRate === 7 && offset === 0 ? 7 : answer)),
  ),
  rx2: { frequencyHz: 866_550_000, dataRate: 2 },
  payload: { plain: withoutDr6(PLAIN_LIMITS), repeater: withoutDr6(REPEATER_LIMITS) },
  subBands: [wholeBand(865_000_000, 867_000_000, { dutyCycle: 1, downlinkEirpDbm: 30, deviceEirpDbm: 30 })],
  listenBeforeTalk: false,
  lastTxPower: 10,
  dwell: { uplink: false, downlink: false, settable: false },
  classB: { beaconHz: 866_550_000, beaconDataRate: 4, pingSlotHz: 866_550_000, pingSlotDataRate: 4 },
  multicast: { frequencyHz: 866_550_000, dataRate: 5 },
  gateway: { radiosHz: [865_300_000, 866_085_000] },
};
