import { parseEui64, steadyMs } from '@airlift/kernel';
import type { DeviceSession, GroupRecord, LastUplink, ProvisionedDevice } from '@airlift/network';
import type { Selectable } from 'kysely';
import type { DeviceSessionsTable, DevicesTable, McGroupsTable } from './schema.ts';
import type { Vault } from './vault.ts';

/** Columns of a device that its owner may change. */
export function deviceColumns(vault: Vault, device: ProvisionedDevice) {
  const { devEui, genAppKey } = device;
  return {
    name: device.name,
    join_eui: device.joinEui,
    app_key_sealed: vault.seal(device.appKey, `devices/app_key/${devEui}`),
    gen_app_key_sealed: genAppKey === undefined ? null : vault.seal(genAppKey, `devices/gen_app_key/${devEui}`),
    device_class: device.deviceClass,
    device_profile_id: device.deviceProfileId ?? null,
    network_profile_id: device.networkProfileId ?? null,
    fuota_profile: device.fuotaProfile ?? null,
    created_at: device.createdAt,
  };
}

/** The device of a row. */
export function deviceOf(vault: Vault, row: Selectable<DevicesTable>): ProvisionedDevice {
  const { dev_eui, gen_app_key_sealed } = row;
  return {
    devEui: parseEui64(dev_eui),
    name: row.name,
    joinEui: parseEui64(row.join_eui),
    appKey: vault.open(row.app_key_sealed, `devices/app_key/${dev_eui}`),
    genAppKey:
      gen_app_key_sealed === null ? undefined : vault.open(gen_app_key_sealed, `devices/gen_app_key/${dev_eui}`),
    deviceClass: row.device_class as ProvisionedDevice['deviceClass'],
    deviceProfileId: row.device_profile_id ?? undefined,
    networkProfileId: row.network_profile_id ?? undefined,
    fuotaProfile: row.fuota_profile ?? undefined,
    createdAt: steadyMs(row.created_at),
  };
}

/** The row of a new session, its downlink counter at 0. */
export function sessionColumns(vault: Vault, session: DeviceSession) {
  const row = `${session.devEui}/${session.devAddr}`;
  return {
    dev_eui: session.devEui,
    dev_addr: session.devAddr,
    nwk_s_key_sealed: vault.seal(session.nwkSKey, `device_sessions/nwk_s_key/${row}`),
    app_s_key_sealed: vault.seal(session.appSKey, `device_sessions/app_s_key/${row}`),
    join_nonce: session.joinNonce,
    dev_nonce: session.devNonce,
    joined_at: session.joinedAt,
    confirmed: session.confirmed ? 1 : 0,
    last_f_cnt_up: session.lastFCntUp ?? null,
    next_f_cnt_down: 0,
    rx_delay_s: session.rxDelayS,
    rx1_dr_offset: session.rx1DrOffset,
    rx2_data_rate: session.rx2DataRate,
    rx2_frequency_hz: session.rx2FrequencyHz,
    last_uplink: session.lastUplink === undefined ? null : JSON.stringify(session.lastUplink),
  };
}

/** The session of a row. */
export function sessionOf(vault: Vault, row: Selectable<DeviceSessionsTable>): DeviceSession {
  const id = `${row.dev_eui}/${row.dev_addr}`;
  return {
    devEui: parseEui64(row.dev_eui),
    devAddr: row.dev_addr,
    nwkSKey: vault.open(row.nwk_s_key_sealed, `device_sessions/nwk_s_key/${id}`),
    appSKey: vault.open(row.app_s_key_sealed, `device_sessions/app_s_key/${id}`),
    joinNonce: row.join_nonce,
    devNonce: row.dev_nonce,
    joinedAt: steadyMs(row.joined_at),
    confirmed: row.confirmed === 1,
    lastFCntUp: row.last_f_cnt_up ?? undefined,
    rxDelayS: row.rx_delay_s,
    rx1DrOffset: row.rx1_dr_offset,
    rx2DataRate: row.rx2_data_rate,
    rx2FrequencyHz: row.rx2_frequency_hz,
    lastUplink: row.last_uplink === null ? undefined : (JSON.parse(row.last_uplink) as LastUplink),
  };
}

/** Columns of an open group, without its counter mark. */
export function groupColumns(vault: Vault, group: GroupRecord) {
  return {
    mc_addr: group.mcAddr,
    mc_nwk_s_key_sealed: vault.seal(group.mcNwkSKey, `mc_groups/mc_nwk_s_key/${group.groupId}`),
    mc_app_s_key_sealed: vault.seal(group.mcAppSKey, `mc_groups/mc_app_s_key/${group.groupId}`),
    frequency_hz: group.frequencyHz,
    data_rate: group.dataRate,
    gateway_euis: JSON.stringify(group.gatewayEuis),
    first_f_cnt: group.firstFCnt,
    created_at: group.createdAt,
    open: 1,
  };
}

/** The group of a row that is open. */
export function groupOf(vault: Vault, row: Selectable<McGroupsTable>): GroupRecord {
  return {
    groupId: row.group_id,
    mcAddr: row.mc_addr,
    mcNwkSKey: vault.open(row.mc_nwk_s_key_sealed ?? '', `mc_groups/mc_nwk_s_key/${row.group_id}`),
    mcAppSKey: vault.open(row.mc_app_s_key_sealed ?? '', `mc_groups/mc_app_s_key/${row.group_id}`),
    frequencyHz: row.frequency_hz,
    dataRate: row.data_rate,
    gatewayEuis: JSON.parse(row.gateway_euis) as GroupRecord['gatewayEuis'],
    firstFCnt: row.first_f_cnt,
    createdAt: steadyMs(row.created_at),
  };
}
