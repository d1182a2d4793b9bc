import { formatDatr, gatewayPlan, type Region } from '@airlift/lorawan';
import type { Tuning } from '../radio/air-frame.ts';

/** A demodulator of the gateway. */
export interface GatewayDemodulator {
  readonly frequencyHz: number;
  readonly rfChain: number;
  /** What it can demodulate: every LoRa data rate of a width, or one data rate only. */
  readonly accepts: (dataRate: string) => boolean;
}

/** The channels of an eight-channel gateway: IF 0..7 of 125 kHz, then the single-rate one, then FSK. */
export function gatewayDemodulators(region: Region, subBand: number): readonly GatewayDemodulator[] {
  const plan = gatewayPlan(region, subBand);
  const single = plan.loraStd;
  return [
    ...plan.multiSf.map(({ frequencyHz, radio }) => ({
      frequencyHz,
      rfChain: radio,
      accepts: (dataRate: string) => dataRate.endsWith('BW125'),
    })),
    ...(single === undefined
      ? []
      : [
          {
            frequencyHz: single.frequencyHz,
            rfChain: single.radio,
            accepts: (dataRate: string) => dataRate === String(formatDatr(single.modulation)),
          },
        ]),
    ...(plan.fsk === undefined
      ? []
      : [
          {
            frequencyHz: plan.fsk.frequencyHz,
            rfChain: plan.fsk.radio,
            accepts: (dataRate: string) => /^\d+$/.test(dataRate),
          },
        ]),
  ];
}

/** Index of the demodulator that hears this, or -1. */
export function demodulatorOf(demodulators: readonly GatewayDemodulator[], tuning: Tuning): number {
  return demodulators.findIndex(
    ({ frequencyHz, accepts }) => frequencyHz === tuning.frequencyHz && accepts(tuning.dataRate),
  );
}
