import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RenewalReason, tlsMaterial } from '../src/tls-material.ts';

const DAY_MS = 86_400_000;
/** ecdsa-with-SHA256 and ecdsa-with-SHA1 as DER. */
const WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex');
const WITH_SHA1 = Buffer.from('06072a8648ce3d0401', 'hex');

let dataDir: string;
let renewals: RenewalReason[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'airlift-tls-'));
  renewals = [];
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const material = () =>
  tlsMaterial({ dataDir, certFile: null, keyFile: null, onRenewal: (reason) => renewals.push(reason) });

/** Puts a pair into the data folder, as an earlier start would have. */
async function keep(commonName: string, options: { readonly algorithm?: string; readonly notAfterDate?: Date }) {
  const attributes = [{ name: 'commonName', value: commonName }];
  const pair = await generate(attributes, { keyType: 'ec', algorithm: 'sha256', ...options });
  const kept = { cert: pair.cert, key: pair.private };
  await writeFile(join(dataDir, 'tls.json'), JSON.stringify(kept));
  return kept;
}

/** Status of a request that trusts exactly one certificate and checks the name. */
async function statusOver(tls: { readonly cert: string; readonly key: string }, host: string): Promise<number> {
  const server = createServer(tls, (_request, response) => response.end());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve, reject) => {
      const options = { host, port, ca: tls.cert, agent: false } as const;
      get(options, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).on('error', reject);
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
}

describe('the self-signed certificate', () => {
  it('is signed with SHA-256, for this machine, for servers, from yesterday and for years', async () => {
    const { cert, key } = await material();
    const certificate = new X509Certificate(cert);
    expect(certificate.raw.includes(WITH_SHA256)).toBe(true);
    expect(certificate.raw.includes(WITH_SHA1)).toBe(false);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkHost(hostname())).toBe(hostname());
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.ca).toBe(false);
    // Extended key usage: server authentication.
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now() - DAY_MS / 2);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + 9 * 365 * DAY_MS);
    expect(certificate.serialNumber).toMatch(/^[0-9A-F]{14,40}$/);
    expect(key).toContain('PRIVATE KEY');
    expect(renewals).toEqual([]);
  });

  it('can be trusted by name and by address', async () => {
    const tls = await material();
    expect(await statusOver(tls, '127.0.0.1')).toBe(200);
    expect(await statusOver(tls, 'localhost')).toBe(200);
  });

  it('is made once, each data folder having its own, for the owner alone', async () => {
    const first = await material();
    expect(await material()).toEqual(first);
    expect((await stat(join(dataDir, 'tls.json'))).mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(['tls.json']);
    await rm(join(dataDir, 'tls.json'));
    const other = await material();
    expect(other.cert).not.toBe(first.cert);
    expect(new X509Certificate(other.cert).serialNumber).not.toBe(new X509Certificate(first.cert).serialNumber);
    expect(renewals).toEqual([]);
  });

  it.each([
    ['signed with SHA-1', { algorithm: 'sha1' }],
    ['at its end', { notAfterDate: new Date(Date.now() + DAY_MS) }],
  ] as const)('of ours that is %s is made anew, once', async (reason, options) => {
    const old = await keep('airlift', options);
    const made = await material();
    expect(made.cert).not.toBe(old.cert);
    expect(new X509Certificate(made.cert).raw.includes(WITH_SHA256)).toBe(true);
    expect(await material()).toEqual(made);
    expect(renewals).toEqual([reason]);
    expect(JSON.parse(await readFile(join(dataDir, 'tls.json'), 'utf8'))).toEqual(made);
  });

  it('that somebody else put there is kept as it is', async () => {
    const theirs = await keep('gateway.example', { algorithm: 'sha1' });
    expect(await material()).toEqual(theirs);
    expect(renewals).toEqual([]);
  });

  it('that is damaged is made anew', async () => {
    await writeFile(join(dataDir, 'tls.json'), JSON.stringify({ cert: 'x', key: 'y' }));
    expect((await material()).cert).toContain('BEGIN CERTIFICATE');
    expect(renewals).toEqual(['damaged']);
  });
});
