import type { Region } from './region.ts';
import { decreasingRx1, megahertz, PLAIN_LIMITS, REPEATER_LIMITS, SIX_NARROW, wholeBand } from './shared-tables.ts';

/** South Korea. */
export const KR920: Region = {
  name: 'KR920',
  channels: {
    kind: 'dynamic',
    defaultFrequenciesHz: megahertz(922.1, 922.3, 922.5),
    // The band ends at 923.3 MHz: four more on the raster.
    extraFrequenciesHz: megahertz(922.7, 922.9, 923.1, 923.3),
    dataRates: { min: 0, max: 5 },
    joinDataRates: { min: 0, max: 5 },
  },
  uplinkDataRates: SIX_NARROW,
  downlinkDataRates: SIX_NARROW,
  rx1: decreasingRx1(5, 5),
  rx2: { frequencyHz: 921_900_000, dataRate: 0 },
  payload: { plain: PLAIN_LIMITS.slice(0, 6), repeater: REPEATER_LIMITS.slice(0, 6) },
  // Devices must be weaker below 922 MHz; gateways need not.
  subBands: [
    wholeBand(920_900_000, 921_900_000, { dutyCycle: 1, downlinkEirpDbm: 23, deviceEirpDbm: 10 }),
    wholeBand(922_100_000, 923_300_000, { dutyCycle: 1, downlinkEirpDbm: 23, deviceEirpDbm: 14 }),
  ],
  rasterHz: 200_000,
  listenBeforeTalk: true,
  lastTxPower: 7,
  dwell: { uplink: false, downlink: false, settable: false },
  classB: { beaconHz: 923_100_000, beaconDataRate: 3, pingSlotHz: 923_100_000, pingSlotDataRate: 3 },
  multicast: { frequencyHz: 921_900_000, dataRate: 5 },
  gateway: { radiosHz: [922_400_000, 923_100_000] },
};
