import type { Region } from './region.ts';
import { downlinkChannelHz, uplinkChannelIndex } from './uplink-channels.ts';

/**
 * The frequency of RX1 after an uplink: the same in dynamic plans (unless DlChannelReq moved it for the device), one of
 * eight downlink channels in fixed ones.
 * @returns undefined when the frequency is no uplink channel of a fixed plan
 */
export function rx1FrequencyHz(region: Region, uplinkFrequencyHz: number): number | undefined {
  if (region.channels.kind === 'dynamic') return uplinkFrequencyHz;
  const index = uplinkChannelIndex(region, uplinkFrequencyHz);
  return index === undefined ? undefined : downlinkChannelHz(region.channels, index);
}

/**
 * The data rate of RX1 after an uplink.
 * @param rx1DrOffset as told in the join-accept or by RXParamSetupReq
 * @param downlinkDwell whether the device keeps a downlink dwell time (AS923 only; off unless TxParamSetupReq set it)
 * @returns undefined when the region has no such uplink data rate or offset
 */
export function rx1DataRate(
  region: Region,
  uplinkDataRate: number,
  rx1DrOffset: number,
  downlinkDwell = false,
): number | undefined {
  const table = downlinkDwell ? (region.rx1UnderDwell ?? region.rx1) : region.rx1;
  return table[uplinkDataRate]?.[rx1DrOffset];
}

/** The largest RX1DROffset of the region. */
export function maxRx1DrOffset(region: Region): number {
  return (region.rx1[0]?.length ?? 1) - 1;
}
