import type { JobState, JobStore, Provisioning } from '@airlift/campaign';
import {
  MemoryJobStore,
  MemoryProvisioning,
  SAMPLE_DEVICE_STATES,
  SAMPLE_EVENTS,
  SAMPLE_FATES,
  SAMPLE_JOB_STATES,
  SAMPLE_SESSION_STATES,
  sampleEui,
  sampleEvents,
  sampleFotaPlan,
  sampleFrame,
  sampleJob,
} from '@airlift/campaign/testing';
import { type Eui64, type RealMs, steadyMs, systemEntropy, VirtualClock } from '@airlift/kernel';
import type { DeviceSession, NetworkStore } from '@airlift/network';
import { MemoryNetworkStore } from '@airlift/network/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openStore, type Store } from '../src/index.ts';
import { scratchFolder } from './scratch.ts';

const AT = steadyMs(1_767_225_600_000);

/** A call of one store with fixed arguments, and how it reads when a property fails. */
interface Call<S> {
  readonly text: string;
  readonly run: (store: S) => Promise<unknown>;
}

const onNetwork = (text: string, run: (store: NetworkStore) => Promise<unknown>): Call<NetworkStore> => ({ text, run });
const onJobs = (text: string, run: (store: JobStore) => Promise<unknown>): Call<JobStore> => ({ text, run });

/** What came of a call: its result or that it was refused. */
async function outcome<S>(store: S, { run }: Call<S>): Promise<unknown> {
  try {
    return await run(store);
  } catch {
    return 'refused';
  }
}

async function expectSame<S>(calls: readonly Call<S>[], fake: S, real: S): Promise<void> {
  for (const [i, one] of calls.entries()) {
    const expected = await outcome(fake, one);
    expect(await outcome(real, one), `call ${i}: ${one.text}`).toEqual(expected);
  }
}

const small = fc.integer({ min: 0, max: 2 });
const eui: fc.Arbitrary<Eui64> = small.map(sampleEui);

const sortSessions = (sessions: readonly DeviceSession[]): readonly DeviceSession[] =>
  [...sessions].sort((a, b) => a.devEui.localeCompare(b.devEui) || a.devAddr - b.devAddr);

function device(devEui: Eui64, name: string) {
  return {
    devEui,
    name,
    joinEui: devEui,
    appKey: '00'.repeat(16),
    deviceClass: 'A',
    deviceProfileId: undefined,
    networkProfileId: undefined,
    createdAt: AT,
  } as const;
}

function session(devEui: Eui64, devAddr: number, devNonce: number): DeviceSession {
  return {
    devEui,
    devAddr,
    nwkSKey: '11'.repeat(16),
    appSKey: '22'.repeat(16),
    joinNonce: devNonce + 100,
    devNonce,
    joinedAt: AT,
    confirmed: false,
    lastFCntUp: undefined,
    rxDelayS: 1,
    rx1DrOffset: 0,
    rx2DataRate: 0,
    rx2FrequencyHz: 1,
    lastUplink: undefined,
  };
}

const group = (groupId: string, firstFCnt: number) => ({
  groupId,
  mcAddr: firstFCnt,
  mcNwkSKey: '33'.repeat(16),
  mcAppSKey: '44'.repeat(16),
  frequencyHz: 1,
  dataRate: 0,
  gatewayEuis: [],
  firstFCnt,
  createdAt: AT,
});

const networkCall: fc.Arbitrary<Call<NetworkStore>> = fc.oneof(
  fc.tuple(eui, small).map(([e, n]) => onNetwork(`add ${e}`, (s) => s.addDevice(device(e, `n${n}`)))),
  fc.tuple(eui, small).map(([e, n]) => onNetwork(`replace ${e}`, (s) => s.replaceDevice(device(e, `r${n}`)))),
  eui.map((e) => onNetwork(`remove ${e}`, (s) => s.removeDevice(e))),
  fc
    .tuple(eui, small, fc.integer({ min: 0, max: 6 }))
    .map(([e, addr, nonce]) =>
      onNetwork(`join ${e} ${addr} nonce ${nonce}`, (s) => s.saveJoin(session(e, addr, nonce))),
    ),
  fc.tuple(eui, small, fc.integer({ min: 0, max: 9 })).map(([e, addr, fCnt]) => {
    const uplink = { at: AT, gatewayEui: e, frequencyHz: fCnt, dataRate: 0, rssiDbm: -1, snrDb: 0.5 };
    return onNetwork(`uplink ${e} ${addr} ${fCnt}`, (s) => s.saveUplink(e, addr, fCnt, uplink));
  }),
  fc
    .tuple(eui, small, fc.integer({ min: 1, max: 4 }))
    .map(([e, addr, count]) =>
      onNetwork(`reserve ${e} ${addr} ${count}`, (s) => s.reserveDownlinkCounters(e, addr, count)),
    ),
  fc
    .tuple(small, fc.integer({ min: 0, max: 20 }))
    .map(([g, first]) => onNetwork(`group ${g} from ${first}`, (s) => s.saveGroup(group(`g${g}`, first)))),
  small.map((g) => onNetwork(`reserve group ${g}`, (s) => s.reserveGroupCounters(`g${g}`, 2))),
  small.map((g) => onNetwork(`close group ${g}`, (s) => s.closeGroup(`g${g}`, AT))),
  small.map((n) =>
    onNetwork(`allocate from ${n}`, (s) =>
      s.allocateMcAddr({ first: 0, count: 8, draw: n, now: AT, leasedUntil: AT, highestFirstFCnt: 30 }),
    ),
  ),
  eui.map((e) =>
    onNetwork(`look at ${e}`, async (s) => [await s.device(e), await s.joinHistory(e), await s.session(e)]),
  ),
  small.map((n) =>
    onNetwork(`look at ${n}`, async (s) => [
      sortSessions(await s.sessionsByDevAddr(n)),
      await s.devAddrInUse(n),
      await s.mcAddrInUse(n),
      await s.group(`g${n}`),
    ]),
  ),
  fc.constant(
    onNetwork('look at all', async (s) => [
      await s.devices(),
      sortSessions(await s.sessions()),
      [...(await s.openGroups())].sort((a, b) => a.groupId.localeCompare(b.groupId)),
    ]),
  ),
);

const jobState = fc.constantFrom<JobState>(...SAMPLE_JOB_STATES);

const jobCall: fc.Arbitrary<Call<JobStore>> = fc.oneof(
  fc.tuple(small, small, fc.integer({ min: 0, max: 3 })).map(([id, name, devices]) => {
    const plan = sampleFotaPlan({
      jobId: `job-${id}`,
      filename: `name-${name}`,
      createdAt: steadyMs(AT - name),
      devEuis: Array.from({ length: devices }, (_, i) => sampleEui(i)).reverse(),
      image: { sha256: `${name}`.repeat(64), sizeBytes: 1, name: 'x' },
    });
    return onJobs(`insert ${id} as ${name}`, (s) => s.insert(sampleJob(plan), sampleEvents().slice(0, devices)));
  }),
  fc
    .tuple(
      small,
      // Mostly the versions that jobs have after a few steps.
      fc.integer({ min: 1, max: 5 }),
      jobState,
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom(...SAMPLE_DEVICE_STATES)), { maxLength: 3 }),
      fc.array(fc.tuple(fc.constantFrom('plain', 'parity', 'status', 'message'), fc.nat(1000)), { maxLength: 3 }),
      fc.array(fc.tuple(small, fc.constantFrom(...SAMPLE_SESSION_STATES)), { maxLength: 3 }),
      fc.array(fc.constantFrom(...SAMPLE_EVENTS), { maxLength: 3 }),
    )
    .map(([id, version, state, devices, frames, sessions, events]) =>
      onJobs(`save ${id} ${state.kind} as ${version}`, (s) =>
        s.save(`job-${id}`, version, {
          state,
          sessions: sessions.map(([n, session]) => ({ ...session, number: n + 1 })),
          events: sampleEvents(events),
          devices: devices.map(([n, deviceState]) => ({ devEui: sampleEui(n), state: deviceState })),
          frames: frames.map(([kind, n]) =>
            sampleFrame({ kind, number: n, at: steadyMs(AT + n), gateways: SAMPLE_FATES.slice(n % 3) }),
          ),
        }),
      ),
    ),
  small.map((id) => onJobs(`remove ${id}`, (s) => s.remove(`job-${id}`))),
  small.map((id) => onJobs(`clear ${id}`, (s) => s.clearLedger(`job-${id}`))),
  small.map((id) =>
    onJobs(`look at ${id}`, async (s) => [
      await s.job(`name-${id}`),
      await s.ledger(`job-${id}`),
      await s.frames(`job-${id}`, id, 3),
      await s.events(`job-${id}`, id, 5),
      await s.unfinished(),
      await s.complete(2),
      await s.imagesInUse(),
    ]),
  ),
);

const provisioningCall: fc.Arbitrary<Call<Provisioning>> = fc.oneof(
  fc.tuple(eui, small).map(([devEui, n]) => ({
    text: `put ${devEui} ${n}`,
    run: (s: Provisioning) =>
      s.put({
        devEui,
        genAppKey: n === 0 ? undefined : `${n}`.repeat(32),
        fuotaProfile: n === 1 ? undefined : `p${n}`,
      }),
  })),
  eui.map((devEui) => ({ text: `remove ${devEui}`, run: (s: Provisioning) => s.remove(devEui) })),
  eui.map((devEui) => ({ text: `find ${devEui}`, run: (s: Provisioning) => s.find(devEui) })),
  fc.tuple(eui, fc.constantFrom(1, 2, 30_000, 65_536)).map(([devEui, count]) => ({
    text: `reserve ${devEui} ${count}`,
    run: (s: Provisioning) => s.reserveSessionCnt(devEui, count),
  })),
);

async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
  const options = { clock: new VirtualClock<RealMs>(), entropy: systemEntropy, path: ':memory:' };
  const store = await openStore({ ...options, dataDir: await scratchFolder() });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

describe('any sequence of calls', () => {
  it('gives the same on SQLite and in memory: network', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(networkCall, { minLength: 20, maxLength: 60 }), (calls) =>
        withStore((store) => expectSame(calls, new MemoryNetworkStore(), store.network)),
      ),
      { numRuns: 60 },
    );
  });

  it('gives the same on SQLite and in memory: provisioning', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(provisioningCall, { minLength: 20, maxLength: 60 }), (calls) =>
        withStore((store) => expectSame(calls, new MemoryProvisioning(), store.provisioning)),
      ),
      { numRuns: 60 },
    );
  });

  it('gives the same on SQLite and in memory: jobs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(jobCall, { minLength: 20, maxLength: 60 }), (calls) =>
        withStore((store) => expectSame(calls, new MemoryJobStore(), store.jobs)),
      ),
      { numRuns: 60 },
    );
  });
});
