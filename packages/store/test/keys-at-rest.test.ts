import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SAMPLE_AT, SAMPLE_SESSION, SAMPLE_SESSION_STATES, sampleFotaPlan, sampleJob } from '@airlift/campaign/testing';
import { parseEui64, type RealMs, systemEntropy, toHex, VirtualClock } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openStore, type Store } from '../src/index.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

const DEVICE = parseEui64('0011223344556677');
const newKey = (): string => toHex(systemEntropy.octets(16));

/** Puts one key of each kind into the store and returns them. */
async function storeKeys({ network, provisioning, jobs }: Store): Promise<readonly string[]> {
  const [appKey, genAppKey, nwkSKey, appSKey] = [newKey(), newKey(), newKey(), newKey()];
  const [mcKey, mcNwkSKey, mcAppSKey, later] = [newKey(), newKey(), newKey(), newKey()];
  const device = {
    devEui: DEVICE,
    name: 'meter',
    joinEui: DEVICE,
    appKey,
    deviceClass: 'A',
    deviceProfileId: undefined,
    networkProfileId: undefined,
    createdAt: SAMPLE_AT,
  } as const;
  await provisioning.put({ devEui: DEVICE, genAppKey, fuotaProfile: undefined });
  await network.addDevice(device);
  await network.replaceDevice({ ...device, appKey: later });
  await network.saveJoin({
    devEui: DEVICE,
    devAddr: 1,
    nwkSKey,
    appSKey,
    joinNonce: 1,
    devNonce: 1,
    joinedAt: SAMPLE_AT,
    confirmed: false,
    lastFCntUp: undefined,
    rxDelayS: 1,
    rx1DrOffset: 0,
    rx2DataRate: 0,
    rx2FrequencyHz: 1,
    lastUplink: undefined,
  });
  const group = { groupId: 'g', mcAddr: 2, mcNwkSKey, mcAppSKey, frequencyHz: 1, dataRate: 0 };
  await network.saveGroup({ ...group, gatewayEuis: [], firstFCnt: 0, createdAt: SAMPLE_AT });
  const { jobId } = sampleFotaPlan();
  await jobs.insert(sampleJob(), []);
  const session = SAMPLE_SESSION_STATES.find(({ kind }) => kind === 'closing');
  if (session?.kind !== 'closing') throw new Error('no sample');
  await jobs.save(jobId, 1, {
    state: { kind: 'scheduled' },
    sessions: [{ ...session, plan: { ...SAMPLE_SESSION, mcKey } }],
    devices: [],
    frames: [],
    events: [],
  });
  return [appKey, genAppKey, nwkSKey, appSKey, mcKey, mcNwkSKey, mcAppSKey, later];
}

/** Everything in the folder but the master key itself, one buffer a file. */
async function databaseFiles(dataDir: string): Promise<readonly Buffer[]> {
  const names = (await readdir(dataDir)).filter((name) => name.startsWith('airlift.db'));
  return Promise.all(names.map((name) => readFile(join(dataDir, name))));
}

describe('keys at rest', () => {
  it('are nowhere in the database files as text or as octets', async () => {
    const dataDir = await scratchFolder();
    const store = await scratchStore({ dataDir });
    const keys = await storeKeys(store);
    const masterKey = await readFile(join(dataDir, 'secret.key'));
    const open = await databaseFiles(dataDir);
    await store.close();
    const closed = await databaseFiles(dataDir);
    expect(open.length).toBeGreaterThan(1);
    for (const file of [...open, ...closed]) {
      // Proof that the search would find something.
      expect(Buffer.concat([...open, ...closed]).includes(DEVICE)).toBe(true);
      for (const key of [...keys, masterKey.toString('hex')]) {
        for (const form of [key, key.toUpperCase()]) expect(file.includes(form)).toBe(false);
        expect(file.includes(Buffer.from(key, 'hex'))).toBe(false);
        expect(file.includes(Buffer.from(key, 'hex').toString('base64').slice(0, 20))).toBe(false);
        expect(file.includes(Buffer.from(key).toString('base64').slice(0, 20))).toBe(false);
      }
    }
  });

  it('come back after a restart', async () => {
    const dataDir = await scratchFolder();
    const first = await scratchStore({ dataDir });
    const [, genAppKey, nwkSKey, , mcKey, , mcAppSKey, appKey] = await storeKeys(first);
    await first.close();
    const { network, provisioning, jobs } = await scratchStore({ dataDir });
    expect(await network.device(DEVICE)).toMatchObject({ appKey });
    expect(await provisioning.find(DEVICE)).toMatchObject({ genAppKey });
    expect(await network.session(DEVICE)).toMatchObject({ nwkSKey });
    expect(await network.group('g')).toMatchObject({ mcAppSKey });
    expect((await jobs.unfinished())[0]?.sessions).toMatchObject([{ plan: { mcKey } }]);
  });
});

describe('the key of a session that has ended', () => {
  it('is not kept', async () => {
    const dataDir = await scratchFolder();
    const store = await scratchStore({ dataDir });
    const { jobId } = sampleFotaPlan();
    await store.jobs.insert(sampleJob(), []);
    for (const [index, session] of SAMPLE_SESSION_STATES.entries()) {
      await store.jobs.save(jobId, index + 1, {
        state: { kind: 'scheduled' },
        sessions: [session],
        devices: [],
        frames: [],
        events: [],
      });
      const sqlite = new Sqlite(join(dataDir, 'airlift.db'), { readonly: true });
      const text = String(sqlite.prepare('select state from job_sessions').pluck().get());
      sqlite.close();
      expect(text.includes('mcKey'), session.kind).toBe('plan' in session);
      expect(text).not.toContain(SAMPLE_SESSION.mcKey);
    }
    expect(SAMPLE_SESSION_STATES.at(-1)?.kind).toBe('ended');
  });
});

describe('the master key', () => {
  it('is a file of 32 octets for its owner alone', async () => {
    const dataDir = join(await scratchFolder(), 'new', 'data');
    await scratchStore({ dataDir });
    const file = await stat(join(dataDir, 'secret.key'));
    expect(file.size).toBe(32);
    expect(file.mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('may be given instead; then there is no file', async () => {
    const dataDir = await scratchFolder();
    const masterKey = new Uint8Array(32).fill(9);
    await (await scratchStore({ dataDir, masterKey })).close();
    expect(await readdir(dataDir)).not.toContain('secret.key');
    await (await scratchStore({ dataDir, masterKey })).close();
    await expect(scratchStore({ dataDir })).rejects.toMatchObject({ code: 'master-key-missing' });
  });

  it.each([
    ['another one', new Uint8Array(32).fill(7), 'master-key-wrong'],
    ['a short one', new Uint8Array(31), 'master-key-invalid'],
    ['an empty one', new Uint8Array(0), 'master-key-invalid'],
  ])('is refused when the file holds %s', async (_what, octets, code) => {
    const dataDir = await scratchFolder();
    await (await scratchStore({ dataDir })).close();
    await writeFile(join(dataDir, 'secret.key'), octets);
    await expect(scratchStore({ dataDir })).rejects.toMatchObject({ code, kind: 'caller' });
  });

  it('is not made anew for a database that had one', async () => {
    const dataDir = await scratchFolder();
    await (await scratchStore({ dataDir })).close();
    await rm(join(dataDir, 'secret.key'));
    await expect(scratchStore({ dataDir })).rejects.toMatchObject({ code: 'master-key-missing', kind: 'caller' });
    expect(await readdir(dataDir)).not.toContain('secret.key');
  });

  it('opens again after a refusal', async () => {
    const dataDir = await scratchFolder();
    await (await scratchStore({ dataDir })).close();
    const masterKey = new Uint8Array(32);
    const clock = new VirtualClock<RealMs>();
    await expect(openStore({ dataDir, clock, entropy: systemEntropy, masterKey })).rejects.toThrow('secret.key');
    const store = await scratchStore({ dataDir });
    await store.meta.set('a', 'b');
    expect(await store.meta.get('a')).toBe('b');
  });
});
