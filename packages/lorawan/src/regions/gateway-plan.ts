import { BugError } from '@airlift/kernel';
import type { Modulation } from '../modulation.ts';
import { fixedChannels, subBandChannels } from './channel-masks.ts';
import { uplinkModulation } from './data-rates.ts';
import type { Region } from './region.ts';
import { uplinkChannels } from './uplink-channels.ts';

/** One demodulator of a gateway: where it sits relative to the centre of one of the two radios. */
export interface GatewayChannel {
  readonly frequencyHz: number;
  readonly radio: 0 | 1;
  /** Signed distance from the centre of that radio. */
  readonly offsetHz: number;
}

/** The channels a gateway listens on: what concentrators of eight channels can hear at once. */
export interface GatewayPlan {
  readonly radiosHz: readonly [number, number];
  /** At most eight channels of 125 kHz, all spreading factors. */
  readonly multiSf: readonly GatewayChannel[];
  /** The one channel for a single other data rate, such as the 500 kHz channel of a sub-band. */
  readonly loraStd?: GatewayChannel & { readonly modulation: Modulation };
  /** FSK at 50 kbit/s. */
  readonly fsk?: GatewayChannel;
}

/**
 * The channels of a gateway in this region.
 * @param subBand 1..8 in fixed plans (default 2, the most common choice); ignored in others
 * @throws CallerError `sub-band`
 */
export function gatewayPlan(region: Region, subBand = 2): GatewayPlan {
  const { channels, gateway } = region;
  if (channels.kind === 'fixed') {
    const indices = subBandChannels(region, subBand);
    const mine = uplinkChannels(region).filter(({ index }) => indices.includes(index));
    const narrow = mine.filter(({ index }) => index < channels.narrow.count);
    const wide = mine.find(({ index }) => index >= channels.narrow.count);
    const first = narrow[0]?.frequencyHz ?? 0;
    const radiosHz: readonly [number, number] = [first + 400_000, first + 1_100_000];
    return {
      radiosHz,
      multiSf: narrow.map(({ frequencyHz }) => place(frequencyHz, radiosHz)),
      ...(wide === undefined ? {} : { loraStd: standard(region, wide.frequencyHz, wide.dataRates.min, radiosHz) }),
    };
  }
  const { radiosHz, loraStd, fskHz } = gateway;
  if (radiosHz === undefined) throw new BugError(`${region.name} lacks the frequencies of its gateways`);
  return {
    radiosHz,
    multiSf: [...channels.defaultFrequenciesHz, ...channels.extraFrequenciesHz].map((hz) => place(hz, radiosHz)),
    ...(loraStd === undefined ? {} : { loraStd: standard(region, loraStd.frequencyHz, loraStd.dataRate, radiosHz) }),
    ...(fskHz === undefined ? {} : { fsk: place(fskHz, radiosHz) }),
  };
}

/** The eight channels of 500 kHz on which gateways of a fixed plan answer. @throws CallerError `sub-band` for others */
export function downlinkChannelsHz(region: Region): readonly number[] {
  const { firstHz, stepHz, count } = fixedChannels(region).downlink;
  return Array.from({ length: count }, (_, i) => firstHz + i * stepHz);
}

function standard(
  region: Region,
  frequencyHz: number,
  dataRate: number,
  radiosHz: readonly [number, number],
): GatewayChannel & { readonly modulation: Modulation } {
  return { ...place(frequencyHz, radiosHz), modulation: uplinkModulation(region, dataRate) };
}

/** The nearer radio takes the channel. */
function place(frequencyHz: number, radiosHz: readonly [number, number]): GatewayChannel {
  const radio = Math.abs(frequencyHz - radiosHz[0]) <= Math.abs(frequencyHz - radiosHz[1]) ? 0 : 1;
  return { frequencyHz, radio, offsetHz: frequencyHz - radiosHz[radio] };
}
