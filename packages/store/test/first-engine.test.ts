import { join } from 'node:path';
import { sampleEui } from '@airlift/campaign/testing';
import { steadyMs, systemEntropy } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';
import { Kysely, Migrator, SqliteDialect } from 'kysely';
import { describe, expect, it } from 'vitest';
import { examineDataDir, type Store, type StoreLogEntry, Vault } from '../src/index.ts';
import { first } from '../src/migrations/m0001-first.ts';
import { damagedRecords } from '../src/migrations/m0002-damaged-records.ts';
import { releasedAt } from '../src/migrations/m0003-released-at.ts';
import { mcAddrReuse } from '../src/migrations/m0004-mc-addr-reuse.ts';
import { logins } from '../src/migrations/m0005-logins.ts';
import type { Tables } from '../src/schema.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

const AT = 1_767_225_600_000;
const MASTER_KEY = new Uint8Array(32).fill(5);
const KEY = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const [ONE, TWO, THREE, FOUR, FIVE, SIX] = [1, 2, 3, 4, 5, 6].map(sampleEui);
const vault = new Vault(MASTER_KEY, systemEntropy);

const IMAGE_SHA256 = 'aa'.repeat(32);

/** Plans as the first engine stored them, text by text. */
const fotaPlan = (n: number, devEuis: readonly unknown[], more = ''): string =>
  `{"kind":"FOTA","jobId":"job-${n}","filename":"fota_${n}","createdAt":${AT + n},"scheduledAt":${AT + 60_000},` +
  `"setupAt":${AT + 120_000},"launchDelayS":300,"devEuis":${JSON.stringify(devEuis)},"multicastGroupId":0,` +
  `"multicastEui":"000000000000ff00","scheduleSource":"api","keepLog":false,` +
  `"radio":{"frequencyHz":923300000,"dataRate":8},` +
  `"pacing":{"sleepMs":1500,"paritySleepMs":3000,"shortSleepMs":1000},` +
  `"image":{"sha256":"${IMAGE_SHA256}","sizeBytes":1000,"name":"firmware.bin"},"descriptor":4294967295,` +
  `"fragSize":100,"nbFrag":10,"padding":0,"firstGoal":12${more}}`;

const messagePlan = (n: number, devEuis: readonly unknown[]): string =>
  `{"kind":"Message","jobId":"job-${n}","filename":"fota_${n}","createdAt":${AT + n},"scheduledAt":${AT + 60_000},` +
  `"setupAt":${AT + 120_000},"launchDelayS":60,"devEuis":${JSON.stringify(devEuis)},"multicastGroupId":1,` +
  `"multicastEui":"000000000000ff00","scheduleSource":"api","keepLog":true,` +
  `"radio":{"frequencyHz":923300000,"dataRate":8},` +
  `"pacing":{"sleepMs":1500,"paritySleepMs":3000,"shortSleepMs":1000},` +
  `"image":{"sha256":"${IMAGE_SHA256}","sizeBytes":20,"name":"hello.bin"},"messagePort":7,"sessionTimeoutExponent":15}`;

const sessionOf = (n: number): string =>
  `"session":{"groupId":"job-${n}/1","mcAddr":${4_278_190_080 + n},"mcKey":` +
  `"${vault.seal(KEY, `jobs/state.session.mcKey/job-${n}`)}","sessionTimeGpsS":1451606700,"launchAt":${AT + 420_000},` +
  `"timeOutExponent":12,"firstFCnt":1,"broadcastKey":"v1/100"}`;

const RUNNING: Readonly<Record<string, (n: number) => string>> = {
  setup: (n) => `{"kind":"setup","startedAt":${AT},"round":1,${sessionOf(n)},"percent":3}`,
  broadcasting: (n) =>
    `{"kind":"broadcasting","startedAt":${AT},"round":2,${sessionOf(n)},"phase":{"kind":"sending",` +
    `"frame":{"kind":"plain","number":8},"refusals":0,"since":${AT}},"sent":7,"began":2,"goal":12,"statusRequests":0,` +
    '"percent":12.5}',
  teardown: (n) =>
    `{"kind":"teardown","startedAt":${AT},"round":1,${sessionOf(n)},"sent":14,"until":${AT + 9},"percent":99}`,
};

const RECEPTION = '{"nbFragReceived":9,"missingFrag":3,"sentByThen":12,"steadySince":12,"countsPlainLosses":true}';

const PENDING = '{"kind":"pending"}';
const SETTING_UP =
  '{"kind":"setting-up","todo":["clock","session"],"question":"on-air","asked":2,"resyncs":1,"heard":true}';
const RECEIVING = `{"kind":"receiving","reception":${RECEPTION},"silentFor":0,"from":1}`;
const done = (evidence: string, more = ''): string => `{"kind":"done","evidence":"${evidence}","at":${AT}${more}}`;
const failed = (reason: string, more = ''): string => `{"kind":"failed","reason":"${reason}","at":${AT}${more}}`;

interface OldJob {
  readonly n: number;
  readonly plan: string;
  readonly state: string;
  readonly devices: Readonly<Record<string, string>>;
  readonly endedAt?: number;
}

/** A data folder that the version before wrote; `more` writes what else it needs. */
async function oldFolder(jobs: readonly OldJob[], more?: (sqlite: Sqlite.Database) => void): Promise<string> {
  const dataDir = await scratchFolder();
  const sqlite = new Sqlite(join(dataDir, 'airlift.db'));
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: sqlite }) });
  const provider = {
    getMigrations: async () => ({
      '0001-first': first,
      '0002-damaged-records': damagedRecords,
      '0003-released-at': releasedAt,
      '0004-mc-addr-reuse': mcAddrReuse,
      '0005-logins': logins,
    }),
  };
  expect((await new Migrator({ db, provider }).migrateToLatest()).error).toBeUndefined();
  sqlite
    .prepare("insert into vault (name, check_sealed) values ('master-key', ?)")
    .run(vault.seal('airlift', 'vault/check_sealed/master-key'));
  const insertJob = sqlite.prepare(
    `insert into jobs (job_id, filename, position, phase, created_at, ended_at, released_at, image_sha256, plain_frames,
     parity_frames, status_frames, message_frames, airtime_ms, first_frame_at, last_frame_at, state)
     values (?, ?, ?, ?, ?, ?, ?, '${IMAGE_SHA256}', 1, 1, 0, 0, 200.5, ${AT}, ${AT + 5}, ?)`,
  );
  for (const { n, plan, state, devices, endedAt = null } of jobs) {
    const { kind } = JSON.parse(state) as { readonly kind: string };
    insertJob.run(`job-${n}`, `fota_${n}`, n, kind, AT + n, endedAt, endedAt, state);
    sqlite.prepare('insert into job_plans (job_id, plan) values (?, ?)').run(`job-${n}`, plan);
    for (const [position, [devEui, deviceState]] of Object.entries(devices).entries()) {
      sqlite
        .prepare('insert into job_devices (job_id, dev_eui, position, state) values (?, ?, ?, ?)')
        .run(`job-${n}`, devEui, position, deviceState);
    }
    sqlite.exec(`insert into job_frames (job_id, position, kind, number, f_cnt, sent_at, airtime_ms)
      values ('job-${n}', 0, 'plain', 1, 1, ${AT}, 100.25), ('job-${n}', 1, 'parity', 11, 2, ${AT + 5}, 100.25)`);
  }
  more?.(sqlite);
  await db.destroy();
  return dataDir;
}

async function opened(dataDir: string): Promise<{ readonly store: Store; readonly log: readonly StoreLogEntry[] }> {
  const log: StoreLogEntry[] = [];
  const store = await scratchStore({ dataDir, masterKey: MASTER_KEY, log: (entry) => log.push(entry) });
  return { store, log };
}

const heard = {
  answers: [
    {
      said: { fragIndex: 0, nbFragReceived: 9, missingFrag: 3, memoryError: false },
      asked: { fragIndex: 0, sentLow: 0, sentHigh: 0, sentByAnswer: 12 },
    },
  ],
  found: undefined,
  undecidedFor: 0,
  checks: 0,
  vainSessions: 0,
  mayHold: false,
  isFurther: false,
  from: 1,
  sessionCnt: undefined,
};

describe('a job of the first engine', () => {
  it('that is complete keeps its results', async () => {
    const devEuis = [ONE, TWO, THREE, FOUR, FIVE, SIX];
    const dataDir = await oldFolder([
      {
        n: 1,
        plan: fotaPlan(1, devEuis, ',"parityFragments":20'),
        state: `{"kind":"complete","startedAt":${AT},"completedAt":${AT + 90}}`,
        endedAt: AT + 90,
        devices: {
          [String(ONE)]: done('mic'),
          [String(TWO)]: done('crc64', `,"reception":${RECEPTION}`),
          [String(THREE)]: done('status-answer'),
          [String(FOUR)]: failed('not-complete', `,"reception":${RECEPTION}`),
          [String(FIVE)]: failed('no-answer'),
          [String(SIX)]: `{"kind":"skipped","reason":"never-joined","at":${AT}}`,
        },
      },
      {
        n: 2,
        plan: messagePlan(2, [ONE, TWO]),
        state: `{"kind":"complete","startedAt":${AT},"completedAt":${AT + 91}}`,
        endedAt: AT + 91,
        devices: { [String(ONE)]: done('session-answer'), [String(TWO)]: done('session-complete') },
      },
    ]);
    const { store, log } = await opened(dataDir);
    const jobs = await store.jobs.complete(10);
    expect(jobs.map(({ plan, ...rest }) => ({ name: plan.filename, ...rest }))).toEqual([
      {
        name: 'fota_2',
        version: 1,
        state: {
          kind: 'complete',
          startedAt: AT,
          completedAt: AT + 91,
          outcome: 'served',
          freeAt: AT + 91,
          formats: [],
        },
        sessions: [],
        devices: [
          { devEui: ONE, state: { kind: 'done', evidence: 'session-agreed', at: AT } },
          { devEui: TWO, state: { kind: 'done', evidence: 'session-complete', at: AT } },
        ],
      },
      {
        name: 'fota_1',
        version: 1,
        state: {
          kind: 'complete',
          startedAt: AT,
          completedAt: AT + 90,
          outcome: 'served',
          freeAt: AT + 90,
          formats: [],
        },
        sessions: [],
        devices: [
          { devEui: ONE, state: { kind: 'done', evidence: 'block-mic', at: AT } },
          { devEui: TWO, state: { kind: 'done', evidence: 'crc64', at: AT, heard } },
          { devEui: THREE, state: { kind: 'done', evidence: 'status-nothing-missing', at: AT } },
          { devEui: FOUR, state: { kind: 'failed', reason: 'not-complete', at: AT, heard } },
          { devEui: FIVE, state: { kind: 'failed', reason: 'no-answer', at: AT } },
          { devEui: SIX, state: { kind: 'skipped', reason: 'never-joined', at: AT } },
        ],
      },
    ]);
    expect(jobs[1]?.plan).toMatchObject({ maxPacketOctets: 103, parityFragments: 20 });
    expect(await store.jobs.ledger('job-1')).toEqual({
      plain: 1,
      parity: 1,
      status: 0,
      message: 0,
      airtimeMs: 200.5,
      firstAt: AT,
      lastAt: AT + 5,
    });
    const frame = { session: 0, airtimeMs: 100.25, gateways: [] };
    expect(await store.jobs.frames('job-1', 0, 10)).toEqual([
      { ...frame, kind: 'plain', number: 1, fCnt: 1, at: AT },
      { ...frame, kind: 'parity', number: 11, fCnt: 2, at: AT + 5 },
    ]);
    expect(await store.jobs.events('job-1', 1, 10)).toEqual([]);
    expect(log).toEqual([]);
  });

  it('that is cancelled stays so', async () => {
    const state = `{"kind":"cancelled","at":${AT + 4}}`;
    const devices = { [String(ONE)]: PENDING };
    const dataDir = await oldFolder([{ n: 1, plan: fotaPlan(1, [ONE]), state, devices, endedAt: AT + 4 }]);
    const { store, log } = await opened(dataDir);
    expect(await store.jobs.job('fota_1')).toMatchObject({
      state: { kind: 'cancelled', at: AT + 4 },
      devices: [{ state: { kind: 'pending' } }],
    });
    expect(await store.jobs.unfinished()).toEqual([]);
    expect(log).toEqual([]);
  });

  it('that is scheduled will run, as it was planned', async () => {
    const devices = { [String(TWO)]: PENDING, [String(ONE)]: PENDING };
    const state = '{"kind":"scheduled"}';
    const dataDir = await oldFolder([
      { n: 1, plan: fotaPlan(1, [TWO, ONE]), state, devices },
      { n: 2, plan: messagePlan(2, [TWO, ONE]), state, devices },
    ]);
    const { store, log } = await opened(dataDir);
    const base = {
      createdAt: AT + 1,
      scheduledAt: AT + 60_000,
      setupAt: AT + 120_000,
      uplinkIntervalS: 60,
      devEuis: [TWO, ONE],
      multicastEui: '000000000000ff00',
      scheduleSource: 'api',
      radio: { frequencyHz: 923_300_000, dataRate: 8 },
      pacing: { sleepMs: 1500, paritySleepMs: 3000, shortSleepMs: 1000 },
    };
    const pending = [TWO, ONE].map((devEui) => ({ devEui, state: { kind: 'pending' } }));
    const job = { version: 1, state: { kind: 'scheduled' }, sessions: [], devices: pending };
    expect(await store.jobs.unfinished()).toEqual([
      {
        ...job,
        plan: {
          ...base,
          kind: 'FOTA',
          jobId: 'job-1',
          filename: 'fota_1',
          launchDelayS: 300,
          multicastGroupId: 0,
          keepLog: false,
          image: { sha256: IMAGE_SHA256, sizeBytes: 1000, name: 'firmware.bin' },
          descriptor: 4_294_967_295,
          maxPacketOctets: 103,
        },
      },
      {
        ...job,
        plan: {
          ...base,
          kind: 'Message',
          jobId: 'job-2',
          filename: 'fota_2',
          createdAt: AT + 2,
          launchDelayS: 60,
          multicastGroupId: 1,
          keepLog: true,
          image: { sha256: IMAGE_SHA256, sizeBytes: 20, name: 'hello.bin' },
          messagePort: 7,
          sessionTimeoutExponent: 15,
          transmissions: 1,
        },
      },
    ]);
    expect(await store.jobs.imagesInUse()).toEqual([IMAGE_SHA256]);
    expect(log).toEqual([]);
  });

  it.each(Object.keys(RUNNING))('that was in %s starts anew, and its group is closed', async (kind) => {
    const devices = { [String(ONE)]: SETTING_UP, [String(TWO)]: RECEIVING, [String(THREE)]: done('status-answer') };
    const plan = fotaPlan(1, [ONE, TWO, THREE]);
    const other = {
      n: 2,
      plan: fotaPlan(2, [ONE]),
      state: '{"kind":"scheduled"}',
      devices: { [String(ONE)]: PENDING },
    };
    const job = { n: 1, plan, state: RUNNING[kind]?.(1) ?? '', devices };
    const dataDir = await oldFolder([job, other], (sqlite) => {
      const insertGroup = sqlite.prepare(
        `insert into mc_groups (group_id, mc_addr, mc_nwk_s_key_sealed, mc_app_s_key_sealed, frequency_hz, data_rate,
         gateway_euis, first_f_cnt, next_f_cnt, created_at, open) values (?, ?, ?, ?, 923300000, 8, '[]', 1, 33, ${AT}, 1)`,
      );
      for (const [groupId, mcAddr] of [
        ['job-1/1', 4_278_190_081],
        ['job-9/1', 4_278_190_089],
      ] as const) {
        const [nwk, app] = ['nwk', 'app'].map((name) => vault.seal(KEY, `mc_groups/mc_${name}_s_key/${groupId}`));
        insertGroup.run(groupId, mcAddr, nwk, app);
        sqlite.exec(`insert into used_mc_addrs (mc_addr, next_f_cnt, free_from) values (${mcAddr}, 0, 0)`);
      }
    });
    const { store, log } = await opened(dataDir);
    const [restarted] = await store.jobs.unfinished();
    expect(restarted).toMatchObject({ version: 1, state: { kind: 'scheduled' }, sessions: [] });
    expect(restarted?.plan).toMatchObject({ setupAt: AT + 120_000, launchDelayS: 300, maxPacketOctets: 103 });
    expect(restarted?.devices).toEqual([ONE, TWO, THREE].map((devEui) => ({ devEui, state: { kind: 'pending' } })));
    expect((await store.network.openGroups()).map(({ groupId }) => groupId)).toEqual(['job-9/1']);
    // Its address rests, and comes back with counters that were never used.
    const allocateAfter = (ms: number) => {
      const now = steadyMs(AT + ms);
      const addresses = { first: 4_278_190_081, count: 1, draw: 0 };
      return store.network.allocateMcAddr({ ...addresses, now, leasedUntil: now, highestFirstFCnt: 1_000 });
    };
    expect(await allocateAfter(2 * 86_400_000 - 1)).toBeUndefined();
    expect(await allocateAfter(2 * 86_400_000)).toEqual({ mcAddr: 4_278_190_081, nextFCnt: 33 });
    expect(log).toEqual([]);
    const change = { state: { kind: 'scheduled' }, sessions: [], devices: [], frames: [], events: [] } as const;
    expect(await store.jobs.save('job-1', 1, change)).toBe(true);
  });

  it('that cannot be read costs that job, and a device that cannot be read that device', async () => {
    const state = `{"kind":"complete","startedAt":${AT},"completedAt":${AT + 90}}`;
    const dataDir = await oldFolder([
      { n: 1, plan: '{"kind":', state, endedAt: AT + 90, devices: { [String(ONE)]: done('mic') } },
      { n: 2, plan: fotaPlan(2, [ONE]), state: '{"kind":"lost"}', devices: { [String(ONE)]: PENDING } },
      {
        n: 3,
        plan: fotaPlan(3, [ONE, TWO, THREE, FOUR]),
        state,
        endedAt: AT + 90,
        devices: {
          [String(ONE)]: done('mic'),
          [String(TWO)]: '{"kind":"done","evi',
          [String(THREE)]: done('hearsay'),
          [String(FOUR)]: RECEIVING,
        },
      },
    ]);
    const { store, log } = await opened(dataDir);
    expect(await store.jobs.unfinished()).toEqual([]);
    const jobs = await store.jobs.complete(10);
    expect(jobs.map(({ plan }) => plan.filename)).toEqual(['fota_3']);
    expect(jobs[0]?.devices.map((one) => one.state)).toMatchObject([
      { kind: 'done', evidence: 'block-mic' },
      ...[1, 2, 3].map(() => ({ kind: 'failed', reason: 'record-damaged' })),
    ]);
    expect(log.map(({ fields }) => `${fields.table} ${fields.key}`).sort()).toEqual([
      `job_devices job-3/${TWO}`,
      `job_devices job-3/${THREE}`,
      `job_devices job-3/${FOUR}`,
      'jobs job-1',
      'jobs job-2',
    ]);
  });
});

describe('devices of the version before', () => {
  it('keep their keys and profiles, each in its own store', async () => {
    const dataDir = await oldFolder([], (sqlite) => {
      const insert = sqlite.prepare(
        `insert into devices (dev_eui, position, name, join_eui, app_key_sealed, gen_app_key_sealed, device_class,
         device_profile_id, network_profile_id, fuota_profile, created_at, last_dev_nonce, last_join_nonce, join_count)
         values (?, ?, 'meter', '0000000000000009', ?, ?, 'A', 'LW102-OTA-US915', null, ?, ${AT}, 7, 8, 1)`,
      );
      const sealed = (column: string, devEui: unknown) => vault.seal(KEY, `devices/${column}/${devEui}`);
      insert.run(ONE, 1, sealed('app_key', ONE), sealed('gen_app_key', ONE), 'multitech-dot-4');
      insert.run(TWO, 2, sealed('app_key', TWO), null, null);
    });
    const { store, log } = await opened(dataDir);
    expect((await store.network.devices()).map(({ devEui, appKey }) => [devEui, appKey])).toEqual([
      [ONE, KEY],
      [TWO, KEY],
    ]);
    expect(await store.network.joinHistory(sampleEui(1))).toEqual({ lastDevNonce: 7, lastJoinNonce: 8, joinCount: 1 });
    expect(await store.provisioning.find(sampleEui(1))).toEqual({
      devEui: ONE,
      genAppKey: KEY,
      fuotaProfile: 'multitech-dot-4',
    });
    expect(await store.provisioning.find(sampleEui(2))).toEqual({ devEui: TWO });
    expect(await store.provisioning.reserveSessionCnt(sampleEui(1), 1)).toBe(0);
    expect(log).toEqual([]);
  });
});

describe('the doctor', () => {
  it('finds nothing wrong with the records of the version before', async () => {
    const devices = { [String(ONE)]: SETTING_UP };
    const dataDir = await oldFolder([{ n: 1, plan: fotaPlan(1, [ONE]), state: RUNNING.setup?.(1) ?? '', devices }]);
    const { findings, schema } = await examineDataDir({ dataDir, now: new Date(AT) });
    expect(schema.at(-1)).toBe('0005-logins');
    expect(findings.filter(({ check }) => check === 'record' || check === 'schema')).toEqual([]);
  });
});
