import type { Rng } from '@airlift/kernel';
import {
  type CfList,
  type DataRateRange,
  isDownlinkFrequency,
  type Region,
  subBandChannels,
  uplinkChannels,
} from '@airlift/lorawan';
import { CHANNEL_BANK, maskedChannels, maskedFixed } from './channel-masks.ts';

/** A channel of the device, as it was told about it. */
export interface DeviceChannel {
  readonly frequencyHz: number;
  readonly dataRates: DataRateRange;
  /** Where RX1 listens after an uplink on it, when DlChannelReq moved it. */
  readonly downlinkHz?: number;
}

/** A channel and a data rate to send at. */
export interface ChannelChoice {
  readonly index: number;
  readonly frequencyHz: number;
  readonly dataRate: number;
}

/** The part of a plan that is worth keeping over a restart. */
export interface SavedChannelPlan {
  readonly channels: readonly (DeviceChannel | null)[];
  readonly enabled: readonly number[];
}

const DYNAMIC_CHANNELS = 16;

/** Join-requests at one data rate before a slower one is tried. */
const TRIES_PER_DATA_RATE = 4;

/** The channels a device knows and those of them that it may use. */
export class ChannelPlan {
  readonly #region: Region;
  readonly #startSubBand: number | undefined;
  #channels: (DeviceChannel | undefined)[] = [];
  #enabled = new Set<number>();

  /** @param startSubBand fixed plans: the only sub-band to use until told otherwise; undefined for all 72 channels */
  constructor(region: Region, startSubBand: number | undefined) {
    this.#region = region;
    this.#startSubBand = startSubBand;
    this.reset();
  }

  /** Back to what the device knows before it has joined. */
  reset(): void {
    this.#channels = [];
    for (const { index, frequencyHz, dataRates } of uplinkChannels(this.#region, [])) {
      this.#channels[index] = { frequencyHz, dataRates };
    }
    this.enableDefaults();
  }

  /** All the channels it starts with are enabled again, besides those that are. */
  enableDefaults(): void {
    const { channels } = this.#region;
    const defaults =
      channels.kind === 'dynamic'
        ? channels.defaultFrequenciesHz.map((_, index) => index)
        : this.#startSubBand === undefined
          ? [...this.#channels.keys()]
          : subBandChannels(this.#region, this.#startSubBand);
    for (const index of defaults) this.#enabled.add(index);
  }

  /**
   * A channel and data rate for the next join-request, after so many that were not answered. Common stacks begin with
   * the fastest data rate and become slower only when that does not help.
   */
  joinChoice(rng: Rng, unanswered: number): ChannelChoice {
    const candidates = uplinkChannels(this.#region, []).flatMap(({ index, frequencyHz, joinDataRates }) =>
      joinDataRates !== undefined && this.#enabled.has(index) ? { index, frequencyHz, joinDataRates } : [],
    );
    const { channels } = this.#region;
    // Fixed plans: the wide channel takes its turn with the narrow ones, as devices alternate between them.
    const wide = channels.kind === 'fixed' ? channels.narrow.count : Number.POSITIVE_INFINITY;
    const wantsWide = channels.kind === 'fixed' && rng.chance(0.5);
    const group = candidates.filter(({ index }) => index >= wide === wantsWide);
    const pool = group.length > 0 ? group : candidates;
    const { index, frequencyHz, joinDataRates } = pool[rng.below(pool.length)] ?? {
      index: 0,
      frequencyHz: 0,
      joinDataRates: { min: 0, max: 0 },
    };
    const slower = Math.floor(unanswered / TRIES_PER_DATA_RATE);
    const dataRate = Math.max(joinDataRates.min, joinDataRates.max - slower);
    return { index, frequencyHz, dataRate };
  }

  /** One of the enabled channels that allow the data rate; undefined when none does. */
  choose(rng: Rng, dataRate: number): ChannelChoice | undefined {
    const pool = [...this.#enabled].filter((index) => this.#allows(index, dataRate));
    const index = pool[rng.below(pool.length)];
    const channel = index === undefined ? undefined : this.#channels[index];
    return index === undefined || channel === undefined
      ? undefined
      : { index, frequencyHz: channel.frequencyHz, dataRate };
  }

  /** Where RX1 listens instead of where the region says, if DlChannelReq changed it. */
  movedDownlinkHz(index: number): number | undefined {
    return this.#channels[index]?.downlinkHz;
  }

  /** The channel list of a join-accept. */
  applyCfList(list: CfList): void {
    const { channels } = this.#region;
    if (list.type === 0 && channels.kind === 'dynamic') {
      list.frequenciesHz.forEach((frequencyHz, i) => {
        if (frequencyHz === 0) return;
        const index = channels.defaultFrequenciesHz.length + i;
        this.#channels[index] = { frequencyHz, dataRates: channels.dataRates };
        this.#enabled.add(index);
      });
    } else if (list.type === 1 && channels.kind === 'fixed') {
      const enabled = list.channelMasks.flatMap((mask, bank) => maskedChannels(mask, bank * CHANNEL_BANK));
      const known = enabled.filter((index) => this.#channels[index] !== undefined);
      if (known.length > 0) this.#enabled = new Set(known);
    }
  }

  /**
   * The channels that a block of LinkADRReq would enable; undefined when a mask names an undefined channel, has a
   * meaning the region does not know, or leaves nothing.
   */
  masked(blocks: readonly { readonly chMask: number; readonly chMaskCntl: number }[]): ReadonlySet<number> | undefined {
    let enabled = new Set(this.#enabled);
    for (const { chMask, chMaskCntl } of blocks) {
      const next =
        this.#region.channels.kind === 'dynamic'
          ? this.#maskedDynamic(chMask, chMaskCntl)
          : maskedFixed(enabled, chMask, chMaskCntl);
      if (next === undefined) return undefined;
      enabled = next;
    }
    const isKnown = [...enabled].every((index) => this.#channels[index] !== undefined);
    return isKnown && enabled.size > 0 ? enabled : undefined;
  }

  /** Whether the data rate can be used on one of these channels. */
  allowsDataRate(enabled: ReadonlySet<number>, dataRate: number): boolean {
    return [...enabled].some((index) => this.#allows(index, dataRate));
  }

  /** Makes a set that `masked` gave the enabled one. */
  enable(enabled: ReadonlySet<number>): void {
    this.#enabled = new Set(enabled);
  }

  /** The channels enabled now. */
  get enabled(): ReadonlySet<number> {
    return this.#enabled;
  }

  /** NewChannelReq; nothing changes unless both are right. A frequency of 0 removes the channel. */
  define(index: number, frequencyHz: number, dataRates: DataRateRange): { frequencyOk: boolean; dataRateOk: boolean } {
    const { channels } = this.#region;
    if (channels.kind === 'fixed') return { frequencyOk: false, dataRateOk: false };
    const isOurs = index >= channels.defaultFrequenciesHz.length && index < DYNAMIC_CHANNELS;
    const frequencyOk = isOurs && (frequencyHz === 0 || isDownlinkFrequency(this.#region, frequencyHz));
    const dataRateOk =
      isOurs && dataRates.min <= dataRates.max && this.#region.uplinkDataRates[dataRates.max] !== undefined;
    if (frequencyOk && dataRateOk) {
      if (frequencyHz === 0) {
        this.#channels[index] = undefined;
        this.#enabled.delete(index);
      } else {
        this.#channels[index] = { frequencyHz, dataRates };
        this.#enabled.add(index);
      }
    }
    return { frequencyOk, dataRateOk };
  }

  /** DlChannelReq; nothing changes unless both are right. */
  moveDownlink(index: number, frequencyHz: number): { frequencyOk: boolean; uplinkExists: boolean } {
    const channel = this.#channels[index];
    const frequencyOk = this.#region.channels.kind === 'dynamic' && isDownlinkFrequency(this.#region, frequencyHz);
    if (frequencyOk && channel !== undefined) this.#channels[index] = { ...channel, downlinkHz: frequencyHz };
    return { frequencyOk, uplinkExists: channel !== undefined };
  }

  save(): SavedChannelPlan {
    // A copy without holes: JSON has none.
    const channels = Array.from(this.#channels, (channel) => channel ?? null);
    return { channels: this.#region.channels.kind === 'dynamic' ? channels : [], enabled: [...this.#enabled] };
  }

  restore(saved: SavedChannelPlan): void {
    saved.channels.forEach((channel, index) => {
      this.#channels[index] = channel ?? undefined;
    });
    this.#enabled = new Set(saved.enabled);
  }

  #allows(index: number, dataRate: number): boolean {
    const channel = this.#channels[index];
    return channel !== undefined && channel.dataRates.min <= dataRate && dataRate <= channel.dataRates.max;
  }

  #maskedDynamic(chMask: number, chMaskCntl: number): Set<number> | undefined {
    if (chMaskCntl === 0) return new Set(maskedChannels(chMask, 0));
    if (chMaskCntl !== 6) return undefined;
    return new Set([...this.#channels.keys()].filter((index) => this.#channels[index] !== undefined));
  }
}
