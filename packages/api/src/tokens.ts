import { createHash } from 'node:crypto';
import { type Entropy, toHex } from '@airlift/kernel';

const TOKEN_OCTETS = 32;
const TOKEN = /^[0-9A-F]{64}$/;

/** A new session token: 256 bits as upper-case hexadecimal, the look of the tokens clients know. */
export function newToken(entropy: Entropy): string {
  return toHex(entropy.octets(TOKEN_OCTETS)).toUpperCase();
}

/** Whether a text can be a token of ours; saves looking up garbage. */
export function isTokenText(text: string): boolean {
  return TOKEN.test(text);
}

/** What is kept of the name of a login. */
export function hashName(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** What is kept of a token. A token is random enough that a fast hash hides it. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
