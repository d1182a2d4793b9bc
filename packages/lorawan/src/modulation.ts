import { PeerError } from '@airlift/kernel';

/** Chirp modulation; coding rate 4/5 always, as LoRaWAN has it. */
export interface LoraModulation {
  readonly kind: 'lora';
  /** 7..12 */
  readonly spreadingFactor: number;
  /** 125, 250 or 500 */
  readonly bandwidthKhz: number;
}

/** Frequency shift keying; 50 000 bit/s in every region that has it. */
export interface FskModulation {
  readonly kind: 'fsk';
  /** bit/s */
  readonly bitRate: number;
}

/** Long-range frequency hopping, uplinks only. */
export interface LrFhssModulation {
  readonly kind: 'lr-fhss';
  /** Occupied channel width: 137, 336 or 1523. */
  readonly bandwidthKhz: number;
  readonly codingRate: '1/3' | '2/3';
}

/** What a gateway is able to send. */
export type DownlinkModulation = LoraModulation | FskModulation;

/** What a data-rate index stands for. */
export type Modulation = DownlinkModulation | LrFhssModulation;

/** Whether both describe the same modulation. */
export function sameModulation(a: Modulation, b: Modulation): boolean {
  switch (a.kind) {
    case 'lora':
      return b.kind === 'lora' && a.spreadingFactor === b.spreadingFactor && a.bandwidthKhz === b.bandwidthKhz;
    case 'fsk':
      return b.kind === 'fsk' && a.bitRate === b.bitRate;
    case 'lr-fhss':
      return b.kind === 'lr-fhss' && a.bandwidthKhz === b.bandwidthKhz && a.codingRate === b.codingRate;
  }
}

/** The `datr` of gateway protocols: `SF7BW125`, the bit rate of FSK as a number, `M0CW137`. */
export function formatDatr(modulation: Modulation): string | number {
  const known = formatted.get(modulation);
  if (known !== undefined) return known;
  const datr = format(modulation);
  formatted.set(modulation, datr);
  return datr;
}

/** By the objects themselves: those of the regions are asked for with every frame. */
const formatted = new WeakMap<Modulation, string | number>();

function format(modulation: Modulation): string | number {
  switch (modulation.kind) {
    case 'lora':
      return `SF${modulation.spreadingFactor}BW${modulation.bandwidthKhz}`;
    case 'fsk':
      return modulation.bitRate;
    case 'lr-fhss':
      return `M0CW${modulation.bandwidthKhz}`;
  }
}

/**
 * Reads a `datr` of a gateway protocol.
 * @param codr needed for LR-FHSS only, whose code rate is not in `datr`: `4/6` or `2/3`, and `2/6` or `1/3`
 * @throws PeerError `datr-unreadable`
 */
export function parseDatr(datr: string | number, codr?: string): Modulation {
  if (typeof datr === 'number') {
    if (!Number.isInteger(datr) || datr <= 0) throw new PeerError('datr-unreadable', 'not a bit rate');
    return { kind: 'fsk', bitRate: datr };
  }
  const lora = /^SF(\d{1,2})BW(\d{2,4})$/.exec(datr);
  if (lora !== null) {
    return { kind: 'lora', spreadingFactor: Number(lora[1]), bandwidthKhz: Number(lora[2]) };
  }
  const lrFhss = /^M\dCW(\d{2,4})$/.exec(datr);
  if (lrFhss !== null) {
    const codingRate = codr === '4/6' || codr === '2/3' ? '2/3' : '1/3';
    return { kind: 'lr-fhss', bandwidthKhz: Number(lrFhss[1]), codingRate };
  }
  throw new PeerError('datr-unreadable', 'a data rate in an unknown notation');
}

/**
 * The weakest signal-to-noise ratio (dB) at which a frame is still received, as used for ADR: -7.5 dB for SF7 at
 * 125 kHz, 2.5 dB less for every spreading factor more, 3 dB more for every doubling of the width.
 * @returns undefined for FSK and LR-FHSS
 */
export function demodulationFloorDb(modulation: Modulation): number | undefined {
  if (modulation.kind !== 'lora') return undefined;
  const widening = modulation.bandwidthKhz >= 500 ? 6 : modulation.bandwidthKhz >= 250 ? 3 : 0;
  return -7.5 - 2.5 * (modulation.spreadingFactor - 7) + widening;
}
