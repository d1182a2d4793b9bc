import { type UtcMs, utcMs } from '@airlift/kernel';
import {
  downlinkModulation,
  formatDatr,
  frameTimeOnAirMs,
  type RadioSetting,
  type Region,
  rx1DataRate,
  rx1FrequencyHz,
  uplinkModulation,
} from '@airlift/lorawan';
import type { Tuning } from '../radio/air-frame.ts';
import type { ChannelChoice } from './channel-plan.ts';
import type { ReceiveWindow } from './receive-windows.ts';

/** What decides over the windows after an uplink. */
export interface WindowSettings {
  readonly rx1DelayS: number;
  readonly rx1DrOffset: number;
  readonly rx2: RadioSetting;
  readonly downlinkDwell: boolean;
}

/** Where an uplink goes. */
export function uplinkTuning(region: Region, choice: ChannelChoice): Tuning {
  const dataRate = String(formatDatr(uplinkModulation(region, choice.dataRate)));
  return { frequencyHz: choice.frequencyHz, dataRate };
}

/** Where a downlink comes from. */
export function downlinkTuning(region: Region, setting: RadioSetting): Tuning {
  return sharedTuning(setting.frequencyHz, String(formatDatr(downlinkModulation(region, setting.dataRate))));
}

/** By data rate and frequency. All devices of a fleet listen on a few channels: there is one object for each. */
const tunings = new Map<string, Map<number, Tuning>>();

function sharedTuning(frequencyHz: number, dataRate: string): Tuning {
  const ofRate = tunings.get(dataRate) ?? new Map<number, Tuning>();
  tunings.set(dataRate, ofRate);
  const tuning = ofRate.get(frequencyHz) ?? { frequencyHz, dataRate };
  ofRate.set(frequencyHz, tuning);
  return tuning;
}

/** Milliseconds on air of an uplink. LR-FHSS is not simulated and takes no time. */
export function uplinkAirtimeMs(region: Region, dataRate: number, phyOctets: number): number {
  const modulation = uplinkModulation(region, dataRate);
  return modulation.kind === 'lr-fhss' ? 0 : frameTimeOnAirMs(modulation, phyOctets, 'up');
}

/**
 * RX1 and RX2 after an uplink (LoRaWAN 1.0.4 section 3.3).
 * @param movedHz frequency of RX1 that DlChannelReq set for the channel
 */
export function windowsAfter(
  region: Region,
  uplinkEnd: UtcMs,
  settings: WindowSettings,
  choice: ChannelChoice,
  movedHz: number | undefined,
): readonly ReceiveWindow[] {
  const rx1OpenMs = uplinkEnd + settings.rx1DelayS * 1000;
  const rx2: ReceiveWindow = {
    slot: 'rx2',
    openMs: utcMs(rx1OpenMs + 1000),
    tuning: downlinkTuning(region, settings.rx2),
  };
  const dataRate = rx1DataRate(region, choice.dataRate, settings.rx1DrOffset, settings.downlinkDwell);
  const frequencyHz = movedHz ?? rx1FrequencyHz(region, choice.frequencyHz);
  if (dataRate === undefined || frequencyHz === undefined) return [rx2];
  return [{ slot: 'rx1', openMs: utcMs(rx1OpenMs), tuning: downlinkTuning(region, { frequencyHz, dataRate }) }, rx2];
}
