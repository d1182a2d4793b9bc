import { chmod, cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  SAMPLE_FATES,
  SAMPLE_SESSION_STATES,
  sampleEui,
  sampleEvents,
  sampleFotaPlan,
  sampleFrame,
  sampleJob,
} from '@airlift/campaign/testing';
import { steadyMs } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { claimDataDir, type Examination, examineDataDir } from '../src/index.ts';
import { MIGRATION_NAMES } from '../src/migrate.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

const AT = steadyMs(Date.UTC(2026, 0, 1));
const NOW = new Date(AT);

async function* content(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('an image');
}

/** A stopped installation with one device, one image and one job; returns the name of the image. */
async function installation(): Promise<{ readonly dataDir: string; readonly sha256: string }> {
  const dataDir = await scratchFolder();
  claimDataDir(dataDir)();
  const store = await scratchStore({ dataDir });
  const devEui = sampleEui(1);
  await store.network.addDevice({
    devEui,
    name: 'meter',
    joinEui: devEui,
    appKey: '00'.repeat(16),
    deviceClass: 'A',
    deviceProfileId: undefined,
    networkProfileId: undefined,
    createdAt: AT,
  });
  await store.provisioning.put({ devEui, genAppKey: '11'.repeat(16), fuotaProfile: undefined });
  const { sha256 } = await store.uploads.receive('fota', 'firmware.bin', content(), 100);
  await store.jobs.insert(sampleJob(sampleFotaPlan({ image: { sha256, sizeBytes: 8, name: 'firmware.bin' } })), []);
  await store.jobs.save('job-1', 1, {
    state: { kind: 'scheduled' },
    sessions: SAMPLE_SESSION_STATES.slice(0, 4),
    devices: [],
    frames: [sampleFrame({ gateways: SAMPLE_FATES })],
    events: sampleEvents(),
  });
  await store.close();
  return { dataDir, sha256 };
}

const examine = (dataDir: string): Promise<Examination> => examineDataDir({ dataDir, now: NOW });

/** Everything in the folder, to see that looking changes nothing. */
async function snapshot(dataDir: string): Promise<readonly string[]> {
  const names = (await readdir(dataDir, { recursive: true })).sort();
  const files: string[] = [];
  for (const name of names) {
    const entry = await stat(join(dataDir, name));
    const octets = entry.isFile() ? (await readFile(join(dataDir, name))).toString('hex') : '';
    files.push(`${name} ${entry.mode} ${entry.mtimeMs} ${octets}`);
  }
  return files;
}

function change(dataDir: string, statement: string): void {
  const sqlite = new Sqlite(join(dataDir, 'airlift.db'));
  sqlite.pragma('foreign_keys = OFF');
  sqlite.exec(statement);
  sqlite.close();
}

describe('a healthy folder', () => {
  it('has no findings, stopped, running, and after a kill; and looking changes nothing', async () => {
    const { dataDir } = await installation();
    const before = await snapshot(dataDir);
    expect(await examine(dataDir)).toMatchObject({ running: false, findings: [] });
    expect(await snapshot(dataDir)).toEqual(before);

    const release = claimDataDir(dataDir);
    const store = await scratchStore({ dataDir });
    await store.meta.set('a', 'b');
    expect(await examine(dataDir)).toMatchObject({ running: true, findings: [] });
    const killed = join(await scratchFolder(), 'killed');
    await cp(dataDir, killed, { recursive: true });
    release();
    const left = await snapshot(killed);
    expect(await examine(killed)).toMatchObject({ running: false, findings: [] });
    expect(await snapshot(killed)).toEqual(left);
  });

  it('tells the schema and the free space', async () => {
    const { dataDir } = await installation();
    const { schema, freeBytes } = await examine(dataDir);
    expect(schema).toEqual([...MIGRATION_NAMES]);
    expect(freeBytes).toBeGreaterThan(0);
  });

  it('is nothing that an empty folder could be', async () => {
    await expect(examine(await scratchFolder())).rejects.toMatchObject({ code: 'data-folder-unknown', kind: 'caller' });
  });
});

type Damage = (dataDir: string, sha256: string) => Promise<unknown> | undefined;

const sql =
  (statement: string): Damage =>
  (dataDir) => {
    change(dataDir, statement);
    return undefined;
  };

describe('a finding says what, where and what to do', () => {
  it.each<[string, Damage, string, string]>([
    ['a folder open to others', (dataDir) => chmod(dataDir, 0o755), 'permissions', ''],
    ['a key open to others', (dataDir) => chmod(join(dataDir, 'secret.key'), 0o644), 'permissions', 'secret.key'],
    ['a lost key', (dataDir) => rm(join(dataDir, 'secret.key')), 'master-key', 'secret.key'],
    [
      'another key',
      (dataDir) => writeFile(join(dataDir, 'secret.key'), new Uint8Array(32)),
      'master-key',
      'secret.key',
    ],
    ['a short key', (dataDir) => truncate(join(dataDir, 'secret.key'), 31), 'master-key', 'secret.key'],
    [
      'a certificate that is none',
      (dataDir) => writeFile(join(dataDir, 'tls.json'), '{"cert":"a","key":"b"}', { mode: 0o600 }),
      'tls',
      'tls.json',
    ],
    ['a lost database', (dataDir) => rm(join(dataDir, 'airlift.db')), 'database', 'airlift.db'],
    ['an empty database', (dataDir) => truncate(join(dataDir, 'airlift.db')), 'database', 'airlift.db'],
    [
      'a file that is no database',
      (dataDir) => writeFile(join(dataDir, 'airlift.db'), 'a text. '.repeat(1_000)),
      'database',
      'airlift.db',
    ],
    [
      'a lost write-ahead log',
      (dataDir) => writeFile(join(dataDir, 'airlift.db-unclosed'), '', { mode: 0o600 }),
      'write-ahead-log',
      'airlift.db-wal',
    ],
    [
      'a later schema',
      sql("insert into kysely_migration (name, timestamp) values ('9999-later', '')"),
      'schema',
      'airlift.db',
    ],
    [
      'rows without their record',
      sql("insert into used_dev_nonces values ('ffffffffffffffff', 1)"),
      'database',
      'used_dev_nonces without devices',
    ],
    [
      'a device whose key does not open',
      sql("update devices set app_key_sealed = 'v1.'"),
      'record',
      'devices 0000000000000001',
    ],
    ['a plan that cannot be read', sql("update job_plans set plan = '{'"), 'record', 'jobs job-1 (fota_1)'],
    [
      'a session of a job whose key does not open',
      sql("update job_sessions set state = json_set(state, '$.plan.mcKey', 'v1.')"),
      'record',
      'jobs job-1 (fota_1)',
    ],
    [
      'a multicast root key that does not open',
      sql("update device_firmware set gen_app_key_sealed = 'v1.'"),
      'record',
      'device_firmware 0000000000000001',
    ],
    ['a frame of a job', sql("update job_frames set gateways = '{}'"), 'record', 'job_frames job-1/0'],
    ['an event of a job', sql("update job_events set body = '[]' where sequence = 2"), 'record', 'job_events job-1/2'],
    ['a user without a role', sql("insert into users values ('eve', 'root', 'x')"), 'record', 'users eve'],
    [
      'a record that was set aside',
      sql("insert into damaged_records values (1, 'devices', 'ab', 'why', '{}', 0)"),
      'set-aside',
      'devices ab',
    ],
    ['a lost image', (dataDir, sha256) => rm(join(dataDir, 'images', sha256)), 'image', 'images/'],
    [
      'a changed image',
      (dataDir, sha256) => writeFile(join(dataDir, 'images', sha256), 'an Image', { mode: 0o600 }),
      'image',
      'images/',
    ],
    [
      'an image that nobody knows',
      (dataDir) => writeFile(join(dataDir, 'images', 'ab'.repeat(32)), '', { mode: 0o600 }),
      'stray',
      'images/abab',
    ],
    [
      'half a key of a crash',
      (dataDir) => writeFile(join(dataDir, 'secret.key.0123'), '', { mode: 0o600 }),
      'stray',
      'secret.key.0123',
    ],
  ])('%s', async (_what, damage, check, where) => {
    const { dataDir, sha256 } = await installation();
    await damage(dataDir, sha256);
    const before = await snapshot(dataDir);
    const { findings } = await examine(dataDir);
    expect(findings).toMatchObject([{ check }]);
    const [finding] = findings;
    expect(finding?.where).toContain(where);
    expect(finding?.what).not.toBe('');
    expect(finding?.advice).not.toBe('');
    expect(await snapshot(dataDir)).toEqual(before);
  });

  it('a disk that is nearly full', async () => {
    const { dataDir } = await installation();
    const { findings } = await examineDataDir({ dataDir, now: NOW, leastFreeBytes: Number.MAX_SAFE_INTEGER });
    expect(findings).toMatchObject([{ check: 'space', where: dataDir }]);
  });

  it('a database with a broken page, and whatever can still be read', async () => {
    const { dataDir, sha256 } = await installation();
    await rm(join(dataDir, 'images', sha256));
    const file = join(dataDir, 'airlift.db');
    const octets = await readFile(file);
    // The last pages hold indexes and content, not the schema.
    octets.fill(0x5a, octets.length - 8_192);
    await writeFile(file, octets);
    const { findings } = await examine(dataDir);
    expect(findings.map(({ check }) => check)).toContain('database');
  });

  it('every image that a job or an upload needs is named with who needs it', async () => {
    const { dataDir, sha256 } = await installation();
    await rm(join(dataDir, 'images', sha256));
    await mkdir(join(dataDir, 'images', 'incoming'), { recursive: true });
    expect((await examine(dataDir)).findings[0]?.advice).toContain('upload firmware.bin, job fota_1');
  });
});
