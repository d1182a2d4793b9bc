import { readFile, rename, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { TlsMaterial } from '@airlift/api';
import { CallerError } from '@airlift/kernel';

const FILE = 'tls.json';
const VALID_YEARS = 10;

/**
 * Certificate and key: the operator's own, or a self-signed pair that is made at the first start and kept.
 * @throws CallerError `tls-unreadable`
 */
export async function tlsMaterial(options: {
  readonly dataDir: string;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}): Promise<TlsMaterial> {
  const { certFile, keyFile, dataDir } = options;
  if (certFile !== null || keyFile !== null) {
    if (certFile === null || keyFile === null) {
      throw new CallerError('tls-unreadable', 'tlsCert and tlsKey belong together');
    }
    try {
      return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
    } catch (cause) {
      throw new CallerError('tls-unreadable', `The certificate or its key cannot be read`, { cause });
    }
  }
  const kept = await readKept(join(dataDir, FILE));
  if (kept !== undefined) return kept;
  const made = await makeSelfSigned();
  // Renamed into place, so that a crash leaves no half of it.
  const draft = join(dataDir, `${FILE}.new`);
  await writeFile(draft, JSON.stringify(made), { mode: 0o600 });
  await rename(draft, join(dataDir, FILE));
  return made;
}

async function readKept(file: string): Promise<TlsMaterial | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    // Not made yet, or lost with the power of the machine: another one is made.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { cert, key } = value as Readonly<Record<string, unknown>>;
  return typeof cert === 'string' && typeof key === 'string' ? { cert, key } : undefined;
}

async function makeSelfSigned(): Promise<TlsMaterial> {
  // Loaded when it is needed: it would take an eighth of every later start.
  const { generate } = await import('selfsigned');
  const addresses = new Set(['127.0.0.1', '::1']);
  for (const list of Object.values(networkInterfaces())) for (const { address } of list ?? []) addresses.add(address);
  const notAfterDate = new Date();
  notAfterDate.setFullYear(notAfterDate.getFullYear() + VALID_YEARS);
  const pair = await generate([{ name: 'commonName', value: 'airlift' }], {
    keyType: 'ec',
    notAfterDate,
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          ...[...addresses].map((ip) => ({ type: 7 as const, ip: ip.replace(/%.*$/, '') })),
        ],
      },
    ],
  });
  return { cert: pair.cert, key: pair.private };
}
