import { toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import {
  adrDataRates,
  beaconFrequencyHz,
  dataRateIndex,
  demodulationFloorDb,
  deviceEirpDbm,
  downlinkChannelsHz,
  downlinkEirpDbm,
  downlinkModulation,
  formatDatr,
  gatewayPlan,
  linkAdrMasks,
  maxPayloadOctets,
  maxRx1DrOffset,
  multicastProblem,
  parseDatr,
  parseRegion,
  pingSlotFrequencyHz,
  REGION_NAMES,
  type RegionName,
  region,
  regionCfList,
  rx1DataRate,
  rx1FrequencyHz,
  safeMulticastPayloadOctets,
  subBandAt,
  subBandChannels,
  timeOnAirMs,
  uplinkChannelIndex,
  uplinkChannels,
  uplinkModulation,
} from '../src/index.ts';
import { l2 } from './vectors.ts';

const mhz = (...values: readonly number[]): number[] => values.map((value) => Math.round(value * 1e6));
const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('names', () => {
  it('are read in any case', () => {
    for (const name of REGION_NAMES) expect(parseRegion(name.toLowerCase()).name).toBe(name);
    expect(parseRegion('AS923').name).toBe('AS923-1');
    expect(() => parseRegion('CN470')).toThrow(expect.objectContaining({ code: 'region-unknown', kind: 'caller' }));
    expect(() => parseRegion('toString')).toThrow(expect.objectContaining({ code: 'region-unknown' }));
  });
});

// Section D.1 and 10.2: channels, join data rates, RX2, power.
const PLANS: readonly [RegionName, number[], [number, number], number, number, number, number][] = [
  ['EU868', mhz(868.1, 868.3, 868.5), [0, 5], 869_525_000, 0, 16, 7],
  ['IN865', mhz(865.0625, 865.4025, 865.985), [0, 5], 866_550_000, 2, 30, 10],
  ['KR920', mhz(922.1, 922.3, 922.5), [0, 5], 921_900_000, 0, 14, 7],
  ['RU864', mhz(868.9, 869.1), [0, 5], 869_100_000, 0, 16, 7],
  ['AS923-1', mhz(923.2, 923.4), [2, 5], 923_200_000, 2, 16, 7],
  ['AS923-2', mhz(921.4, 921.6), [2, 5], 921_400_000, 2, 16, 7],
  ['AS923-3', mhz(916.6, 916.8), [2, 5], 916_600_000, 2, 16, 7],
  ['AS923-4', mhz(917.3, 917.5), [2, 5], 917_300_000, 2, 16, 7],
];

describe('dynamic plans', () => {
  it.each(PLANS)('%s', (name, frequencies, [joinMin, joinMax], rx2Hz, rx2Dr, eirp, lastTxPower) => {
    const plan = region(name);
    const channels = uplinkChannels(plan, []);
    expect(channels.map((channel) => channel.frequencyHz)).toEqual(frequencies);
    for (const channel of channels) {
      expect(channel.dataRates).toEqual({ min: 0, max: 5 });
      expect(channel.joinDataRates).toEqual({ min: joinMin, max: joinMax });
      expect(rx1FrequencyHz(plan, channel.frequencyHz)).toBe(channel.frequencyHz);
      expect(deviceEirpDbm(plan, channel.frequencyHz, 0)).toBe(eirp);
      expect(deviceEirpDbm(plan, channel.frequencyHz, lastTxPower)).toBe(eirp - 2 * lastTxPower);
      expect(deviceEirpDbm(plan, channel.frequencyHz, lastTxPower + 1)).toBeUndefined();
    }
    expect(plan.rx2).toEqual({ frequencyHz: rx2Hz, dataRate: rx2Dr });
    expect(adrDataRates(plan)).toEqual({ min: 0, max: 5 });
  });

  it('have further channels, which take the numbers after the default ones', () => {
    const eu = region('EU868');
    expect(uplinkChannels(eu).map((channel) => channel.frequencyHz)).toEqual(
      mhz(868.1, 868.3, 868.5, 867.1, 867.3, 867.5, 867.7, 867.9),
    );
    expect(uplinkChannels(eu)[3]?.joinDataRates).toBeUndefined();
    expect(uplinkChannelIndex(eu, 867_900_000)).toBe(7);
    expect(uplinkChannelIndex(eu, 867_200_000)).toBeUndefined();
    const holes = [0, 864_100_000];
    expect(uplinkChannelIndex(eu, 864_100_000, holes)).toBe(4);
    expect(uplinkChannelIndex(eu, 0, holes)).toBeUndefined();
    expect(uplinkChannels(eu, holes).map((channel) => channel.index)).toEqual([0, 1, 2, 4]);
  });

  it('count channels in the order of the CFList', () => {
    expect(toHex(regionCfList(region('EU868')))).toBe(l2.cflist.find(({ id }) => id === 'EU868')?.hex);
    expect(toHex(regionCfList(region('AS923-1')))).toBe(l2.cflist.find(({ id }) => id === 'AS923-1')?.hex);
    const frequenciesHz = l2.cflist.find(({ id }) => id === 'IN865')?.freqs ?? [];
    expect(toHex(regionCfList(region('IN865'), { frequenciesHz }))).toBe(
      l2.cflist.find(({ id }) => id === 'IN865')?.hex,
    );
  });

  it('switch channels with one mask', () => {
    expect(linkAdrMasks(region('EU868'), range(0, 7))).toEqual([{ chMask: 0xff, chMaskCntl: 0 }]);
    expect(() => linkAdrMasks(region('EU868'), [])).toThrow(expect.objectContaining({ code: 'channel-set' }));
    expect(() => linkAdrMasks(region('EU868'), [16])).toThrow(expect.objectContaining({ code: 'channel-set' }));
    expect(() => subBandChannels(region('EU868'), 1)).toThrow(expect.objectContaining({ code: 'sub-band' }));
  });

  it('hold all their frequencies within their sub-bands', () => {
    for (const name of REGION_NAMES) {
      const plan = region(name);
      for (const { frequencyHz } of uplinkChannels(plan)) expect(subBandAt(plan, frequencyHz), name).toBeDefined();
      expect(downlinkEirpDbm(plan, plan.rx2.frequencyHz)).toBeGreaterThanOrEqual(14);
      expect(multicastProblem(plan, plan.rx2), name).toBeUndefined();
      expect(multicastProblem(plan, plan.multicast), name).toBeUndefined();
      for (const hz of [plan.classB.beaconHz, plan.classB.pingSlotHz]) {
        if (hz !== 'hopping') expect(subBandAt(plan, hz)).toBeDefined();
      }
    }
  });
});

describe('fixed plans', () => {
  it.each([
    ['US915', 902.3, 903, [0, 3], 0, 4],
    ['AU915', 915.2, 915.9, [0, 5], 2, 6],
  ] as const)('%s has 72 channels', (name, first, firstWide, [min, max], joinDr, wideDr) => {
    const plan = region(name);
    const channels = uplinkChannels(plan);
    expect(channels.map(({ index }) => index)).toEqual(range(0, 71));
    for (const { index, frequencyHz, dataRates, joinDataRates } of channels) {
      const narrow = index < 64;
      expect(frequencyHz).toBe(Math.round((narrow ? first + 0.2 * index : firstWide + 1.6 * (index - 64)) * 1e6));
      expect(dataRates).toEqual(narrow ? { min, max } : { min: wideDr, max: wideDr });
      expect(joinDataRates?.min).toBe(narrow ? joinDr : wideDr);
      expect(uplinkChannelIndex(plan, frequencyHz)).toBe(index);
      expect(rx1FrequencyHz(plan, frequencyHz)).toBe(Math.round((923.3 + 0.6 * (index % 8)) * 1e6));
    }
    expect(uplinkChannelIndex(plan, 923_300_000)).toBeUndefined();
    expect(rx1FrequencyHz(plan, Math.round(first * 1e6) - 200_000)).toBeUndefined();
    expect(plan.rx2).toEqual({ frequencyHz: 923_300_000, dataRate: 8 });
    expect(downlinkChannelsHz(plan)).toEqual(mhz(923.3, 923.9, 924.5, 925.1, 925.7, 926.3, 926.9, 927.5));
    expect(adrDataRates(plan)).toEqual({ min, max });
    expect(deviceEirpDbm(plan, 923_300_000, 0)).toBe(30);
    expect(deviceEirpDbm(plan, 923_300_000, 10)).toBe(10);
  });

  // Section D.3.
  it.each(range(1, 8))('sub-band %i is switched on with two blocks', (s) => {
    expect(linkAdrMasks(region('US915'), subBandChannels(region('US915'), s))).toEqual([
      { chMask: 1 << (s - 1), chMaskCntl: 7 },
      { chMask: 0xff << (8 * ((s - 1) & 1)), chMaskCntl: (s - 1) >> 1 },
    ]);
  });

  it('sub-band 2 is FF00 in the first bank and channel 65', () => {
    expect(subBandChannels(region('AU915'), 2)).toEqual([...range(8, 15), 65]);
    expect(linkAdrMasks(region('AU915'), [...range(8, 15), 65])).toEqual([
      { chMask: 2, chMaskCntl: 7 },
      { chMask: 0xff00, chMaskCntl: 0 },
    ]);
    expect(toHex(regionCfList(region('US915'), { subBand: 2 }))).toBe(
      l2.cflist.find(({ id }) => id === 'US915-sb2')?.hex,
    );
    expect(toHex(regionCfList(region('US915')))).toBe(l2.cflist.find(({ id }) => id === 'US915-all')?.hex);
    expect(() => subBandChannels(region('US915'), 9)).toThrow(expect.objectContaining({ code: 'sub-band' }));
  });

  it('all channels and odd sets are switched too', () => {
    expect(linkAdrMasks(region('US915'), range(0, 71))).toEqual([{ chMask: 0xff, chMaskCntl: 6 }]);
    expect(linkAdrMasks(region('US915'), [0, 17, 63])).toEqual([
      { chMask: 0, chMaskCntl: 7 },
      { chMask: 1, chMaskCntl: 0 },
      { chMask: 2, chMaskCntl: 1 },
      { chMask: 0x8000, chMaskCntl: 3 },
    ]);
  });
});

// Section 10.2 and D.2.
describe('data rates', () => {
  const SF12_TO_7 = ['SF12BW125', 'SF11BW125', 'SF10BW125', 'SF9BW125', 'SF8BW125', 'SF7BW125'];
  const WIDE = ['SF12BW500', 'SF11BW500', 'SF10BW500', 'SF9BW500', 'SF8BW500', 'SF7BW500'];
  const none = (count: number): undefined[] => Array.from({ length: count }, () => undefined);

  it.each([
    ['EU868', [...SF12_TO_7, 'SF7BW250', 50_000]],
    ['RU864', [...SF12_TO_7, 'SF7BW250', 50_000]],
    ['AS923-1', [...SF12_TO_7, 'SF7BW250', 50_000]],
    ['AS923-4', [...SF12_TO_7, 'SF7BW250', 50_000]],
    ['IN865', [...SF12_TO_7, undefined, 50_000]],
    ['KR920', SF12_TO_7],
    ['US915', [...none(8), ...WIDE]],
    ['AU915', [...none(8), ...WIDE]],
  ] as const)('downlinks of %s', (name, expected) => {
    const found = region(name).downlinkDataRates.map((modulation) => modulation && formatDatr(modulation));
    expect(found).toEqual(expected);
  });

  it.each([
    ['US915', ['SF10BW125', 'SF9BW125', 'SF8BW125', 'SF7BW125', 'SF8BW500', 'M0CW1523', 'M0CW1523']],
    ['AU915', [...SF12_TO_7, 'SF8BW500', 'M0CW1523']],
    ['EU868', [...SF12_TO_7, 'SF7BW250', 50_000, 'M0CW137', 'M0CW137', 'M0CW336', 'M0CW336']],
  ] as const)('uplinks of %s', (name, expected) => {
    expect(region(name).uplinkDataRates.map((modulation) => modulation && formatDatr(modulation))).toEqual(expected);
  });

  it('are found from their modulation, by direction', () => {
    for (const name of REGION_NAMES) {
      const plan = region(name);
      plan.uplinkDataRates.forEach((modulation, dr) => {
        if (modulation === undefined) return;
        expect(dataRateIndex(plan, 'up', modulation)).toBe(dr);
        expect(uplinkModulation(plan, dr)).toBe(modulation);
        const codr = modulation.kind === 'lr-fhss' ? { '1/3': '2/6', '2/3': '4/6' }[modulation.codingRate] : '4/5';
        expect(parseDatr(formatDatr(modulation), codr)).toEqual(modulation);
      });
      plan.downlinkDataRates.forEach((modulation, dr) => {
        if (modulation === undefined) return;
        expect(dataRateIndex(plan, 'down', modulation)).toBe(dr);
        expect(downlinkModulation(plan, dr)).toBe(modulation);
      });
    }
    const wideSf8 = { kind: 'lora', spreadingFactor: 8, bandwidthKhz: 500 } as const;
    expect(dataRateIndex(region('US915'), 'up', wideSf8)).toBe(4);
    expect(dataRateIndex(region('US915'), 'down', wideSf8)).toBe(12);
    expect(dataRateIndex(region('AU915'), 'up', wideSf8)).toBe(6);
    expect(dataRateIndex(region('EU868'), 'up', wideSf8)).toBeUndefined();
    expect(() => downlinkModulation(region('US915'), 4)).toThrow(
      expect.objectContaining({ code: 'data-rate-undefined' }),
    );
  });

  it.each(['SF7', 'SF7BW', 'BW125', '', 'MxCW137'])('cannot be read from %j', (datr) => {
    expect(() => parseDatr(datr)).toThrow(expect.objectContaining({ code: 'datr-unreadable', kind: 'peer' }));
  });

  it('have a demodulation floor', () => {
    const floor = (spreadingFactor: number, bandwidthKhz: number) =>
      demodulationFloorDb({ kind: 'lora', spreadingFactor, bandwidthKhz });
    expect([7, 8, 9, 10, 11, 12].map((sf) => floor(sf, 125))).toEqual([-7.5, -10, -12.5, -15, -17.5, -20]);
    expect(floor(7, 250)).toBe(-4.5);
    expect(floor(12, 500)).toBe(-14);
    expect(demodulationFloorDb({ kind: 'fsk', bitRate: 50_000 })).toBeUndefined();
  });
});

// Section D.2.
describe('RX1 data rates', () => {
  const rows = (name: RegionName, dwell = false) => (dwell ? region(name).rx1UnderDwell : region(name).rx1) ?? [];

  it('of EU868, RU864 and KR920 fall with the offset', () => {
    for (const [name, last] of [
      ['EU868', 7],
      ['RU864', 7],
      ['KR920', 5],
    ] as const) {
      for (const dr of range(0, last)) {
        for (const offset of range(0, 5)) {
          expect(rx1DataRate(region(name), dr, offset)).toBe(Math.max(0, dr - offset));
        }
        expect(rx1DataRate(region(name), dr, 6)).toBeUndefined();
      }
      expect(maxRx1DrOffset(region(name))).toBe(5);
    }
    expect(rx1DataRate(region('KR920'), 6, 0)).toBeUndefined();
    for (const [hopping, as] of [
      [8, 1],
      [9, 2],
      [10, 1],
      [11, 2],
    ] as const) {
      expect(rows('EU868')[hopping]).toEqual(rows('EU868')[as]);
    }
  });

  it('of AS923 rise again with offsets 6 and 7 and know a dwell time', () => {
    for (const name of ['AS923-1', 'AS923-2', 'AS923-3', 'AS923-4'] as const) {
      expect(rows(name)).toEqual([
        [0, 0, 0, 0, 0, 0, 1, 2],
        [1, 0, 0, 0, 0, 0, 2, 3],
        [2, 1, 0, 0, 0, 0, 3, 4],
        [3, 2, 1, 0, 0, 0, 4, 5],
        [4, 3, 2, 1, 0, 0, 5, 6],
        [5, 4, 3, 2, 1, 0, 6, 7],
        [6, 5, 4, 3, 2, 1, 7, 7],
        [7, 6, 5, 4, 3, 2, 7, 7],
      ]);
      expect(rows(name, true)).toEqual([
        [2, 2, 2, 2, 2, 2, 2, 2],
        [2, 2, 2, 2, 2, 2, 2, 3],
        [2, 2, 2, 2, 2, 2, 3, 4],
        [3, 2, 2, 2, 2, 2, 4, 5],
        [4, 3, 2, 2, 2, 2, 5, 6],
        [5, 4, 3, 2, 2, 2, 6, 7],
        [6, 5, 4, 3, 2, 2, 7, 7],
        [7, 6, 5, 4, 3, 2, 7, 7],
      ]);
      expect(rx1DataRate(region(name), 0, 0, true)).toBe(2);
      expect(rx1DataRate(region(name), 5, 5)).toBe(0);
    }
  });

  it('of IN865 never name the missing DR6', () => {
    for (const dr of range(0, 5)) {
      for (const offset of range(0, 5)) expect(rx1DataRate(region('IN865'), dr, offset)).toBe(Math.max(0, dr - offset));
    }
    expect(rows('IN865').flat()).not.toContain(6);
    expect(rx1DataRate(region('IN865'), 7, 0)).toBe(7);
    expect(rx1DataRate(region('IN865'), 5, 7)).toBe(5);
  });

  it('of US915', () => {
    expect(rows('US915')).toEqual([
      [10, 9, 8, 8],
      [11, 10, 9, 8],
      [12, 11, 10, 9],
      [13, 12, 11, 10],
      [13, 13, 12, 11],
      [10, 9, 8, 8],
      [11, 10, 9, 8],
    ]);
    expect(maxRx1DrOffset(region('US915'))).toBe(3);
  });

  it('of AU915', () => {
    expect(rows('AU915')).toEqual([
      [8, 8, 8, 8, 8, 8],
      [9, 8, 8, 8, 8, 8],
      [10, 9, 8, 8, 8, 8],
      [11, 10, 9, 8, 8, 8],
      [12, 11, 10, 9, 8, 8],
      [13, 12, 11, 10, 9, 8],
      [13, 13, 12, 11, 10, 9],
      [9, 8, 8, 8, 8, 8],
    ]);
    // Without a dwell table of its own the flag changes nothing.
    expect(rx1DataRate(region('AU915'), 0, 0, true)).toBe(8);
  });
});

// Section 10.1.
describe('payload limits', () => {
  const u = undefined;
  const table = (name: RegionName, circumstances: Parameters<typeof maxPayloadOctets>[2] = {}) =>
    range(0, 13).map((dr) => maxPayloadOctets(region(name), dr, circumstances));

  it.each<[RegionName, boolean, boolean, (number | undefined)[]]>([
    ['EU868', false, false, [51, 51, 51, 115, 242, 242, 242, 242, 50, 115, 50, 115, u, u]],
    ['EU868', true, false, [51, 51, 51, 115, 222, 222, 222, 222, 50, 115, 50, 115, u, u]],
    ['EU868', false, true, [51, 51, 51, 115, 242, 242, 242, 242, 50, 115, 50, 115, u, u]],
    ['IN865', false, false, [51, 51, 51, 115, 242, 242, u, 242, u, u, u, u, u, u]],
    ['IN865', true, false, [51, 51, 51, 115, 222, 222, u, 222, u, u, u, u, u, u]],
    ['KR920', false, false, [51, 51, 51, 115, 242, 242, u, u, u, u, u, u, u, u]],
    ['KR920', true, false, [51, 51, 51, 115, 222, 222, u, u, u, u, u, u, u, u]],
    ['RU864', false, false, [51, 51, 51, 115, 242, 242, 242, 242, u, u, u, u, u, u]],
    ['AS923-1', false, false, [51, 51, 115, 115, 242, 242, 242, 242, u, u, u, u, u, u]],
    ['AS923-2', true, false, [51, 51, 115, 115, 222, 222, 222, 222, u, u, u, u, u, u]],
    ['AS923-3', false, true, [0, 0, 11, 53, 125, 242, 242, 242, u, u, u, u, u, u]],
    ['AS923-4', true, true, [0, 0, 11, 53, 125, 222, 222, 222, u, u, u, u, u, u]],
    ['US915', false, false, [11, 53, 125, 242, 242, 50, 125, u, 53, 129, 242, 242, 242, 242]],
    ['US915', true, false, [11, 53, 125, 222, 222, 50, 125, u, 33, 109, 222, 222, 222, 222]],
    ['AU915', false, false, [51, 51, 51, 115, 242, 242, 242, 50, 53, 129, 242, 242, 242, 242]],
    ['AU915', true, false, [51, 51, 51, 115, 222, 222, 222, 50, 33, 109, 222, 222, 222, 222]],
    ['AU915', false, true, [0, 0, 11, 53, 125, 242, 242, 50, 53, 129, 242, 242, 242, 242]],
  ])('%s, repeater %s, dwell %s', (name, repeater, dwell, expected) => {
    expect(table(name, { repeater, dwell })).toEqual(expected);
  });

  it('for multicast keep to the smallest of the editions', () => {
    const safe = (name: RegionName) => range(0, 13).map((dr) => safeMulticastPayloadOctets(region(name), dr));
    expect(safe('EU868')).toEqual([51, 51, 51, 115, 222, 222, 222, 222, u, u, u, u, u, u]);
    expect(safe('AS923-1')).toEqual([51, 51, 51, 115, 222, 222, 222, 222, u, u, u, u, u, u]);
    expect(safe('US915')).toEqual([u, u, u, u, u, u, u, u, 33, 109, 222, 222, 222, 222]);
    // The fragment sizes of section 10.1.
    expect(safe('US915').map((n) => n && n - 3)).toEqual([u, u, u, u, u, u, u, u, 30, 106, 219, 219, 219, 219]);
  });

  it('of US915 keep the slowest uplinks just under 400 ms', () => {
    const uplink = { spreadingFactor: 10, bandwidthKhz: 125, payloadCrc: true };
    expect(timeOnAirMs({ ...uplink, payloadOctets: 13 + (maxPayloadOctets(region('US915'), 0) ?? 0) })).toBe(370.688);
    expect(timeOnAirMs({ ...uplink, payloadOctets: 13 + 14 })).toBeGreaterThan(400);
  });
});

// Section 10.3 and D.4.
describe('sub-bands', () => {
  it('of EU868', () => {
    expect(
      region('EU868').subBands.map(({ fromHz, toHz, dutyCycle, maxErpDbm }) => [fromHz, toHz, dutyCycle, maxErpDbm]),
    ).toEqual([
      [863_000_000, 865_000_000, 0.001, 14],
      [865_000_000, 868_000_000, 0.01, 14],
      [868_000_000, 868_600_000, 0.01, 14],
      [868_700_000, 869_200_000, 0.001, 14],
      [869_400_000, 869_650_000, 0.1, 27],
      [869_700_000, 870_000_000, 0.01, 14],
    ]);
    const eu = region('EU868');
    expect(downlinkEirpDbm(eu, 869_525_000)).toBe(29);
    expect(downlinkEirpDbm(eu, 868_100_000)).toBe(16);
    for (const gap of [862.9, 868.65, 869.3, 869.68, 870.1]) {
      expect(downlinkEirpDbm(eu, gap * 1e6)).toBeUndefined();
      expect(multicastProblem(eu, { frequencyHz: Math.round(gap * 1e6), dataRate: 0 })).toBe('frequency');
    }
    // A common border belongs to the upper band.
    expect(subBandAt(eu, 865_000_000)?.dutyCycle).toBe(0.01);
  });

  it('of the others have the limits of section D', () => {
    for (const name of ['AS923-1', 'AS923-2', 'AS923-3', 'AS923-4', 'RU864'] as const) {
      expect(region(name).subBands.map(({ dutyCycle }) => dutyCycle)).toEqual([0.01]);
    }
    for (const name of ['US915', 'AU915', 'IN865', 'KR920'] as const) {
      expect(region(name).subBands.every(({ dutyCycle }) => dutyCycle === 1)).toBe(true);
    }
    expect(downlinkEirpDbm(region('KR920'), 921_900_000)).toBe(23);
    expect(deviceEirpDbm(region('KR920'), 921_900_000, 0)).toBe(10);
    expect(downlinkEirpDbm(region('IN865'), 866_550_000)).toBe(30);
    expect(downlinkEirpDbm(region('AU915'), 923_300_000)).toBe(30);
    expect(downlinkEirpDbm(region('US915'), 923_300_000)).toBe(26);
  });
});

describe('multicast settings', () => {
  it.each([
    ['EU868', 869.525, 5, undefined],
    ['EU868', 869.525, 7, undefined],
    ['EU868', 869.525, 8, 'data-rate'],
    ['EU868', 868.65, 5, 'frequency'],
    ['US915', 923.3, 10, undefined],
    ['US915', 927.5, 13, undefined],
    ['US915', 923.4, 10, 'frequency'],
    ['US915', 903.9, 10, 'frequency'],
    ['US915', 928.1, 10, 'frequency'],
    ['US915', 923.3, 4, 'data-rate'],
    ['US915', 923.3, 14, 'data-rate'],
    ['AU915', 926.9, 8, undefined],
    ['KR920', 922.1, 5, undefined],
    ['KR920', 922.2, 5, 'frequency'],
    ['KR920', 922.1, 6, 'data-rate'],
    ['IN865', 866.55, 6, 'data-rate'],
    ['AS923-1', 923.2, 2, undefined],
    ['AS923-4', 923.2, 2, 'frequency'],
    ['EU868', 869.52505, 0, 'frequency'],
  ] as const)('%s %f MHz DR%i', (name, frequency, dataRate, problem) => {
    expect(multicastProblem(region(name), { frequencyHz: Math.round(frequency * 1e6), dataRate })).toBe(problem);
  });

  it('have defaults', () => {
    expect(region('EU868').multicast).toEqual({ frequencyHz: 869_525_000, dataRate: 5 });
    expect(region('US915').multicast).toEqual({ frequencyHz: 923_300_000, dataRate: 10 });
  });
});

describe('class B frequencies', () => {
  it.each([
    ['EU868', 869.525, 3, 869.525, 3],
    ['IN865', 866.55, 4, 866.55, 4],
    ['KR920', 923.1, 3, 923.1, 3],
    ['RU864', 869.1, 3, 868.9, 3],
    ['AS923-1', 923.4, 3, 923.4, 3],
    ['AS923-2', 921.6, 3, 921.6, 3],
    ['AS923-3', 916.8, 3, 916.8, 3],
    ['AS923-4', 917.5, 3, 917.5, 3],
  ] as const)('%s stay', (name, beacon, beaconDr, ping, pingDr) => {
    const plan = region(name);
    expect(beaconFrequencyHz(plan, 128 * 5)).toBe(Math.round(beacon * 1e6));
    expect(pingSlotFrequencyHz(plan, 3, 128 * 5)).toBe(Math.round(ping * 1e6));
    expect([plan.classB.beaconDataRate, plan.classB.pingSlotDataRate]).toEqual([beaconDr, pingDr]);
  });

  it.each(['US915', 'AU915'] as const)('%s hop', (name) => {
    const plan = region(name);
    const channels = downlinkChannelsHz(plan);
    for (const beacon of range(0, 20)) {
      expect(beaconFrequencyHz(plan, 128 * beacon)).toBe(channels[beacon % 8]);
      for (const address of [0, 5, 0xffff_ffff]) {
        expect(pingSlotFrequencyHz(plan, address, 128 * beacon)).toBe(channels[(address + beacon) % 8]);
      }
    }
    expect(plan.classB).toMatchObject({ beaconDataRate: 8, pingSlotDataRate: 8 });
  });
});

describe('gateway plans', () => {
  it('of EU868 are those of section B.2', () => {
    const plan = gatewayPlan(region('EU868'));
    expect(plan.radiosHz).toEqual([867_500_000, 868_500_000]);
    expect(plan.multiSf.map(({ radio, offsetHz }) => [radio, offsetHz])).toEqual([
      [1, -400_000],
      [1, -200_000],
      [1, 0],
      [0, -400_000],
      [0, -200_000],
      [0, 0],
      [0, 200_000],
      [0, 400_000],
    ]);
    expect(plan.loraStd).toEqual({
      frequencyHz: 868_300_000,
      radio: 1,
      offsetHz: -200_000,
      modulation: { kind: 'lora', spreadingFactor: 7, bandwidthKhz: 250 },
    });
    expect(plan.fsk).toEqual({ frequencyHz: 868_800_000, radio: 1, offsetHz: 300_000 });
  });

  it.each([
    ['US915', 2, 904.3, 905, 904.6],
    ['US915', 1, 902.7, 903.4, 903],
    ['AU915', 2, 917.2, 917.9, 917.5],
    ['AU915', 8, 926.8, 927.5, 927.1],
  ] as const)('of %s sub-band %i follow from its first channel', (name, subBand, radio0, radio1, wide) => {
    const plan = gatewayPlan(region(name), subBand);
    expect(plan.radiosHz).toEqual(mhz(radio0, radio1));
    expect(plan.multiSf.map(({ radio, offsetHz }) => [radio, offsetHz])).toEqual([
      [0, -400_000],
      [0, -200_000],
      [0, 0],
      [0, 200_000],
      [1, -300_000],
      [1, -100_000],
      [1, 100_000],
      [1, 300_000],
    ]);
    expect(plan.loraStd).toMatchObject({
      frequencyHz: Math.round(wide * 1e6),
      radio: 0,
      offsetHz: 300_000,
      modulation: { spreadingFactor: 8, bandwidthKhz: 500 },
    });
    expect(plan.fsk).toBeUndefined();
  });

  it.each(REGION_NAMES)('of %s can be heard by a concentrator', (name) => {
    const { radiosHz, multiSf, loraStd, fsk } = gatewayPlan(region(name));
    expect(multiSf.length).toBeGreaterThanOrEqual(7);
    expect(multiSf.length).toBeLessThanOrEqual(8);
    for (const channel of [...multiSf, loraStd, fsk]) {
      if (channel === undefined) continue;
      expect(Math.abs(channel.offsetHz)).toBeLessThanOrEqual(400_000);
      expect(radiosHz[channel.radio] + channel.offsetHz).toBe(channel.frequencyHz);
    }
  });
});
