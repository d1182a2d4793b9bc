import { BugError } from '@airlift/kernel';
import type { DevAddr } from '../dev-addr.ts';
import { BEACON_PERIOD_S } from '../ping-slots.ts';
import type { Region } from './region.ts';
import { downlinkChannelHz } from './uplink-channels.ts';

/** The frequency of the beacon sent at that time (GPS seconds, a multiple of 128). */
export function beaconFrequencyHz(region: Region, beaconTimeS: number): number {
  return hop(region, region.classB.beaconHz, Math.floor(beaconTimeS / BEACON_PERIOD_S));
}

/**
 * The frequency of the ping slots after that beacon, unless PingSlotChannelReq or a multicast setup fixed another.
 * @param address DevAddr of the device or McAddr of the group
 * @param beaconTimeS GPS seconds, a multiple of 128
 */
export function pingSlotFrequencyHz(region: Region, address: DevAddr, beaconTimeS: number): number {
  return hop(region, region.classB.pingSlotHz, address + Math.floor(beaconTimeS / BEACON_PERIOD_S));
}

function hop(region: Region, frequencyHz: number | 'hopping', number: number): number {
  if (frequencyHz !== 'hopping') return frequencyHz;
  if (region.channels.kind !== 'fixed') throw new BugError(`${region.name} has no channels to hop over`);
  return downlinkChannelHz(region.channels, number);
}
