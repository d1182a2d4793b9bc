import type { Eui64, SteadyMs } from '@airlift/kernel';
import type {
  DeviceSession,
  GroupRecord,
  JoinHistory,
  LastUplink,
  McAddress,
  McAddrRequest,
  NetworkStore,
  ProvisionedDevice,
} from '@airlift/network';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { DamagedRecords } from './damaged-records.ts';
import { deviceColumns, deviceOf, groupColumns, groupOf, sessionColumns, sessionOf } from './device-rows.ts';
import { allocateMcAddr, freeMcAddr } from './mc-addresses.ts';
import { NO_COUNTER_LEFT } from './row-shapes.ts';
import type { DeviceSessionsTable, McGroupsTable, Tables } from './schema.ts';
import type { Vault } from './vault.ts';

/** Devices, sessions and groups in the database, keys sealed. */
export class SqlNetworkStore implements NetworkStore {
  readonly #db: Kysely<Tables>;
  readonly #vault: Vault;
  readonly #damaged: DamagedRecords;

  constructor(db: Kysely<Tables>, vault: Vault, damaged: DamagedRecords) {
    this.#db = db;
    this.#vault = vault;
    this.#damaged = damaged;
  }

  async devices(): Promise<readonly ProvisionedDevice[]> {
    const rows = await this.#db.selectFrom('devices').selectAll().orderBy('position').execute();
    return this.#damaged.sift('devices', rows, (row) => deviceOf(this.#vault, row));
  }

  async device(devEui: Eui64): Promise<ProvisionedDevice | undefined> {
    const row = await this.#db.selectFrom('devices').selectAll().where('dev_eui', '=', devEui).executeTakeFirst();
    return this.#damaged.siftOne('devices', row, (one) => deviceOf(this.#vault, one));
  }

  async addDevice(device: ProvisionedDevice): Promise<boolean> {
    const columns = deviceColumns(this.#vault, device);
    const result = await this.#db
      .insertInto('devices')
      .values(({ selectFrom, fn, val, eb }) => ({
        dev_eui: device.devEui,
        position: selectFrom('devices').select(eb(fn.coalesce(fn.max('position'), val(0)), '+', 1).as('next')),
        join_count: 0,
        ...columns,
      }))
      .onConflict((conflict) => conflict.column('dev_eui').doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async replaceDevice(device: ProvisionedDevice): Promise<boolean> {
    const result = await this.#db
      .updateTable('devices')
      .set(deviceColumns(this.#vault, device))
      .where('dev_eui', '=', device.devEui)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async removeDevice(devEui: Eui64): Promise<boolean> {
    const result = await this.#db.deleteFrom('devices').where('dev_eui', '=', devEui).executeTakeFirst();
    return result.numDeletedRows === 1n;
  }

  async removeAllDevices(): Promise<void> {
    await this.#db.deleteFrom('devices').execute();
  }

  async joinHistory(devEui: Eui64): Promise<JoinHistory> {
    const row = await this.#db
      .selectFrom('devices')
      .select(['last_dev_nonce', 'last_join_nonce', 'join_count'])
      .where('dev_eui', '=', devEui)
      .executeTakeFirst();
    return {
      lastDevNonce: row?.last_dev_nonce ?? undefined,
      lastJoinNonce: row?.last_join_nonce ?? undefined,
      joinCount: row?.join_count ?? 0,
    };
  }

  async devNonceUsed(devEui: Eui64, devNonce: number): Promise<boolean> {
    const row = await this.#db
      .selectFrom('used_dev_nonces')
      .select('dev_nonce')
      .where('dev_eui', '=', devEui)
      .where('dev_nonce', '=', devNonce)
      .executeTakeFirst();
    return row !== undefined;
  }

  async saveJoin(session: DeviceSession): Promise<boolean> {
    const { devEui, devNonce, joinNonce } = session;
    const columns = sessionColumns(this.#vault, session);
    return this.#db.transaction().execute(async (trx) => {
      const device = await trx.selectFrom('devices').select('dev_eui').where('dev_eui', '=', devEui).executeTakeFirst();
      if (device === undefined) return false;
      const nonce = await trx
        .insertInto('used_dev_nonces')
        .values({ dev_eui: devEui, dev_nonce: devNonce })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (nonce.numInsertedOrUpdatedRows !== 1n) return false;
      await trx
        .updateTable('devices')
        .set((eb) => ({
          last_dev_nonce: devNonce,
          last_join_nonce: joinNonce,
          join_count: eb('join_count', '+', 1),
        }))
        .where('dev_eui', '=', devEui)
        .execute();
      // The confirmed session stays until the new one is heard; an older one that was never heard does not.
      await trx
        .deleteFrom('device_sessions')
        .where('dev_eui', '=', devEui)
        .where((eb) => eb.or([eb('confirmed', '=', 0), eb('dev_addr', '=', session.devAddr)]))
        .execute();
      await trx.insertInto('device_sessions').values(columns).execute();
      return true;
    });
  }

  async session(devEui: Eui64): Promise<DeviceSession | undefined> {
    const rows = await this.#db
      .selectFrom('device_sessions')
      .selectAll()
      .where('dev_eui', '=', devEui)
      .orderBy('confirmed', 'desc')
      .execute();
    return (await this.#sessions(rows))[0];
  }

  async sessions(): Promise<readonly DeviceSession[]> {
    const rows = await this.#db.selectFrom('device_sessions').selectAll().execute();
    return this.#sessions(rows);
  }

  async sessionsByDevAddr(devAddr: number): Promise<readonly DeviceSession[]> {
    const rows = await this.#db.selectFrom('device_sessions').selectAll().where('dev_addr', '=', devAddr).execute();
    return this.#sessions(rows);
  }

  async devAddrInUse(devAddr: number): Promise<boolean> {
    const row = await this.#db
      .selectFrom('device_sessions')
      .select('dev_addr')
      .where('dev_addr', '=', devAddr)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  async saveUplink(devEui: Eui64, devAddr: number, fCntUp: number, uplink: LastUplink): Promise<boolean> {
    return this.#db.transaction().execute(async (trx) => {
      const result = await trx
        .updateTable('device_sessions')
        .set({ confirmed: 1, last_f_cnt_up: fCntUp, last_uplink: JSON.stringify(uplink) })
        .where('dev_eui', '=', devEui)
        .where('dev_addr', '=', devAddr)
        .where((eb) => eb.or([eb('last_f_cnt_up', 'is', null), eb('last_f_cnt_up', '<', fCntUp)]))
        .executeTakeFirst();
      if (result.numUpdatedRows !== 1n) return false;
      await trx
        .deleteFrom('device_sessions')
        .where('dev_eui', '=', devEui)
        .where('join_nonce', '<', (eb) =>
          eb
            .selectFrom('device_sessions as own')
            .select('own.join_nonce')
            .where('own.dev_eui', '=', devEui)
            .where('own.dev_addr', '=', devAddr),
        )
        .execute();
      return true;
    });
  }

  async reserveDownlinkCounters(devEui: Eui64, devAddr: number, count: number): Promise<number | undefined> {
    const row = await this.#db
      .updateTable('device_sessions')
      .set((eb) => ({ next_f_cnt_down: eb('next_f_cnt_down', '+', count) }))
      .where('dev_eui', '=', devEui)
      .where('dev_addr', '=', devAddr)
      .returning('next_f_cnt_down')
      .executeTakeFirst();
    return row && row.next_f_cnt_down - count;
  }

  async saveGroup(group: GroupRecord): Promise<void> {
    const columns = groupColumns(this.#vault, group);
    await this.#db.transaction().execute(async (trx) => {
      await trx
        .insertInto('used_mc_addrs')
        .values({ mc_addr: group.mcAddr, next_f_cnt: 0, free_from: group.createdAt })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await trx
        .insertInto('mc_groups')
        .values({ group_id: group.groupId, next_f_cnt: group.firstFCnt, ...columns })
        .onConflict((conflict) => conflict.column('group_id').doUpdateSet(columns))
        .execute();
      // A group that is saved again goes on counting where it was.
      await trx
        .updateTable('mc_groups')
        .set({ next_f_cnt: group.firstFCnt })
        .where('group_id', '=', group.groupId)
        .where('next_f_cnt', '<', group.firstFCnt)
        .execute();
    });
  }

  async group(groupId: string): Promise<GroupRecord | undefined> {
    const row = await this.#db
      .selectFrom('mc_groups')
      .selectAll()
      .where('group_id', '=', groupId)
      .where('open', '=', 1)
      .executeTakeFirst();
    return row && (await this.#groups([row]))[0];
  }

  async openGroups(): Promise<readonly GroupRecord[]> {
    const rows = await this.#db.selectFrom('mc_groups').selectAll().where('open', '=', 1).execute();
    return this.#groups(rows);
  }

  async reserveGroupCounters(groupId: string, count: number): Promise<number | undefined> {
    const row = await this.#db
      .updateTable('mc_groups')
      .set((eb) => ({ next_f_cnt: eb('next_f_cnt', '+', count) }))
      .where('group_id', '=', groupId)
      .where('open', '=', 1)
      .where('next_f_cnt', '<', NO_COUNTER_LEFT)
      .returning('next_f_cnt')
      .executeTakeFirst();
    return row && row.next_f_cnt - count;
  }

  async closeGroup(groupId: string, addressFreeFrom: SteadyMs): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await freeMcAddr(trx, groupId, addressFreeFrom);
      await trx
        .updateTable('mc_groups')
        .set({ open: 0, mc_nwk_s_key_sealed: null, mc_app_s_key_sealed: null })
        .where('group_id', '=', groupId)
        .execute();
    });
  }

  allocateMcAddr(request: McAddrRequest): Promise<McAddress | undefined> {
    return this.#db.transaction().execute((trx) => allocateMcAddr(trx, request));
  }

  async mcAddrInUse(mcAddr: number): Promise<boolean> {
    const row = await this.#db
      .selectFrom('used_mc_addrs')
      .select('mc_addr')
      .where('mc_addr', '=', mcAddr)
      .executeTakeFirst();
    return row !== undefined;
  }

  #sessions(rows: readonly Selectable<DeviceSessionsTable>[]): Promise<readonly DeviceSession[]> {
    return this.#damaged.sift('device_sessions', rows, (row) => sessionOf(this.#vault, row));
  }

  #groups(rows: readonly Selectable<McGroupsTable>[]): Promise<readonly GroupRecord[]> {
    return this.#damaged.sift('mc_groups', rows, (row) => groupOf(this.#vault, row), { afterwards: closeDamagedGroup });
  }
}

/** A group whose mark cannot be read may have used any counter: none is left for it. */
async function closeDamagedGroup(trx: Transaction<Tables>, row: Selectable<McGroupsTable>): Promise<void> {
  const markIsKnown = Number.isInteger(row.next_f_cnt) && row.next_f_cnt >= 0;
  await trx
    .updateTable('mc_groups')
    .set({
      open: 0,
      mc_nwk_s_key_sealed: null,
      mc_app_s_key_sealed: null,
      next_f_cnt: markIsKnown ? row.next_f_cnt : NO_COUNTER_LEFT,
    })
    .where('group_id', '=', row.group_id)
    .execute();
}
