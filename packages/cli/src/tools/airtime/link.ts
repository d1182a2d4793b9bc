import {
  type Direction,
  type DownlinkModulation,
  downlinkModulation,
  formatDatr,
  parseRegion,
  type Region,
  uplinkModulation,
} from '@airlift/lorawan';
import { asUsage } from '../run-tool.ts';
import { UsageError } from '../tool-error.ts';
import type { AirtimeOptions } from './airtime-options.ts';

/** How frames are sent. */
export interface Link {
  readonly direction: Direction;
  readonly modulation: DownlinkModulation;
  /** Absent when spreading factor and bandwidth were given. */
  readonly region?: Region;
  readonly dataRate?: number;
}

/** @throws UsageError when the options do not say it, or the region does not have the data rate */
export function linkOf({ region: name, dr, sf, bw, uplink }: AirtimeOptions): Link {
  const direction = uplink === true ? 'up' : 'down';
  if (name === undefined) {
    if (dr !== undefined) throw new UsageError('--dr needs a --region');
    if (sf === undefined || bw === undefined) throw new UsageError('--region and --dr, or --sf and --bw are needed');
    if (![125, 250, 500].includes(bw)) throw new UsageError('--bw is 125, 250 or 500');
    return { direction, modulation: { kind: 'lora', spreadingFactor: sf, bandwidthKhz: bw } };
  }
  if (sf !== undefined || bw !== undefined) throw new UsageError('--region does not go with --sf and --bw');
  const region = asUsage(() => parseRegion(name));
  if (dr === undefined && direction === 'up') throw new UsageError('--dr is missing');
  const dataRate = dr ?? region.multicast.dataRate;
  const modulation = asUsage(() =>
    direction === 'up' ? uplinkModulation(region, dataRate) : downlinkModulation(region, dataRate),
  );
  if (modulation.kind === 'lr-fhss') {
    throw new UsageError(`${region.name} DR${dataRate} is LR-FHSS, whose time on air is not computed here`);
  }
  return { direction, modulation, region, dataRate };
}

/** The link for machines. */
export function linkView({ direction, modulation, region, dataRate }: Link): object {
  return {
    ...(region === undefined ? {} : { region: region.name, dataRate }),
    modulation: modulationText(modulation),
    direction: direction === 'up' ? 'uplink' : 'downlink',
  };
}

/** `SF7BW125`, or the bit rate of FSK. */
export function modulationText(modulation: DownlinkModulation): string {
  return modulation.kind === 'fsk' ? `FSK${modulation.bitRate}` : String(formatDatr(modulation));
}
