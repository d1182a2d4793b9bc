import { CallerError } from '@airlift/kernel';
import type { Direction } from '../fctrl.ts';
import { type DownlinkModulation, type Modulation, sameModulation } from '../modulation.ts';
import type { ByDataRate, DataRateRange, Region } from './region.ts';

/**
 * What an uplink data-rate index stands for.
 * @throws CallerError `data-rate-undefined`
 */
export function uplinkModulation(region: Region, dataRate: number): Modulation {
  return lookUp(region, region.uplinkDataRates, dataRate);
}

/**
 * What a downlink data-rate index stands for.
 * @throws CallerError `data-rate-undefined`
 */
export function downlinkModulation(region: Region, dataRate: number): DownlinkModulation {
  return lookUp(region, region.downlinkDataRates, dataRate);
}

function lookUp<T>(region: Region, table: ByDataRate<T>, dataRate: number): T {
  const found = table[dataRate];
  if (found === undefined) {
    throw new CallerError(
      'data-rate-undefined',
      `${region.name} does not define data rate ${dataRate} in that direction`,
    );
  }
  return found;
}

/** The index of a modulation, or undefined when the region does not use it in that direction. */
export function dataRateIndex(region: Region, direction: Direction, modulation: Modulation): number | undefined {
  const table: ByDataRate<Modulation> = direction === 'up' ? region.uplinkDataRates : region.downlinkDataRates;
  const index = table.findIndex((candidate) => candidate !== undefined && sameModulation(candidate, modulation));
  return index < 0 ? undefined : index;
}

/** The data rates ADR moves a device within: LoRa on the 125 kHz channels. */
export function adrDataRates(region: Region): DataRateRange {
  const { channels } = region;
  return channels.kind === 'dynamic' ? channels.dataRates : channels.narrow.dataRates;
}
