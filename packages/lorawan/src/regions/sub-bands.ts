import type { RadioSetting, Region, SubBand } from './region.ts';

/**
 * The sub-band of a frequency; one that lies on a common border belongs to the upper of its neighbours.
 * @returns undefined outside all sub-bands
 */
export function subBandAt(region: Region, frequencyHz: number): SubBand | undefined {
  return region.subBands.findLast((band) => band.fromHz <= frequencyHz && frequencyHz <= band.toHz);
}

/** The power (EIRP, dBm) at which gateways should send there, or undefined where they must not send. */
export function downlinkEirpDbm(region: Region, frequencyHz: number): number | undefined {
  return subBandAt(region, frequencyHz)?.downlinkEirpDbm;
}

/**
 * The power (EIRP, dBm) a device uses at an index of LinkADRReq's TXPower.
 * @returns undefined beyond the region's last index and outside its sub-bands
 */
export function deviceEirpDbm(region: Region, frequencyHz: number, txPower: number): number | undefined {
  const strongest = subBandAt(region, frequencyHz)?.deviceEirpDbm;
  return strongest === undefined || txPower < 0 || txPower > region.lastTxPower ? undefined : strongest - 2 * txPower;
}

/**
 * Why devices would refuse a multicast session there (the FreqError and DrError bits of TS005), or undefined when they
 * would not. Fixed plans allow their eight downlink channels only.
 */
export function multicastProblem(region: Region, setting: RadioSetting): 'frequency' | 'data-rate' | undefined {
  if (!isDownlinkFrequency(region, setting.frequencyHz)) return 'frequency';
  return region.downlinkDataRates[setting.dataRate] === undefined ? 'data-rate' : undefined;
}

/** Whether devices accept to receive on that frequency (also in RXParamSetupReq and PingSlotChannelReq). */
export function isDownlinkFrequency(region: Region, frequencyHz: number): boolean {
  // Commands carry frequencies in steps of 100 Hz.
  if (frequencyHz % 100 !== 0 || subBandAt(region, frequencyHz) === undefined) return false;
  if (region.channels.kind === 'fixed') {
    const { firstHz, stepHz, count } = region.channels.downlink;
    const place = (frequencyHz - firstHz) / stepHz;
    return Number.isInteger(place) && place >= 0 && place < count;
  }
  const start = region.subBands[0]?.fromHz ?? 0;
  return region.rasterHz === undefined || (frequencyHz - start) % region.rasterHz === 0;
}
