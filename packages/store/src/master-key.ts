import { link, open, readFile, rm } from 'node:fs/promises';
import { CallerError, type Entropy, toHex } from '@airlift/kernel';
import type { Kysely } from 'kysely';
import type { DamagedRecords } from './damaged-records.ts';
import { dataPath } from './data-files.ts';
import { syncDirectory } from './file-port.ts';
import { genAppKeyPlace } from './provisioning-store.ts';
import type { Tables } from './schema.ts';
import { MASTER_KEY_OCTETS, type Opener, Vault } from './vault.ts';

const CHECK_NAME = 'master-key';
const CHECK_PLACE = 'vault/check_sealed/master-key';
const CHECK_TEXT = 'airlift';
/** Sealed texts of each kind that are tried before a key counts as wrong. */
const MOST_SAMPLES = 100;

export interface VaultOptions {
  readonly db: Kysely<Tables>;
  readonly dataDir: string;
  readonly entropy: Entropy;
  /** 32 octets; undefined = the file `secret.key` in the data folder, made on first use. */
  readonly masterKey: Uint8Array | undefined;
  readonly damaged: DamagedRecords;
}

/**
 * Opens the vault of a database and makes sure that the master key is the one it was filled with. Should only the row be
 * damaged that proves it, the sealed keys prove it as well, and the row is made anew.
 * @throws CallerError `master-key-missing` when the database has keys but the file is gone
 * @throws CallerError `master-key-invalid` when the key does not have 32 octets
 * @throws CallerError `master-key-wrong` when it belongs to another database
 */
export async function openVault({ db, dataDir, entropy, masterKey, damaged }: VaultOptions): Promise<Vault> {
  const isNew = (await readCheck(db)) === undefined && (await sealedSamples(db)).length === 0;
  const key = masterKey ?? (await keyFromFile(dataDir, isNew ? entropy : undefined));
  const vault = new Vault(key, entropy);
  if (isNew) {
    await db
      .insertInto('vault')
      .values({ name: CHECK_NAME, check_sealed: vault.seal(CHECK_TEXT, CHECK_PLACE) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  // Read again in any case: another process may have been first, with another key.
  const check = await readCheck(db);
  if (provesKey(vault, check)) return vault;
  if (!(await sealedSamples(db)).some(({ sealed, place }) => opens(vault, sealed, place))) {
    throw new CallerError(
      'master-key-wrong',
      'secret.key does not belong to this database: put back the secret.key it was created with, or a backup of the ' +
        'whole data folder',
    );
  }
  await repairCheck(db, vault, check, damaged);
  return vault;
}

/** Whether the row that proves the master key says that it is this one. */
export function provesKey(vault: Opener, check: unknown): boolean {
  return typeof check === 'string' && opens(vault, check, CHECK_PLACE);
}

function opens(vault: Opener, sealed: string, place: string): boolean {
  try {
    vault.open(sealed, place);
    return true;
  } catch {
    return false;
  }
}

async function repairCheck(db: Kysely<Tables>, vault: Vault, check: unknown, damaged: DamagedRecords): Promise<void> {
  const check_sealed = vault.seal(CHECK_TEXT, CHECK_PLACE);
  const reason = 'check_sealed: does not open';
  await db.transaction().execute(async (trx) => {
    await damaged.keep(trx, 'vault', CHECK_NAME, reason, { vault: [{ check_sealed: check }] });
    await trx
      .insertInto('vault')
      .values({ name: CHECK_NAME, check_sealed })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ check_sealed }))
      .execute();
  });
  damaged.tellSetAside('vault', CHECK_NAME, reason);
}

/** Some of the texts in the database that the right master key opens. */
async function sealedSamples(
  db: Kysely<Tables>,
): Promise<readonly { readonly sealed: string; readonly place: string }[]> {
  const devices = await db.selectFrom('devices').select(['dev_eui', 'app_key_sealed']).limit(MOST_SAMPLES).execute();
  const firmware = await db
    .selectFrom('device_firmware')
    .select(['dev_eui', 'gen_app_key_sealed'])
    .where('gen_app_key_sealed', 'is not', null)
    .limit(MOST_SAMPLES)
    .execute();
  const groups = await db
    .selectFrom('mc_groups')
    .select(['group_id', 'mc_nwk_s_key_sealed'])
    .where('mc_nwk_s_key_sealed', 'is not', null)
    .limit(MOST_SAMPLES)
    .execute();
  return [
    ...devices.map((row) => ({ sealed: String(row.app_key_sealed), place: `devices/app_key/${row.dev_eui}` })),
    ...firmware.map((row) => ({ sealed: String(row.gen_app_key_sealed), place: genAppKeyPlace(row.dev_eui) })),
    ...groups.map((row) => ({
      sealed: String(row.mc_nwk_s_key_sealed),
      place: `mc_groups/mc_nwk_s_key/${row.group_id}`,
    })),
  ];
}

async function readCheck(db: Kysely<Tables>): Promise<string | undefined> {
  const row = await db.selectFrom('vault').select('check_sealed').where('name', '=', CHECK_NAME).executeTakeFirst();
  return row?.check_sealed;
}

/** Reads the key file; makes it first when there is none and `entropy` is given. */
async function keyFromFile(dataDir: string, entropy: Entropy | undefined): Promise<Uint8Array> {
  const path = dataPath(dataDir, 'masterKey');
  if (entropy !== undefined) await createKeyFile(path, dataDir, entropy);
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CallerError(
      'master-key-missing',
      `${path} cannot be read; without it the keys in the database cannot be opened`,
      { cause },
    );
  }
}

/** Appears complete or not at all, and never replaces a key that is there. */
async function createKeyFile(path: string, dataDir: string, entropy: Entropy): Promise<void> {
  const temporary = `${path}.${toHex(entropy.octets(8))}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    try {
      await file.writeFile(entropy.octets(MASTER_KEY_OCTETS));
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dataDir);
}
