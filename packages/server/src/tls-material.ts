import { X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { TlsMaterial } from '@airlift/api';
import { CallerError } from '@airlift/kernel';

const FILE = 'tls.json';
const COMMON_NAME = 'airlift';
/** Long, since whoever trusts the certificate has to be told about the next one. */
const VALID_YEARS = 10;
/** For clients whose clocks are behind. */
const VALID_BEFORE_MS = 86_400_000;
/** A certificate that ends while the server runs would not be noticed before the next start. */
const RENEW_BEFORE_END_MS = 30 * 86_400_000;
/** ecdsa-with-SHA1 (RFC 3279), as it stands in a certificate. */
const ECDSA_WITH_SHA1 = Buffer.from('06072a8648ce3d0401', 'hex');

/** Why a certificate that was kept is made anew. */
export type RenewalReason = 'damaged' | 'signed with SHA-1' | 'at its end';

/**
 * Certificate and key: the operator's own, or a self-signed pair that is made at the first start and kept. One of
 * ours that is not good enough any more is made anew; `onRenewal` hears why.
 * @throws CallerError `tls-unreadable`
 */
export async function tlsMaterial(options: {
  readonly dataDir: string;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly onRenewal: (reason: RenewalReason) => void;
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
  const reason = kept && renewalReason(kept);
  if (kept !== undefined && reason === undefined) return kept;
  const made = await makeSelfSigned();
  // Renamed into place, so that a crash leaves no half of it.
  const draft = join(dataDir, `${FILE}.new`);
  await writeFile(draft, JSON.stringify(made), { mode: 0o600 });
  await rename(draft, join(dataDir, FILE));
  if (reason !== undefined) options.onRenewal(reason);
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

/** Undefined for a pair that is to be kept; one that somebody else put there always is. */
function renewalReason({ cert }: TlsMaterial): RenewalReason | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return 'damaged';
  }
  const ours = `CN=${COMMON_NAME}`;
  if (certificate.subject !== ours || certificate.issuer !== ours) return undefined;
  if (certificate.raw.includes(ECDSA_WITH_SHA1)) return 'signed with SHA-1';
  return Date.parse(certificate.validTo) - Date.now() < RENEW_BEFORE_END_MS ? 'at its end' : undefined;
}

async function makeSelfSigned(): Promise<TlsMaterial> {
  // Loaded when it is needed: it would take an eighth of every later start.
  const { generate } = await import('selfsigned');
  const names = new Set(['localhost', hostname()].filter((name) => /^[A-Za-z0-9.-]+$/.test(name)));
  const addresses = new Set(['127.0.0.1', '::1']);
  for (const list of Object.values(networkInterfaces())) for (const { address } of list ?? []) addresses.add(address);
  const notBeforeDate = new Date(Date.now() - VALID_BEFORE_MS);
  const notAfterDate = new Date();
  notAfterDate.setFullYear(notAfterDate.getFullYear() + VALID_YEARS);
  const pair = await generate([{ name: 'commonName', value: COMMON_NAME }], {
    keyType: 'ec',
    // Said, since the library's default is SHA-1.
    algorithm: 'sha256',
    notBeforeDate,
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...[...names].map((value) => ({ type: 2 as const, value })),
          ...[...addresses].map((ip) => ({ type: 7 as const, ip: ip.replace(/%.*$/, '') })),
        ],
      },
    ],
  });
  return { cert: pair.cert, key: pair.private };
}
