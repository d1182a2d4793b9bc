import type { ChannelSeries, DataRateRange, FixedChannels, Region } from './region.ts';

/** A channel on which devices send. */
export interface UplinkChannel {
  /** Its number in ChMask fields and, in LoRaWAN 1.1, in the integrity code of uplinks. */
  readonly index: number;
  readonly frequencyHz: number;
  readonly dataRates: DataRateRange;
  /** Data rates of join-requests on it; undefined when devices do not join there. */
  readonly joinDataRates: DataRateRange | undefined;
}

/**
 * All channels a device may have, ascending by index.
 * @param extraFrequenciesHz dynamic plans: what CFList or NewChannelReq added after the default channels, 0 for unused
 *   places; the region's usual ones when absent. Fixed plans have nothing to add.
 */
export function uplinkChannels(region: Region, extraFrequenciesHz?: readonly number[]): readonly UplinkChannel[] {
  const { channels } = region;
  if (channels.kind === 'dynamic') {
    const defaults = channels.defaultFrequenciesHz;
    return [...defaults, ...(extraFrequenciesHz ?? channels.extraFrequenciesHz)].flatMap((frequencyHz, index) =>
      frequencyHz === 0
        ? []
        : {
            index,
            frequencyHz,
            dataRates: channels.dataRates,
            joinDataRates: index < defaults.length ? channels.joinDataRates : undefined,
          },
    );
  }
  const { narrow, wide } = channels;
  return [
    ...frequenciesOf(narrow).map((frequencyHz, index) => ({
      index,
      frequencyHz,
      dataRates: narrow.dataRates,
      joinDataRates: only(narrow.joinDataRate),
    })),
    ...frequenciesOf(wide).map((frequencyHz, i) => ({
      index: narrow.count + i,
      frequencyHz,
      dataRates: only(wide.dataRate),
      joinDataRates: only(wide.dataRate),
    })),
  ];
}

/**
 * The index of the channel with that frequency, or undefined when there is none.
 * @param extraFrequenciesHz as in `uplinkChannels`
 */
export function uplinkChannelIndex(
  region: Region,
  frequencyHz: number,
  extraFrequenciesHz?: readonly number[],
): number | undefined {
  const { channels } = region;
  if (channels.kind === 'dynamic') {
    const all = [...channels.defaultFrequenciesHz, ...(extraFrequenciesHz ?? channels.extraFrequenciesHz)];
    const index = frequencyHz === 0 ? -1 : all.indexOf(frequencyHz);
    return index < 0 ? undefined : index;
  }
  const narrow = placeIn(channels.narrow, frequencyHz);
  if (narrow !== undefined) return narrow;
  const wide = placeIn(channels.wide, frequencyHz);
  return wide === undefined ? undefined : channels.narrow.count + wide;
}

/** The frequencies of a series, ascending. */
export function frequenciesOf(series: ChannelSeries): number[] {
  return Array.from({ length: series.count }, (_, i) => series.firstHz + i * series.stepHz);
}

/** One of the eight downlink channels of a fixed plan; numbers beyond 7 count round. */
export function downlinkChannelHz(channels: FixedChannels, number: number): number {
  const { firstHz, stepHz, count } = channels.downlink;
  return firstHz + (number % count) * stepHz;
}

function placeIn(series: ChannelSeries, frequencyHz: number): number | undefined {
  const place = (frequencyHz - series.firstHz) / series.stepHz;
  return Number.isInteger(place) && place >= 0 && place < series.count ? place : undefined;
}

function only(dataRate: number): DataRateRange {
  return { min: dataRate, max: dataRate };
}
