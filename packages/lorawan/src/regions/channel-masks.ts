import { CallerError } from '@airlift/kernel';
import { encodeCfListFrequencies, encodeCfListMasks } from '../cflist.ts';
import type { FixedChannels, Region } from './region.ts';

/** The channel part of one LinkADRReq. */
export interface ChannelMaskBlock {
  readonly chMask: number;
  readonly chMaskCntl: number;
}

const BANK = 16;
const ALL_NARROW_ON = 6;
const ALL_NARROW_OFF = 7;

/**
 * The nine channels of a sub-band of a fixed plan: eight of 125 kHz and the one of 500 kHz among them.
 * @param subBand 1..8
 * @throws CallerError `sub-band`
 */
export function subBandChannels(region: Region, subBand: number): readonly number[] {
  const { narrow } = fixedChannels(region);
  if (!Number.isInteger(subBand) || subBand < 1 || subBand > 8) {
    throw new CallerError('sub-band', `${region.name} has the sub-bands 1 to 8`);
  }
  return [...Array.from({ length: 8 }, (_, i) => 8 * (subBand - 1) + i), narrow.count + subBand - 1];
}

/**
 * The LinkADRReq blocks that leave exactly these channels enabled. They form one contiguous block to be sent together.
 * In fixed plans the first switches all 125 kHz channels at once (ChMaskCntl 6 or 7), the others add banks of 16.
 * Devices of 1.0.0 and 1.0.1 apply each on its own.
 * @param channels indices of uplink channels, at least one
 * @throws CallerError `channel-set`
 */
export function linkAdrMasks(region: Region, channels: readonly number[]): readonly ChannelMaskBlock[] {
  const banks = channelMaskBanks(region, channels);
  if (region.channels.kind === 'dynamic') return [{ chMask: banks[0] ?? 0, chMaskCntl: 0 }];
  const narrow = banks.slice(0, 4);
  const wideMask = banks[4] ?? 0;
  if (narrow.every((mask) => mask === 0xffff)) return [{ chMask: wideMask, chMaskCntl: ALL_NARROW_ON }];
  return [
    { chMask: wideMask, chMaskCntl: ALL_NARROW_OFF },
    ...narrow.flatMap((chMask, chMaskCntl) => (chMask === 0 ? [] : { chMask, chMaskCntl })),
  ];
}

/**
 * The CFList of join-accepts: more frequencies in dynamic plans, a channel mask in fixed ones.
 * @param selection `frequenciesHz` for dynamic plans (at most five; the usual ones when absent), `subBand` 1..8 for fixed
 *   plans (all channels when absent); the other one is ignored
 * @throws CallerError `sub-band`, `cflist-frequency`, `cflist-entries`
 */
export function regionCfList(
  region: Region,
  selection: { readonly frequenciesHz?: readonly number[]; readonly subBand?: number } = {},
): Uint8Array {
  const { channels } = region;
  if (channels.kind === 'dynamic') {
    return encodeCfListFrequencies(selection.frequenciesHz ?? channels.extraFrequenciesHz);
  }
  const enabled =
    selection.subBand === undefined
      ? Array.from({ length: channels.narrow.count + channels.wide.count }, (_, i) => i)
      : subBandChannels(region, selection.subBand);
  return encodeCfListMasks(channelMaskBanks(region, enabled));
}

/** The plan of a region with 72 fixed channels. @throws CallerError `sub-band` for other regions */
export function fixedChannels(region: Region): FixedChannels {
  if (region.channels.kind !== 'fixed')
    throw new CallerError('sub-band', `${region.name} has no sub-bands of channels`);
  return region.channels;
}

/** Masks of 16 channels each: one for dynamic plans, five for fixed ones, of which the last has the 500 kHz channels. */
function channelMaskBanks(region: Region, channels: readonly number[]): number[] {
  const count = region.channels.kind === 'dynamic' ? BANK : region.channels.narrow.count + region.channels.wide.count;
  if (channels.length === 0 || channels.some((index) => !Number.isInteger(index) || index < 0 || index >= count)) {
    throw new CallerError('channel-set', `channels of ${region.name} have the numbers 0 to ${count - 1}`);
  }
  const banks = new Array<number>(Math.ceil(count / BANK)).fill(0);
  for (const index of channels) {
    const bank = Math.floor(index / BANK);
    banks[bank] = (banks[bank] ?? 0) | (1 << (index % BANK));
  }
  return banks;
}
