import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { BugError, type Entropy, systemEntropy } from '@airlift/kernel';

/** Work factors of scrypt (RFC 7914). Memory is 128 * 2^costExponent * blockSize octets. */
export interface ScryptCost {
  readonly costExponent: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** 32 MiB and about 0.2 s. */
export const DEFAULT_SCRYPT_COST: ScryptCost = { costExponent: 15, blockSize: 8, parallelization: 3 };

const SALT_OCTETS = 16;
const HASH_OCTETS = 32;
const FORMAT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

async function hash(password: string, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
  const N = 2 ** cost.costExponent;
  const maxmem = 256 * N * cost.blockSize;
  // Keyboards differ in how they compose letters; the same password must stay the same.
  return derive(password.normalize('NFC'), salt, HASH_OCTETS, {
    N,
    r: cost.blockSize,
    p: cost.parallelization,
    maxmem,
  });
}

/** The text to keep instead of the password: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, base64url. */
export async function hashPassword(
  password: string,
  options: { readonly entropy?: Entropy; readonly cost?: ScryptCost } = {},
): Promise<string> {
  const cost = options.cost ?? DEFAULT_SCRYPT_COST;
  const salt = (options.entropy ?? systemEntropy).octets(SALT_OCTETS);
  return writeHash(cost, salt, await hash(password, salt, cost));
}

/**
 * Whether the password belongs to the kept text; takes the same time whatever the answer.
 * @throws BugError when the kept text is damaged
 */
export async function verifyPassword(password: string, kept: string): Promise<boolean> {
  const match = FORMAT.exec(kept);
  if (match === null) throw new BugError('a kept password hash is damaged');
  const [costExponent = 0, blockSize = 0, parallelization = 0] = match.slice(1, 4).map(Number);
  if (costExponent < 1 || costExponent > 20 || blockSize < 1 || blockSize > 16 || parallelization < 1) {
    throw new BugError('a kept password hash asks for too much');
  }
  const salt = Buffer.from(match[4] ?? '', 'base64url');
  const wanted = Buffer.from(match[5] ?? '', 'base64url');
  const given = await hash(password, salt, { costExponent, blockSize, parallelization });
  return timingSafeEqual(given, wanted);
}

/** A kept text that no password belongs to: checking it costs what checking a real one costs. */
export const NOBODYS_PASSWORD_HASH = writeHash(
  DEFAULT_SCRYPT_COST,
  new Uint8Array(SALT_OCTETS),
  new Uint8Array(HASH_OCTETS),
);

function writeHash(cost: ScryptCost, salt: Uint8Array, hashed: Uint8Array): string {
  const factors = `ln=${cost.costExponent},r=${cost.blockSize},p=${cost.parallelization}`;
  return `$scrypt$${factors}$${base64url(salt)}$${base64url(hashed)}`;
}

function base64url(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64url');
}
