import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dataPath } from '../data-files.ts';
import type { Finding } from './finding.ts';

/** The self-signed certificate, if there is one: readable, with the key that belongs to it, and not over. */
export async function checkTls(dataDir: string, now: Date): Promise<readonly Finding[]> {
  const path = dataPath(dataDir, 'tls');
  if (!existsSync(path)) return [];
  const what = problemOf(await readFile(path, 'utf8'), now);
  if (what === undefined) return [];
  const advice = `remove ${path}: the server makes another certificate at its next start`;
  return [{ check: 'tls', what, where: path, advice }];
}

function problemOf(json: string, now: Date): string | undefined {
  try {
    const { cert, key } = JSON.parse(json) as { readonly cert: string; readonly key: string };
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return 'the key does not belong to the certificate';
    return new Date(certificate.validTo) < now ? `the certificate ended on ${certificate.validTo}` : undefined;
  } catch {
    return 'the certificate or its key cannot be read';
  }
}
