import type { ProvisionedFirmware, Provisioning } from '@airlift/campaign';
import { BugError, CallerError, type Eui64 } from '@airlift/kernel';
import type { Kysely, Selectable } from 'kysely';
import type { DamagedRecords } from './damaged-records.ts';
import { requireShape } from './record-shape.ts';
import { DEVICE_FIRMWARE_ROW, NO_SESSION_CNT_LEFT, requireKey } from './row-shapes.ts';
import type { DeviceFirmwareTable, Tables } from './schema.ts';
import type { Opener, Vault } from './vault.ts';

/** What campaigns know of devices, in the database, keys sealed. */
export class SqlProvisioning implements Provisioning {
  readonly #db: Kysely<Tables>;
  readonly #vault: Vault;
  readonly #damaged: DamagedRecords;

  constructor(db: Kysely<Tables>, vault: Vault, damaged: DamagedRecords) {
    this.#db = db;
    this.#vault = vault;
    this.#damaged = damaged;
  }

  async find(devEui: Eui64): Promise<ProvisionedFirmware | undefined> {
    const row = await this.#db
      .selectFrom('device_firmware')
      .selectAll()
      .where('dev_eui', '=', devEui)
      // Told and set aside already, or never put.
      .where('provisioned', '!=', 0)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const [firmware] = await this.#damaged.sift('device_firmware', [row], (one) => firmwareOf(this.#vault, one), {
      afterwards: async (trx, one) => {
        await trx
          .updateTable('device_firmware')
          .set({
            provisioned: 0,
            gen_app_key_sealed: null,
            fuota_profile: null,
            // A counter that cannot be read may have been anything.
            next_session_cnt: isCounter(one.next_session_cnt) ? one.next_session_cnt : NO_SESSION_CNT_LEFT,
          })
          .where('dev_eui', '=', one.dev_eui)
          .execute();
      },
    });
    return firmware;
  }

  async put({ devEui, genAppKey, fuotaProfile }: ProvisionedFirmware): Promise<void> {
    const columns = {
      provisioned: 1,
      gen_app_key_sealed: genAppKey === undefined ? null : this.#vault.seal(genAppKey, genAppKeyPlace(devEui)),
      fuota_profile: fuotaProfile ?? null,
    };
    await this.#db
      .insertInto('device_firmware')
      .values({ dev_eui: devEui, next_session_cnt: 0, ...columns })
      .onConflict((conflict) => conflict.column('dev_eui').doUpdateSet(columns))
      .execute();
  }

  async remove(devEui: Eui64): Promise<void> {
    await this.#db.deleteFrom('device_firmware').where('dev_eui', '=', devEui).execute();
  }

  async reserveSessionCnt(devEui: Eui64, count: number): Promise<number> {
    if (!Number.isInteger(count) || count < 0) throw new BugError(`${count} values of SessionCnt were asked for`);
    // One statement: whoever asks at the same time gets the next ones. Without a row the first is 0.
    const row =
      count > NO_SESSION_CNT_LEFT
        ? undefined
        : await this.#db
            .insertInto('device_firmware')
            .values({ dev_eui: devEui, provisioned: 0, next_session_cnt: count })
            .onConflict((conflict) =>
              conflict
                .column('dev_eui')
                .doUpdateSet((eb) => ({ next_session_cnt: eb('device_firmware.next_session_cnt', '+', count) }))
                .where('device_firmware.next_session_cnt', '<=', NO_SESSION_CNT_LEFT - count),
            )
            .returning('next_session_cnt')
            .executeTakeFirst();
    if (row === undefined) {
      throw new CallerError('session-cnt-exhausted', `The device ${devEui} has no SessionCnt left`);
    }
    return row.next_session_cnt - count;
  }
}

/** The firmware of a row. @throws DamagedRecord, or BugError for a sealed text that does not open */
export function firmwareOf(vault: Opener, row: Selectable<DeviceFirmwareTable>): ProvisionedFirmware {
  requireShape(DEVICE_FIRMWARE_ROW, row);
  const { dev_eui, gen_app_key_sealed: sealed } = row;
  return {
    devEui: dev_eui as Eui64,
    genAppKey: sealed === null ? undefined : requireKey(vault.open(sealed, genAppKeyPlace(dev_eui)), 'gen_app_key'),
    fuotaProfile: row.fuota_profile ?? undefined,
  };
}

/** The place of the first schema, where the key belonged to the network's device: moving the column sealed nothing anew. */
export const genAppKeyPlace = (devEui: string): string => `devices/gen_app_key/${devEui}`;

function isCounter(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= NO_SESSION_CNT_LEFT;
}
