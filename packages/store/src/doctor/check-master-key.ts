import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { systemEntropy } from '@airlift/kernel';
import type Sqlite from 'better-sqlite3';
import { dataPath } from '../data-files.ts';
import { provesKey } from '../master-key.ts';
import { MASTER_KEY_OCTETS, Vault } from '../vault.ts';
import type { Finding } from './finding.ts';

/** What the master key is worth; without a vault the sealed texts of the records cannot be looked into. */
export interface MasterKeyCheck {
  readonly vault: Vault | undefined;
  readonly findings: readonly Finding[];
}

/** Whether the master key is there and is the one that the database was filled with. */
export async function checkMasterKey(dataDir: string, sqlite: Sqlite.Database): Promise<MasterKeyCheck> {
  const where = dataPath(dataDir, 'masterKey');
  const failed = (what: string, advice: string): MasterKeyCheck => ({
    vault: undefined,
    findings: [{ check: 'master-key', what, where, advice }],
  });
  const restore = 'put back the secret.key that was made with this database, from a backup';
  if (!existsSync(where)) return failed('the master key is missing', restore);
  const octets = await readFile(where);
  if (octets.length !== MASTER_KEY_OCTETS) return failed(`it has ${octets.length} octets instead of 32`, restore);
  const vault = new Vault(octets, systemEntropy);
  const check = sqlite.prepare("select check_sealed from vault where name = 'master-key'").pluck().get();
  if (provesKey(vault, check)) return { vault, findings: [] };
  return failed(
    'it does not open the record that proves it',
    `${restore}; if it is the right one, start the server: it repairs the record when other keys open`,
  );
}
