import { formatEui64, toHex } from '@airlift/kernel';
import type { VirtualDevice } from '../device/virtual-device.ts';

/** A device as `POST /api/loraNetwork/whitelist/devices` takes it. */
export interface WhitelistEntry {
  readonly name: string;
  /** Lower case with dashes. */
  readonly deveui: string;
  readonly appeui: string;
  /** 32 hexadecimal digits. */
  readonly appkey: string;
  readonly genappkey: string;
  readonly class: 'A' | 'C';
}

/** What a network server has to be told so that it lets the device join. */
export function whitelistEntry(device: VirtualDevice): WhitelistEntry {
  const { devEui, joinEui, appKey, genAppKey } = device.identity;
  return {
    name: device.name,
    deveui: formatEui64(devEui),
    appeui: formatEui64(joinEui),
    appkey: toHex(appKey),
    genappkey: toHex(genAppKey),
    class: device.behaviour.mac.deviceClass,
  };
}
