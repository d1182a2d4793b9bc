import { type Eui64, steadyMs } from '@airlift/kernel';
import type { DeviceSession, GroupRecord, LastUplink, ProvisionedDevice } from '@airlift/network';
import type { Selectable } from 'kysely';
import { readJson, requireShape } from './record-shape.ts';
import { DEVICE_ROW, DEVICE_SESSION_ROW, GATEWAY_EUIS, GROUP_ROW, LAST_UPLINK, requireKey } from './row-shapes.ts';
import type { DeviceSessionsTable, DevicesTable, McGroupsTable } from './schema.ts';
import type { Opener, Vault } from './vault.ts';

/** Columns of a device that its owner may change. */
export function deviceColumns(vault: Vault, device: ProvisionedDevice) {
  const { devEui } = device;
  return {
    name: device.name,
    join_eui: device.joinEui,
    app_key_sealed: vault.seal(device.appKey, `devices/app_key/${devEui}`),
    device_class: device.deviceClass,
    device_profile_id: device.deviceProfileId ?? null,
    network_profile_id: device.networkProfileId ?? null,
    created_at: device.createdAt,
  };
}

/** The device of a row. @throws DamagedRecord, or BugError for a sealed text that does not open */
export function deviceOf(vault: Opener, row: Selectable<DevicesTable>): ProvisionedDevice {
  requireShape(DEVICE_ROW, row);
  const { dev_eui } = row;
  return {
    devEui: dev_eui as Eui64,
    name: row.name,
    joinEui: row.join_eui as Eui64,
    appKey: openKey(vault, row.app_key_sealed, 'devices/app_key', dev_eui),
    deviceClass: row.device_class as ProvisionedDevice['deviceClass'],
    deviceProfileId: row.device_profile_id ?? undefined,
    networkProfileId: row.network_profile_id ?? undefined,
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

/** The session of a row. @throws DamagedRecord, or BugError for a sealed text that does not open */
export function sessionOf(vault: Opener, row: Selectable<DeviceSessionsTable>): DeviceSession {
  requireShape(DEVICE_SESSION_ROW, row);
  const id = `${row.dev_eui}/${row.dev_addr}`;
  return {
    devEui: row.dev_eui as Eui64,
    devAddr: row.dev_addr,
    nwkSKey: openKey(vault, row.nwk_s_key_sealed, 'device_sessions/nwk_s_key', id),
    appSKey: openKey(vault, row.app_s_key_sealed, 'device_sessions/app_s_key', id),
    joinNonce: row.join_nonce,
    devNonce: row.dev_nonce,
    joinedAt: steadyMs(row.joined_at),
    confirmed: row.confirmed === 1,
    lastFCntUp: row.last_f_cnt_up ?? undefined,
    rxDelayS: row.rx_delay_s,
    rx1DrOffset: row.rx1_dr_offset,
    rx2DataRate: row.rx2_data_rate,
    rx2FrequencyHz: row.rx2_frequency_hz,
    lastUplink: row.last_uplink === null ? undefined : lastUplinkOf(row.last_uplink),
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

/** The group of a row that is open. @throws DamagedRecord, or BugError for a sealed text that does not open */
export function groupOf(vault: Opener, row: Selectable<McGroupsTable>): GroupRecord {
  requireShape(GROUP_ROW, row);
  const gatewayEuis = readJson(row.gateway_euis, 'gateway_euis');
  requireShape(GATEWAY_EUIS, gatewayEuis);
  return {
    groupId: row.group_id,
    mcAddr: row.mc_addr,
    mcNwkSKey: openKey(vault, row.mc_nwk_s_key_sealed ?? '', 'mc_groups/mc_nwk_s_key', row.group_id),
    mcAppSKey: openKey(vault, row.mc_app_s_key_sealed ?? '', 'mc_groups/mc_app_s_key', row.group_id),
    frequencyHz: row.frequency_hz,
    dataRate: row.data_rate,
    gatewayEuis: gatewayEuis as GroupRecord['gatewayEuis'],
    firstFCnt: row.first_f_cnt,
    createdAt: steadyMs(row.created_at),
  };
}

function openKey(vault: Opener, sealed: string, column: string, row: string): string {
  return requireKey(vault.open(sealed, `${column}/${row}`), column);
}

function lastUplinkOf(json: string): LastUplink {
  const value = readJson(json, 'last_uplink');
  requireShape(LAST_UPLINK, value);
  return value as LastUplink;
}
