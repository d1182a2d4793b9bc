import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  SAMPLE_AT,
  SAMPLE_DEVICE_STATES,
  SAMPLE_EVENTS,
  SAMPLE_FATES,
  SAMPLE_JOB_STATES,
  SAMPLE_PLANS,
  SAMPLE_SESSION_STATES,
  sampleEui,
  sampleEvents,
  sampleFotaPlan,
  sampleFrame,
  sampleJob,
} from '@airlift/campaign/testing';
import { realMs } from '@airlift/kernel';
import type { GroupRecord, ProvisionedDevice } from '@airlift/network';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Store, StoreLogEntry } from '../src/index.ts';
import {
  requireDeviceState,
  requireEvent,
  requireJobState,
  requirePlan,
  requireSessionState,
} from '../src/job-shapes/require-shapes.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

const KEY = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const [ONE, OTHER] = [sampleEui(1), sampleEui(2)];

const deviceOf = (devEui: typeof ONE): ProvisionedDevice => ({
  devEui,
  name: `meter ${devEui}`,
  joinEui: devEui,
  appKey: KEY,
  deviceClass: 'A',
  deviceProfileId: undefined,
  networkProfileId: undefined,
  createdAt: SAMPLE_AT,
});

const sessionOf = (devEui: typeof ONE, devAddr: number) => ({
  devEui,
  devAddr,
  nwkSKey: KEY,
  appSKey: KEY,
  joinNonce: 1,
  devNonce: 1,
  joinedAt: SAMPLE_AT,
  confirmed: false,
  lastFCntUp: undefined,
  rxDelayS: 1,
  rx1DrOffset: 0,
  rx2DataRate: 0,
  rx2FrequencyHz: 923_300_000,
  lastUplink: undefined,
});

const groupOf = (groupId: string, mcAddr: number): GroupRecord => ({
  groupId,
  mcAddr,
  mcNwkSKey: KEY,
  mcAppSKey: KEY,
  frequencyHz: 923_300_000,
  dataRate: 8,
  gatewayEuis: [],
  firstFCnt: 1,
  createdAt: SAMPLE_AT,
});

/** Two of everything. */
async function fill({ network, provisioning, jobs, uploads, accounts }: Store): Promise<void> {
  for (const [devEui, devAddr] of [
    [ONE, 1],
    [OTHER, 2],
  ] as const) {
    await provisioning.put({ devEui, genAppKey: KEY, fuotaProfile: 'multitech-dot-4' });
    await provisioning.reserveSessionCnt(devEui, 3);
    await network.addDevice(deviceOf(devEui));
    await network.saveJoin(sessionOf(devEui, devAddr));
    await network.reserveDownlinkCounters(devEui, devAddr, 8);
  }
  await network.saveGroup(groupOf('group-1', 11));
  await network.saveGroup(groupOf('group-2', 12));
  await network.reserveGroupCounters('group-1', 16);
  await jobs.insert(sampleJob(), []);
  await jobs.insert(sampleJob(sampleFotaPlan({ jobId: 'job-2', filename: 'fota_2' })), []);
  for (const jobId of ['job-1', 'job-2']) {
    await jobs.save(jobId, 1, {
      state: { kind: 'running', startedAt: SAMPLE_AT, control: { kind: 'going' }, wave: 0, formats: [], percent: 1 },
      sessions: SAMPLE_SESSION_STATES.filter(({ kind }) => kind === 'closing'),
      devices: [],
      frames: [1, 2].map((number) => sampleFrame({ number, gateways: SAMPLE_FATES })),
      events: sampleEvents(SAMPLE_EVENTS.slice(0, 2)),
    });
  }
  for (const name of ['one.bin', 'two.bin']) await uploads.receive('fota', name, content(name), 100);
  for (const name of ['admin', 'guest'] as const) {
    await accounts.saveUser({ name, role: name, passwordHash: 'x' });
    const session = { tokenHash: `hash-${name}`, userName: name, address: '::1', port: 1 };
    await accounts.saveSession({ ...session, createdAt: realMs(SAMPLE_AT), expiresAt: realMs(SAMPLE_AT + 1) });
    await accounts.saveFailures({ client: '::1', nameHash: name }, { count: 2, lockedUntil: undefined }, 10);
  }
}

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** What a caller can read, with a mark for each of the two records. */
async function served({
  network,
  provisioning,
  jobs,
  uploads,
  accounts,
}: Store): Promise<Readonly<Record<string, unknown>>> {
  const failuresOf = (nameHash: string) => accounts.failures({ client: '::1', nameHash });
  return {
    devices: (await network.devices()).map(({ devEui }) => devEui),
    sessions: (await network.sessions()).map(({ devEui }) => devEui),
    groups: (await network.openGroups()).map(({ groupId }) => groupId),
    firmware: [(await provisioning.find(ONE))?.genAppKey, (await provisioning.find(OTHER))?.genAppKey],
    jobs: (await jobs.unfinished()).map(({ plan }) => plan.jobId),
    jobDevices: (await jobs.unfinished()).flatMap(({ devices }) => devices.map(({ state }) => state.kind)),
    frames: (await jobs.frames('job-1', 0, 9)).map(({ number }) => number),
    events: (await jobs.events('job-1', 0, 9)).map(({ sequence }) => sequence),
    uploads: [(await uploads.file('fota', 'one.bin'))?.name, (await uploads.latest('fota'))?.name],
    users: [(await accounts.user('admin'))?.name, (await accounts.user('guest'))?.name],
    logins: [(await accounts.session('hash-admin'))?.userName, (await accounts.session('hash-guest'))?.userName],
    failures: [(await failuresOf('admin')).count, (await failuresOf('guest')).count],
    commissioned: await accounts.commissioned(),
  };
}

const ALL = {
  devices: [ONE, OTHER],
  sessions: [ONE, OTHER],
  groups: ['group-1', 'group-2'],
  firmware: [KEY, KEY],
  frames: [1, 2],
  events: [1, 2],
  jobs: ['job-1', 'job-2'],
  jobDevices: Array.from({ length: 6 }, () => 'pending'),
  uploads: ['one.bin', 'two.bin'],
  users: ['admin', 'guest'],
  logins: ['admin', 'guest'],
  failures: [2, 2],
  commissioned: true,
};

/** A filled store, stopped, changed by `damage` and opened again. */
async function damagedStore(
  damage: string,
): Promise<{ readonly store: Store; readonly log: readonly StoreLogEntry[]; readonly dataDir: string }> {
  const dataDir = await scratchFolder();
  const first = await scratchStore({ dataDir });
  await fill(first);
  expect(await served(first)).toEqual(ALL);
  await first.close();
  const sqlite = new Sqlite(join(dataDir, 'airlift.db'));
  sqlite.pragma('foreign_keys = OFF');
  sqlite.exec(damage);
  sqlite.close();
  const log: StoreLogEntry[] = [];
  const store = await scratchStore({ dataDir, log: (entry) => log.push(entry) });
  return { store, log, dataDir };
}

function setAside(dataDir: string): readonly Readonly<Record<string, string>>[] {
  const sqlite = new Sqlite(join(dataDir, 'airlift.db'), { readonly: true });
  try {
    return sqlite.prepare('select table_name, record_key, reason, content from damaged_records').all() as never;
  } finally {
    sqlite.close();
  }
}

const withoutJobOne = { ...ALL, jobs: ['job-2'], jobDevices: ALL.jobDevices.slice(3), frames: [], events: [] };
const withoutDeviceOne = { ...ALL, devices: [OTHER], sessions: [OTHER] };

describe('one damaged record costs that record and nothing else', () => {
  it.each([
    [
      'a device whose key does not open',
      `update devices set app_key_sealed = 'v1.AAAA' where dev_eui = '${ONE}'`,
      'devices',
      ONE,
      withoutDeviceOne,
    ],
    [
      'a device of a class that there is not',
      `update devices set device_class = 'Q' where dev_eui = '${ONE}'`,
      'devices',
      ONE,
      withoutDeviceOne,
    ],
    [
      'a device with a key moved from another',
      `update devices set app_key_sealed = (select app_key_sealed from devices where dev_eui = '${OTHER}') where dev_eui = '${ONE}'`,
      'devices',
      ONE,
      withoutDeviceOne,
    ],
    [
      'a device without an EUI',
      `update devices set dev_eui = 'x' where dev_eui = '${ONE}'; delete from device_sessions where dev_eui = '${ONE}'; delete from used_dev_nonces where dev_eui = '${ONE}'`,
      'devices',
      'x',
      withoutDeviceOne,
    ],
    [
      'a session whose key does not open',
      "update device_sessions set nwk_s_key_sealed = '' where dev_addr = 1",
      'device_sessions',
      `${ONE}/1`,
      { ...ALL, sessions: [OTHER] },
    ],
    [
      'a session without a counter',
      "update device_sessions set next_f_cnt_down = 'many' where dev_addr = 1",
      'device_sessions',
      `${ONE}/1`,
      { ...ALL, sessions: [OTHER] },
    ],
    [
      'a session with half of its last uplink',
      `update device_sessions set last_uplink = '{"at":1,' where dev_addr = 1`,
      'device_sessions',
      `${ONE}/1`,
      { ...ALL, sessions: [OTHER] },
    ],
    [
      'a group whose key does not open',
      "update mc_groups set mc_app_s_key_sealed = 'no' where group_id = 'group-1'",
      'mc_groups',
      'group-1',
      { ...ALL, groups: ['group-2'] },
    ],
    [
      'a group with gateways that are none',
      `update mc_groups set gateway_euis = '[1]' where group_id = 'group-1'`,
      'mc_groups',
      'group-1',
      { ...ALL, groups: ['group-2'] },
    ],
    [
      'a job with half a plan',
      "update job_plans set plan = substr(plan, 1, 60) where job_id = 'job-1'",
      'jobs',
      'job-1',
      withoutJobOne,
    ],
    [
      'a job whose plan has lost a member',
      "update job_plans set plan = json_remove(plan, '$.radio') where job_id = 'job-1'",
      'jobs',
      'job-1',
      withoutJobOne,
    ],
    ['a job without a plan', "delete from job_plans where job_id = 'job-1'", 'jobs', 'job-1', withoutJobOne],
    [
      'a job in no known state',
      `update jobs set state = '{"kind":"lost"}' where job_id = 'job-1'`,
      'jobs',
      'job-1',
      withoutJobOne,
    ],
    [
      'a job whose key does not open',
      `update job_sessions set state = json_set(state, '$.plan.mcKey', 'v1.') where job_id = 'job-1'`,
      'jobs',
      'job-1',
      withoutJobOne,
    ],
    [
      'a job with the key of another',
      `update job_sessions set state = (select state from job_sessions where job_id = 'job-2') where job_id = 'job-1'`,
      'jobs',
      'job-1',
      withoutJobOne,
    ],
    [
      'a job with a session that has lost a member',
      `update job_sessions set state = json_remove(state, '$.began.sent') where job_id = 'job-1'`,
      'jobs',
      'job-1',
      withoutJobOne,
    ],
    ['a job without a version', "update jobs set version = 0 where job_id = 'job-1'", 'jobs', 'job-1', withoutJobOne],
    [
      'a frame of no kind',
      "update job_frames set kind = 'x' where job_id = 'job-1' and position = 1",
      'job_frames',
      'job-1/1',
      { ...ALL, frames: [1] },
    ],
    [
      'an event with half a body',
      "update job_events set body = '{' where job_id = 'job-1' and sequence = 1",
      'job_events',
      'job-1/1',
      { ...ALL, events: [2] },
    ],
    [
      'the firmware of a device with a key moved from another',
      `update device_firmware set gen_app_key_sealed = (select gen_app_key_sealed from device_firmware where dev_eui = '${OTHER}') where dev_eui = '${ONE}'`,
      'device_firmware',
      ONE,
      { ...ALL, firmware: [undefined, KEY] },
    ],
    [
      'a job that counts in words',
      "update jobs set plain_frames = 'ten' where job_id = 'job-1'",
      'jobs',
      'job-1',
      withoutJobOne,
    ],
    [
      'a device of a job',
      `update job_devices set state = 'x' where job_id = 'job-1' and dev_eui = '${ONE}'`,
      'job_devices',
      `job-1/${ONE}`,
      { ...ALL, jobDevices: ['failed', ...ALL.jobDevices.slice(1)] },
    ],
    [
      'an upload',
      "update uploads set uploaded_at = 'today' where name = 'one.bin'",
      'uploads',
      'fota/one.bin',
      { ...ALL, uploads: [undefined, 'two.bin'] },
    ],
    [
      'the newest upload',
      "update uploads set uploaded_at = 'today' where name = 'two.bin'",
      'uploads',
      'fota/two.bin',
      { ...ALL, uploads: ['one.bin', 'one.bin'] },
    ],
    [
      'a login',
      "update login_sessions set port = 'http' where user_name = 'admin'",
      'login_sessions',
      'hash-admin',
      { ...ALL, logins: [undefined, 'guest'] },
    ],
    [
      'a count of wrong passwords',
      "update login_failures set count = 'few' where name_hash = 'admin'",
      'login_failures',
      '::1/admin',
      { ...ALL, failures: [0, 2] },
    ],
  ])('%s', async (_what, damage, table, key, expected) => {
    const { store, log, dataDir } = await damagedStore(damage);
    expect(await served(store)).toEqual(expected);
    // Told once, and without the contents.
    expect(log).toMatchObject([{ level: 'error', fields: { table, key } }]);
    const kept = setAside(dataDir);
    expect(kept).toMatchObject([{ table_name: table, record_key: key }]);
    expect(kept[0]?.content).toContain(`"${table}":[{`);
    expect(await served(store)).toEqual(expected);
    expect(log).toHaveLength(1);
  });

  it('a user, who can no longer log in, while the server stays commissioned', async () => {
    const { store, log } = await damagedStore("update users set role = 'root'; delete from users where name = 'guest'");
    expect(await served(store)).toEqual({ ...ALL, users: [undefined, undefined], logins: [undefined, undefined] });
    expect(log).toMatchObject([{ level: 'error', fields: { table: 'users', key: 'admin' } }]);
    expect(await store.accounts.saveFirstUser({ name: 'stranger', role: 'admin', passwordHash: 'x' })).toBe(false);
  });

  it('the proof of the master key, which is made anew when the sealed keys open', async () => {
    const { store, log } = await damagedStore("update vault set check_sealed = 'v1.AAAA'");
    expect(await served(store)).toEqual(ALL);
    expect(log).toMatchObject([{ fields: { table: 'vault', key: 'master-key' } }]);
  });

  it('keeps everything that belonged to a job', async () => {
    const { store, dataDir } = await damagedStore("update job_plans set plan = '' where job_id = 'job-1'");
    await served(store);
    const content = JSON.parse(setAside(dataDir)[0]?.content ?? '') as Readonly<Record<string, readonly unknown[]>>;
    expect(Object.entries(content).map(([table, rows]) => [table, rows.length])).toEqual([
      ['jobs', 1],
      ['job_plans', 1],
      ['job_sessions', 1],
      ['job_devices', 3],
      ['job_frames', 2],
      ['job_events', 2],
    ]);
    // Its name is free again.
    expect(await store.jobs.insert(sampleJob(), [])).toBe(true);
  });
});

describe('the counters of a damaged group', () => {
  it('go on where they were when the group is opened again', async () => {
    const { store } = await damagedStore("update mc_groups set mc_app_s_key_sealed = 'no' where group_id = 'group-1'");
    await store.network.openGroups();
    await store.network.saveGroup(groupOf('group-1', 11));
    expect(await store.network.reserveGroupCounters('group-1', 1)).toBe(17);
  });

  it('are all spent when nobody knows where they were', async () => {
    const { store } = await damagedStore("update mc_groups set next_f_cnt = 'x' where group_id = 'group-1'");
    await store.network.openGroups();
    await store.network.saveGroup(groupOf('group-1', 11));
    expect(await store.network.reserveGroupCounters('group-1', 1)).toBeUndefined();
  });
});

describe('SessionCnt of a device whose firmware is damaged', () => {
  it('goes on where it was', async () => {
    const { store } = await damagedStore(
      `update device_firmware set gen_app_key_sealed = 'x' where dev_eui = '${ONE}'`,
    );
    expect(await store.provisioning.find(ONE)).toBeUndefined();
    expect(await store.provisioning.reserveSessionCnt(ONE, 1)).toBe(3);
  });

  it('is spent when nobody knows where it was', async () => {
    const { store } = await damagedStore(`update device_firmware set next_session_cnt = -4 where dev_eui = '${ONE}'`);
    expect(await store.provisioning.find(ONE)).toBeUndefined();
    await expect(store.provisioning.reserveSessionCnt(ONE, 1)).rejects.toMatchObject({ code: 'session-cnt-exhausted' });
  });
});

describe('a wrong master key', () => {
  it('is no reason to set anything aside, not even when its proof is gone', async () => {
    const dataDir = await scratchFolder();
    const store = await scratchStore({ dataDir });
    await fill(store);
    await store.close();
    const right = await readFile(join(dataDir, 'secret.key'));
    await writeFile(join(dataDir, 'secret.key'), new Uint8Array(32));
    const sqlite = new Sqlite(join(dataDir, 'airlift.db'));
    sqlite.exec('delete from vault');
    sqlite.close();
    await expect(scratchStore({ dataDir })).rejects.toMatchObject({ kind: 'caller', code: 'master-key-wrong' });
    await writeFile(join(dataDir, 'secret.key'), right);
    expect(await served(await scratchStore({ dataDir }))).toEqual(ALL);
  });
});

describe('what is stored today', () => {
  it('has the shapes that are asked for', () => {
    const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    for (const plan of SAMPLE_PLANS) expect(requirePlan(stored(plan))).toEqual(stored(plan));
    for (const state of SAMPLE_JOB_STATES) expect(requireJobState(stored(state))).toEqual(stored(state));
    for (const state of SAMPLE_SESSION_STATES) expect(requireSessionState(stored(state))).toEqual(stored(state));
    for (const event of SAMPLE_EVENTS) expect(requireEvent(stored(event))).toEqual(stored(event));
    for (const state of SAMPLE_DEVICE_STATES) expect(requireDeviceState(stored(state))).toEqual(stored(state));
  });
});
