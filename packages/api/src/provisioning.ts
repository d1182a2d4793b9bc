import { checkNewPassword, checkUserName, type Role } from '@airlift/contract';
import type { Entropy } from '@airlift/kernel';
import { hashPassword, type ScryptCost } from './passwords.ts';
import type { AccountStore } from './ports.ts';
import { hashName } from './tokens.ts';

type Hashing = { readonly entropy?: Entropy; readonly cost?: ScryptCost };

/**
 * Creates the first administrator, as `POST /api/commissioning` does.
 * @returns false when there is a user already; nothing is changed then
 * @throws CallerError `password-weak` | `parameters-invalid`
 */
export async function commissionAdmin(
  ports: { readonly accounts: AccountStore },
  password: string,
  options: Hashing & { readonly name?: string } = {},
): Promise<boolean> {
  const { name = 'admin', ...hashing } = options;
  checkUserName(name);
  checkNewPassword(password);
  if (await ports.accounts.commissioned()) return false;
  const passwordHash = await hashPassword(password, hashing);
  return ports.accounts.saveFirstUser({ name, role: 'admin', passwordHash });
}

/**
 * Adds a user or changes role and password of one; sessions and failures of before end.
 * @throws CallerError `password-weak` | `parameters-invalid`
 */
export async function saveUser(
  ports: { readonly accounts: AccountStore },
  user: { readonly name: string; readonly role: Role; readonly password: string },
  hashing: Hashing = {},
): Promise<void> {
  checkUserName(user.name);
  checkNewPassword(user.password);
  const passwordHash = await hashPassword(user.password, hashing);
  await ports.accounts.saveUser({ name: user.name, role: user.role, passwordHash });
  await ports.accounts.deleteSessionsOf(user.name);
  await ports.accounts.forgetFailures(hashName(user.name));
}
