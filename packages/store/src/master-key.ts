import { link, open, readFile, rm } from 'node:fs/promises';
import { CallerError, type Entropy, toHex } from '@airlift/kernel';
import type { Kysely } from 'kysely';
import { dataPath } from './data-files.ts';
import { syncDirectory } from './file-port.ts';
import type { Tables } from './schema.ts';
import { MASTER_KEY_OCTETS, Vault } from './vault.ts';

const CHECK_NAME = 'master-key';
const CHECK_PLACE = 'vault/check_sealed/master-key';
const CHECK_TEXT = 'airlift';

export interface VaultOptions {
  readonly db: Kysely<Tables>;
  readonly dataDir: string;
  readonly entropy: Entropy;
  /** 32 octets; undefined = the file `secret.key` in the data folder, made on first use. */
  readonly masterKey: Uint8Array | undefined;
}

/**
 * Opens the vault of a database and makes sure that the master key is the one it was filled with.
 * @throws CallerError `master-key-missing` when the database has keys but the file is gone
 * @throws CallerError `master-key-invalid` when the key does not have 32 octets
 * @throws CallerError `master-key-wrong` when it belongs to another database
 */
export async function openVault({ db, dataDir, entropy, masterKey }: VaultOptions): Promise<Vault> {
  const known = await readCheck(db);
  const key = masterKey ?? (await keyFromFile(dataDir, known === undefined ? entropy : undefined));
  const vault = new Vault(key, entropy);
  if (known === undefined) {
    await db
      .insertInto('vault')
      .values({ name: CHECK_NAME, check_sealed: vault.seal(CHECK_TEXT, CHECK_PLACE) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  // Read again in any case: another process may have been first, with another key.
  const check = (await readCheck(db)) ?? '';
  try {
    vault.open(check, CHECK_PLACE);
  } catch (cause) {
    throw new CallerError(
      'master-key-wrong',
      'the master key does not belong to this database: put back the secret.key it was created with',
      { cause },
    );
  }
  return vault;
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
