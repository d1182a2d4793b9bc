import { z } from 'zod';
import { contractError } from './error-table.ts';
import { memberError, optionalText, readBody, worded } from './fields.ts';

/** User name and password of a login. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const CREDENTIALS = z.object({
  username: z.string(worded('must be a text')).min(1, worded('must not be empty')).max(256, worded('is too long')),
  password: z.string(worded('must be a text')).max(1024, worded('is too long')),
});

/**
 * Reads a body of `POST /api/login`, or the query of either method.
 * @throws CallerError `parameters-invalid`
 */
export function parseLoginBody(body: unknown): Credentials {
  return readBody(CREDENTIALS, body);
}

const COMMISSIONING = z.object({
  username: optionalText(64),
  password: z.string(worded('must be a text')),
});

/**
 * Reads a body of `POST /api/commissioning`; the administrator is called `admin` unless the body says otherwise.
 * @throws CallerError `parameters-invalid` | `password-weak`
 */
export function parseCommissioningBody(body: unknown): Credentials {
  const { username = 'admin', password } = readBody(COMMISSIONING, body);
  checkUserName(username);
  checkNewPassword(password);
  return { username, password };
}

/** @throws CallerError `parameters-invalid` unless the name is 1 to 64 letters, digits, `.`, `_`, `@` or `-` */
export function checkUserName(name: string): void {
  if (!/^[A-Za-z0-9._@-]{1,64}$/.test(name)) {
    throw memberError('username', 'must be 1 to 64 letters, digits, ".", "_", "@" or "-"');
  }
}

/** @throws CallerError `password-weak` unless the password has 8 to 256 characters */
export function checkNewPassword(password: string): void {
  const length = [...password].length;
  if (length < 8 || length > 256) throw contractError('password-weak');
}
