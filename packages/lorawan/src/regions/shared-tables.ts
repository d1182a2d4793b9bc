import type { DownlinkModulation, LoraModulation, LrFhssModulation } from '../modulation.ts';
import type { ByDataRate, Rx1Table, SubBand } from './region.ts';

const lora = (spreadingFactor: number, bandwidthKhz: number): LoraModulation => ({
  kind: 'lora',
  spreadingFactor,
  bandwidthKhz,
});
const SF12_TO_SF7 = [12, 11, 10, 9, 8, 7];

/** DR0..5 of most plans: SF12 .. SF7 at 125 kHz. */
export const SIX_NARROW: readonly LoraModulation[] = SF12_TO_SF7.map((sf) => lora(sf, 125));

export const SF7_250: LoraModulation = lora(7, 250);
export const SF8_500: LoraModulation = lora(8, 500);
export const FSK_50: DownlinkModulation = { kind: 'fsk', bitRate: 50_000 };

/** DR8..13 of the American plans, downlinks only: SF12 .. SF7 at 500 kHz. */
export const WIDE_DOWNLINKS: ByDataRate<LoraModulation> = [
  ...Array.from({ length: 8 }, () => undefined),
  ...SF12_TO_SF7.map((sf) => lora(sf, 500)),
];

export const lrFhss = (bandwidthKhz: number, codingRate: '1/3' | '2/3'): LrFhssModulation => ({
  kind: 'lr-fhss',
  bandwidthKhz,
  codingRate,
});

/** Payload limits DR0..7 of the plans with SF12 at DR0. */
export const PLAIN_LIMITS = [51, 51, 51, 115, 242, 242, 242, 242];
export const REPEATER_LIMITS = [51, 51, 51, 115, 222, 222, 222, 222];

/** Payload limits DR8..13 of the American downlinks; DR8 and DR9 behind a repeater as before RP002-1.0.2. */
export const WIDE_LIMITS = [53, 129, 242, 242, 242, 242];
export const WIDE_REPEATER_LIMITS = [33, 109, 222, 222, 222, 222];

/** Every offset lowers the data rate by one, down to DR0. */
export function decreasingRx1(lastDataRate: number, lastOffset: number): Rx1Table {
  return table(lastDataRate, lastOffset, (dataRate, offset) => Math.max(0, dataRate - offset));
}

/** Offsets 1..5 lower the data rate, 6 and 7 raise it by one and two (AS923, IN865). */
export function wrappingRx1(lastDataRate: number, lowest: number, highest: number): Rx1Table {
  return table(lastDataRate, 7, (dataRate, offset) => {
    const change = offset <= 5 ? -offset : offset - 5;
    return Math.min(highest, Math.max(lowest, dataRate + change));
  });
}

function table(lastDataRate: number, lastOffset: number, rule: (dataRate: number, offset: number) => number): Rx1Table {
  return Array.from({ length: lastDataRate + 1 }, (_, dataRate) =>
    Array.from({ length: lastOffset + 1 }, (_, offset) => rule(dataRate, offset)),
  );
}

/** The difference between power against a dipole and power against an isotropic antenna. */
const DIPOLE_GAIN_DB = 2.15;

/** One sub-band for a whole region; its ERP limit follows from the stronger of the two EIRP values. */
export function wholeBand(
  fromHz: number,
  toHz: number,
  limits: { readonly dutyCycle: number; readonly downlinkEirpDbm: number; readonly deviceEirpDbm: number },
): SubBand {
  const strongest = Math.max(limits.downlinkEirpDbm, limits.deviceEirpDbm);
  return { fromHz, toHz, ...limits, maxErpDbm: Math.round((strongest - DIPOLE_GAIN_DB) * 100) / 100 };
}

/** Frequencies from megahertz, exact to the hertz. */
export function megahertz(...values: readonly number[]): number[] {
  return values.map((value) => Math.round(value * 1e6));
}
