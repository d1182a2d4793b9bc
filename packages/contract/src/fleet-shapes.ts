import { formatEui64, isoSeconds } from '@airlift/kernel';
import type { DeviceView, GatewayView, ServiceStatus } from './fleet-view.ts';
import type { WhitelistDevice } from './job-request.ts';

/** `result` of `GET /api/lora/status`: process identifiers, 0 = not running. */
export interface ServiceStatusJson {
  readonly 'lora-basic-station': number;
  readonly 'lora-cloud-connector': number;
  readonly 'lora-lens-server': number;
  readonly 'lora-network-server': number;
  readonly 'lora-packet-forwarder': readonly number[];
}

export interface GatewayJson {
  readonly ack_rate: number;
  /** Where somebody else asked for the frames of this gateway last; an empty text when nobody did. */
  readonly conflict_ip_addr: string;
  /** 0 when nobody did. */
  readonly conflict_ip_port: number;
  readonly conflict_last_seen: string;
  readonly conflicts: number;
  readonly crc_errors: number;
  readonly downlink_count: number;
  readonly downlinks: number;
  /** Datagrams and receptions that were dropped, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  readonly gweui: string;
  readonly ip_addr: string;
  readonly ip_port: number;
  readonly last_seen: string;
  readonly mic_fails: number;
  /** Whether a frame that it brought has proved genuine since the server started. */
  readonly proven: boolean;
  readonly rx_count: number;
  readonly rx_forwarded: number;
  readonly rx_ok: number;
  readonly tx_count: number;
  readonly uplinks: number;
  readonly version: string;
}

/** What is unknown is an empty text, never null. */
export interface DeviceJson {
  readonly class: 'A' | 'B' | 'C';
  readonly created_at: string;
  readonly deveui: string;
  readonly firmware_version: string;
  readonly hardware_version: string;
  readonly last_app_nonce: number | '';
  readonly last_nonce: number | '';
  readonly last_seen: string;
  readonly name: string;
  readonly product_id: string;
  readonly rejoin_count: number;
  readonly serial_number: string;
  readonly tags: string;
}

/** A device of the whitelist, keys included. */
export interface WhitelistDeviceJson {
  readonly appeui: string;
  readonly appkey: string;
  readonly class: 'A' | 'B' | 'C';
  readonly deveui: string;
  readonly device_profile_id?: string;
  readonly fuota_profile?: string;
  readonly genappkey?: string;
  readonly name: string;
  readonly network_profile_id?: string;
}

export function statusShape(status: ServiceStatus): ServiceStatusJson {
  return {
    'lora-basic-station': 0,
    'lora-cloud-connector': 0,
    'lora-lens-server': 0,
    'lora-network-server': status.networkServerPid,
    'lora-packet-forwarder': status.packetForwarderPids,
  };
}

export function gatewayShape(gateway: GatewayView): GatewayJson {
  return {
    ack_rate: gateway.ackRate,
    conflict_ip_addr: gateway.conflict?.address ?? '',
    conflict_ip_port: gateway.conflict?.port ?? 0,
    conflict_last_seen: gateway.conflict === undefined ? '' : isoSeconds(gateway.conflict.at),
    conflicts: gateway.conflict?.count ?? 0,
    crc_errors: gateway.crcErrors,
    downlink_count: gateway.downlinks,
    downlinks: gateway.downlinks,
    drops: gateway.drops,
    gweui: formatEui64(gateway.gatewayEui),
    ip_addr: gateway.address,
    ip_port: gateway.port,
    last_seen: isoSeconds(gateway.lastSeenAt),
    mic_fails: gateway.micFailures,
    proven: gateway.proven,
    rx_count: gateway.received,
    rx_forwarded: gateway.forwarded,
    rx_ok: gateway.receivedOk,
    tx_count: gateway.transmitted,
    uplinks: gateway.uplinks,
    version: gateway.version,
  };
}

export function deviceShape(device: DeviceView): DeviceJson {
  return {
    class: device.deviceClass,
    created_at: isoSeconds(device.createdAt),
    deveui: formatEui64(device.devEui),
    firmware_version: '',
    hardware_version: '',
    last_app_nonce: device.lastJoinNonce ?? '',
    last_nonce: device.lastDevNonce ?? '',
    last_seen: device.lastSeenAt === undefined ? '' : isoSeconds(device.lastSeenAt),
    name: device.name,
    product_id: '',
    rejoin_count: Math.max(0, device.joinCount - 1),
    serial_number: '',
    tags: '',
  };
}

export function whitelistDeviceShape(device: WhitelistDevice): WhitelistDeviceJson {
  return {
    appeui: formatEui64(device.appEui),
    appkey: device.appKey,
    class: device.deviceClass,
    deveui: formatEui64(device.devEui),
    ...(device.deviceProfileId === undefined ? {} : { device_profile_id: device.deviceProfileId }),
    ...(device.fuotaProfile === undefined ? {} : { fuota_profile: device.fuotaProfile }),
    ...(device.genAppKey === undefined ? {} : { genappkey: device.genAppKey }),
    name: device.name,
    ...(device.networkProfileId === undefined ? {} : { network_profile_id: device.networkProfileId }),
  };
}
