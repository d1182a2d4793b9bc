import {
  type DownlinkModulation,
  downlinkModulation,
  JOIN_RX1_DELAY_S,
  type Region,
  rx1DataRate,
  rx1FrequencyHz,
} from '@airlift/lorawan';

/** A moment at which a device listens after an uplink. */
export interface ReceiveWindow {
  readonly name: 'RX1' | 'RX2';
  /** Milliseconds after the end of the uplink. */
  readonly delayMs: number;
  readonly frequencyHz: number;
  readonly dataRate: number;
  readonly modulation: DownlinkModulation;
}

/** What the session fixed about the windows. */
export interface WindowSettings {
  readonly rxDelayS: number;
  readonly rx1DrOffset: number;
  readonly rx2DataRate: number;
  readonly rx2FrequencyHz: number;
}

/** The windows after an uplink, in order; RX1 is left out where the region has none for that channel and data rate. */
export function receiveWindows(
  region: Region,
  uplink: { readonly frequencyHz: number; readonly dataRate: number },
  settings: WindowSettings,
): readonly ReceiveWindow[] {
  const windows: ReceiveWindow[] = [];
  const frequencyHz = rx1FrequencyHz(region, uplink.frequencyHz);
  const dataRate = rx1DataRate(region, uplink.dataRate, settings.rx1DrOffset);
  const delayMs = settings.rxDelayS * 1000;
  if (frequencyHz !== undefined && dataRate !== undefined) {
    windows.push({ name: 'RX1', delayMs, frequencyHz, dataRate, modulation: downlinkModulation(region, dataRate) });
  }
  windows.push({
    name: 'RX2',
    delayMs: delayMs + 1000,
    frequencyHz: settings.rx2FrequencyHz,
    dataRate: settings.rx2DataRate,
    modulation: downlinkModulation(region, settings.rx2DataRate),
  });
  return windows;
}

/** The windows after a join-request: five and six seconds, on the defaults of the region. */
export function joinWindows(
  region: Region,
  request: { readonly frequencyHz: number; readonly dataRate: number },
): readonly ReceiveWindow[] {
  return receiveWindows(region, request, {
    rxDelayS: JOIN_RX1_DELAY_S,
    rx1DrOffset: 0,
    rx2DataRate: region.rx2.dataRate,
    rx2FrequencyHz: region.rx2.frequencyHz,
  });
}
