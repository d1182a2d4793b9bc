import { BugError, steadyMs } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type { JobState } from '../job/job-state.ts';
import type { SessionState } from '../session/session-state.ts';
import type { JobChange, JobRecord, JobStore } from '../stores.ts';
import { SAMPLE_AT } from './sample-at.ts';
import { SAMPLE_EVENTS, SAMPLE_FATES, sampleEvents } from './sample-events.ts';
import { SAMPLE_PLANS, sampleEui, sampleFotaPlan, sampleFrame, sampleJob } from './sample-jobs.ts';
import { SAMPLE_DEVICE_STATES, SAMPLE_JOB_STATES, SAMPLE_SESSION, SAMPLE_SESSION_STATES } from './sample-states.ts';

const NO_FRAMES = { plain: 0, parity: 0, status: 0, message: 0, airtimeMs: 0, firstAt: undefined, lastAt: undefined };

const completeAt = (at: number): JobState => ({
  kind: 'complete',
  startedAt: SAMPLE_AT,
  completedAt: steadyMs(at),
  outcome: 'served',
  freeAt: steadyMs(at),
  formats: [],
});

const change = (more: Partial<JobChange> = {}): JobChange => ({
  state: { kind: 'scheduled' },
  sessions: [],
  devices: [],
  frames: [],
  events: [],
  ...more,
});

const isEnded = ({ kind }: JobState): boolean => kind === 'complete' || kind === 'cancelled';

const jobNumber = (n: number, createdAt: number = SAMPLE_AT): JobRecord =>
  sampleJob(sampleFotaPlan({ jobId: `job-${n}`, filename: `fota_${n}`, createdAt: steadyMs(createdAt) }));

const names = (records: readonly JobRecord[]): string[] => records.map((record) => record.plan.filename);

/** One sample with its place in the row and its kind, for the title of a test. */
const titled = <T extends { readonly kind: string }>(samples: readonly T[]) =>
  samples.map((sample, index) => [`${index} ${sample.kind}`, sample] as const);

/** What every `JobStore` must do. `make` gives an empty store for each test. */
export function jobStoreSuite(make: () => JobStore | Promise<JobStore>): void {
  let store: JobStore;
  /** Of each job, as long as everything goes through `insert` and `save`. */
  let versions: Map<string, number>;

  const insert = (job: JobRecord): Promise<boolean> => store.insert(job, []);

  /** Saves as the owner of the job. */
  const save = async (jobId: string, more: Partial<JobChange>): Promise<void> => {
    const version = versions.get(jobId) ?? 1;
    expect(await store.save(jobId, version, change(more))).toBe(true);
    versions.set(jobId, version + 1);
  };

  const setState = (jobId: string, state: JobState): Promise<void> => save(jobId, { state });

  beforeEach(async () => {
    store = await make();
    versions = new Map();
  });

  describe('a job', () => {
    it.each(titled(SAMPLE_PLANS))('comes back as it was accepted, every field: plan %s', async (_title, plan) => {
      const job = sampleJob(plan);
      expect(await insert(job)).toBe(true);
      expect(await store.job('fota_1')).toEqual(job);
      expect(await store.job('job-1')).toBeUndefined();
    });

    it('keeps its devices in the order of the plan', async () => {
      const devEuis = [9, 1, 5, 3].map(sampleEui);
      await insert(sampleJob(sampleFotaPlan({ devEuis })));
      expect((await store.job('fota_1'))?.devices.map((device) => device.devEui)).toEqual(devEuis);
    });

    it('does not take the name of another, finished or not', async () => {
      await insert(jobNumber(1));
      const other = sampleJob(sampleFotaPlan({ jobId: 'job-2', scheduleSource: 'other' }));
      expect(await insert(other)).toBe(false);
      await setState('job-1', { kind: 'cancelled', at: SAMPLE_AT });
      expect(await insert(other)).toBe(false);
      expect((await store.job('fota_1'))?.plan.jobId).toBe('job-1');
      expect(await store.unfinished()).toEqual([]);
      await store.remove('job-1');
      expect(await insert(other)).toBe(true);
      expect((await store.job('fota_1'))?.plan.jobId).toBe('job-2');
    });

    it('wins its name alone among simultaneous ones', async () => {
      const won = await Promise.all([1, 2, 3].map((n) => insert(sampleJob(sampleFotaPlan({ jobId: `job-${n}` })))));
      expect(won.filter((one) => one)).toHaveLength(1);
      expect((await store.job('fota_1'))?.plan.jobId).toBe(`job-${won.indexOf(true) + 1}`);
    });

    it('is not inserted twice', async () => {
      await insert(jobNumber(1));
      await expect(insert(sampleJob(sampleFotaPlan({ filename: 'other' })))).rejects.toThrow();
      expect(await store.job('other')).toBeUndefined();
    });
  });

  describe('save', () => {
    it.each(titled(SAMPLE_JOB_STATES))('keeps a job %s', async (_title, state) => {
      await insert(jobNumber(1));
      await setState('job-1', state);
      expect((await store.job('fota_1'))?.state).toEqual(state);
    });

    it.each(titled(SAMPLE_DEVICE_STATES))('keeps a device %s', async (_title, state) => {
      await insert(jobNumber(1));
      await save('job-1', { devices: [{ devEui: sampleEui(2), state }] });
      expect((await store.job('fota_1'))?.devices).toEqual([
        { devEui: sampleEui(1), state: { kind: 'pending' } },
        { devEui: sampleEui(2), state },
        { devEui: sampleEui(3), state: { kind: 'pending' } },
      ]);
    });

    it.each(titled(SAMPLE_SESSION_STATES))('keeps a session %s', async (_title, session) => {
      await insert(jobNumber(1));
      await save('job-1', { sessions: [session] });
      expect((await store.job('fota_1'))?.sessions).toEqual([session]);
    });

    it('adds sessions and replaces them by number, and gives them in its order', async () => {
      await insert(jobNumber(1));
      const [first, second, third] = SAMPLE_SESSION_STATES;
      if (first === undefined || second === undefined || third === undefined) throw new BugError('too few samples');
      await save('job-1', { sessions: [{ ...first, number: 2 }, first] });
      await save('job-1', { sessions: [{ ...second, number: 11 }, second, third] });
      expect((await store.job('fota_1'))?.sessions).toEqual([
        third,
        { ...first, number: 2 },
        { ...second, number: 11 },
      ]);
    });

    it('keeps keys apart that belong to different jobs and sessions', async () => {
      const withKey = (number: number, mcKey: string): SessionState => ({
        kind: 'closing',
        number,
        formatKey: 'f',
        round: 1,
        began: { sent: 0, repeats: 0 },
        isFresh: true,
        askedAt: undefined,
        sent: 0,
        repeats: 0,
        plan: { ...SAMPLE_SESSION, mcKey },
        until: SAMPLE_AT,
        isUnsent: false,
      });
      const keys = ['11', '22', '33'].map((octet) => octet.repeat(16));
      await insert(jobNumber(1));
      await insert(jobNumber(2));
      await save('job-1', { sessions: [withKey(1, keys[0] ?? ''), withKey(2, keys[1] ?? '')] });
      await save('job-2', { sessions: [withKey(1, keys[2] ?? '')] });
      const sessions = (await store.unfinished()).flatMap((job) => job.sessions);
      expect(sessions.map((session) => (session.kind === 'closing' ? session.plan.mcKey : ''))).toEqual(keys);
    });

    it('is refused, changing nothing, to whoever has not read the last version', async () => {
      await insert(jobNumber(1));
      const [session] = SAMPLE_SESSION_STATES;
      const whole = change({
        state: completeAt(SAMPLE_AT),
        sessions: session === undefined ? [] : [session],
        devices: [{ devEui: sampleEui(1), state: { kind: 'skipped', reason: 'never-joined', at: SAMPLE_AT } }],
        frames: [sampleFrame()],
        events: sampleEvents(),
      });
      for (const version of [0, 2, 7]) expect(await store.save('job-1', version, whole)).toBe(false);
      expect(await store.job('fota_1')).toEqual(jobNumber(1));
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
      expect(await store.events('job-1', 1, 10)).toEqual([]);
      expect(await store.save('job-1', 1, whole)).toBe(true);
      expect((await store.job('fota_1'))?.version).toBe(2);
      expect(await store.save('job-1', 1, whole)).toBe(false);
      expect((await store.ledger('job-1')).plain).toBe(1);
      expect(await store.save('job-1', 2, change())).toBe(true);
      expect((await store.job('fota_1'))?.version).toBe(3);
    });

    it('lets exactly one of simultaneous owners win', async () => {
      await insert(jobNumber(1));
      const won = await Promise.all(
        [1, 2, 3, 4].map((fCnt) => store.save('job-1', 1, change({ frames: [sampleFrame({ fCnt })] }))),
      );
      expect(won.filter((one) => one)).toHaveLength(1);
      expect((await store.frames('job-1', 0, 10)).map(({ fCnt }) => fCnt)).toEqual([won.indexOf(true) + 1]);
    });

    it('changes no other job', async () => {
      await insert(jobNumber(1));
      await insert(jobNumber(2));
      await save('job-1', {
        state: completeAt(SAMPLE_AT),
        sessions: SAMPLE_SESSION_STATES.slice(0, 1),
        devices: [{ devEui: sampleEui(1), state: { kind: 'held', by: 'fota_9', until: undefined } }],
        frames: [sampleFrame()],
        events: sampleEvents(),
      });
      expect(await store.job('fota_2')).toEqual(jobNumber(2));
      expect(await store.ledger('job-2')).toEqual(NO_FRAMES);
      expect(await store.frames('job-2', 0, 10)).toEqual([]);
      expect(await store.events('job-2', 1, 10)).toEqual([]);
    });

    it('refuses a job that is gone', async () => {
      await expect(store.save('job-1', 1, change())).rejects.toThrow(BugError);
    });

    it('refuses a device of another job, changing nothing', async () => {
      await insert(jobNumber(1));
      const wrong = change({
        state: completeAt(SAMPLE_AT),
        sessions: SAMPLE_SESSION_STATES.slice(0, 1),
        devices: [1, 4].map((n) => ({
          devEui: sampleEui(n),
          state: { kind: 'skipped', reason: 'never-joined', at: SAMPLE_AT } as const,
        })),
        frames: [sampleFrame()],
        events: sampleEvents(),
      });
      await expect(store.save('job-1', 1, wrong)).rejects.toThrow(BugError);
      expect(await store.job('fota_1')).toEqual(jobNumber(1));
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
      expect(await store.events('job-1', 1, 10)).toEqual([]);
    });
  });

  describe('lists', () => {
    it('show unfinished jobs, oldest first', async () => {
      await insert(jobNumber(3, SAMPLE_AT + 3));
      await insert(jobNumber(1, SAMPLE_AT + 1));
      await insert(jobNumber(2, SAMPLE_AT + 2));
      await insert(jobNumber(9, SAMPLE_AT + 1));
      await insert(jobNumber(8, SAMPLE_AT + 1));
      expect(names(await store.unfinished())).toEqual(['fota_1', 'fota_9', 'fota_8', 'fota_2', 'fota_3']);
      for (const state of SAMPLE_JOB_STATES) {
        await setState('job-2', state);
        expect(names(await store.unfinished()).includes('fota_2'), state.kind).toBe(!isEnded(state));
      }
      expect(await store.unfinished()).toContainEqual(jobNumber(3, SAMPLE_AT + 3));
    });

    it('show complete jobs, newest completion first, up to a limit', async () => {
      for (const n of [1, 2, 3, 4, 5]) await insert(jobNumber(n));
      await setState('job-1', completeAt(SAMPLE_AT + 10.5));
      await setState('job-2', completeAt(SAMPLE_AT + 10.25));
      await setState('job-3', completeAt(SAMPLE_AT + 99));
      await setState('job-4', { kind: 'cancelled', at: SAMPLE_AT });
      expect(names(await store.complete(10))).toEqual(['fota_3', 'fota_1', 'fota_2']);
      expect(names(await store.complete(2))).toEqual(['fota_3', 'fota_1']);
      expect(await store.complete(0)).toEqual([]);
    });

    it('show the later accepted of two jobs completed at once first', async () => {
      for (const n of [1, 3, 2]) await insert(jobNumber(n));
      for (const n of [2, 1, 3]) await setState(`job-${n}`, completeAt(SAMPLE_AT));
      expect(names(await store.complete(10))).toEqual(['fota_2', 'fota_3', 'fota_1']);
    });
  });

  describe('the ledger', () => {
    it('adds up the frames of one job', async () => {
      await insert(jobNumber(1));
      await insert(jobNumber(2));
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
      const kinds = ['plain', 'parity', 'status', 'message'] as const;
      for (const [index, kind] of kinds.entries()) {
        await save('job-1', {
          frames: Array.from({ length: index + 1 }, (_, i) =>
            sampleFrame({ kind, number: i, fCnt: index * 10 + i, at: steadyMs(SAMPLE_AT + 100 * index + i + 0.5) }),
          ),
        });
      }
      await save('job-2', { frames: [sampleFrame()] });
      expect(await store.ledger('job-1')).toEqual({
        plain: 1,
        parity: 2,
        status: 3,
        message: 4,
        airtimeMs: 1002.5,
        firstAt: SAMPLE_AT + 0.5,
        lastAt: SAMPLE_AT + 303.5,
      });
      expect((await store.ledger('job-2')).plain).toBe(1);
    });

    it('keeps its totals when its frames are forgotten, and goes on', async () => {
      await insert(jobNumber(1));
      const more = { state: completeAt(SAMPLE_AT), frames: [sampleFrame(), sampleFrame({ fCnt: 1 })] };
      await save('job-1', more);
      const totals = await store.ledger('job-1');
      await store.clearLedger('job-1');
      await store.clearLedger('unknown');
      expect(totals.plain).toBe(2);
      expect(await store.ledger('job-1')).toEqual(totals);
      expect(await store.frames('job-1', 0, 10)).toEqual([]);
      await save('job-1', more);
      expect((await store.ledger('job-1')).plain).toBe(4);
      expect(await store.frames('job-1', 0, 10)).toEqual(more.frames);
      expect(await store.frames('job-1', 1, 10)).toEqual(more.frames.slice(1));
    });

    it('gives the frames one by one in the order in which they were stored', async () => {
      await insert(jobNumber(1));
      await insert(jobNumber(2));
      const kinds = ['plain', 'parity', 'status', 'message'] as const;
      const frames = Array.from({ length: 9 }, (_, i) =>
        sampleFrame({
          kind: kinds[i % 4] ?? 'plain',
          number: 9 - i,
          session: 1 + (i % 2),
          fCnt: 0xffff_ffff - i,
          at: steadyMs(SAMPLE_AT + i * 0.5),
          airtimeMs: 0.125 * i,
          gateways: i % 3 === 0 ? [] : SAMPLE_FATES,
        }),
      );
      for (const part of [frames.slice(0, 2), frames.slice(2, 5), frames.slice(5)]) {
        await save('job-1', { frames: part });
        await save('job-2', { frames: [sampleFrame()] });
      }
      expect(await store.frames('job-1', 0, 100)).toEqual(frames);
      expect(await store.frames('job-1', 0, 4)).toEqual(frames.slice(0, 4));
      expect(await store.frames('job-1', 4, 3)).toEqual(frames.slice(4, 7));
      expect(await store.frames('job-1', 8, 3)).toEqual(frames.slice(8));
      expect(await store.frames('job-1', 9, 3)).toEqual([]);
      expect(await store.frames('job-1', 0, 0)).toEqual([]);
    });

    it('of an unknown job is empty', async () => {
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
      expect(await store.frames('job-1', 0, 1)).toEqual([]);
    });
  });

  describe('events', () => {
    it('come back with their place in the sequence of their job, which has no gaps', async () => {
      const all = sampleEvents();
      await store.insert(jobNumber(1), all.slice(0, 1));
      await store.insert(jobNumber(2), []);
      await save('job-1', { events: all.slice(1, 4) });
      await save('job-2', { events: all.slice(0, 2) });
      await save('job-1', {});
      await save('job-1', { events: all.slice(4) });
      const recorded = all.map((one, index) => ({ sequence: index + 1, ...one }));
      expect(await store.events('job-1', 1, 100)).toEqual(recorded);
      expect(await store.events('job-1', 0, 2)).toEqual(recorded.slice(0, 2));
      expect(await store.events('job-1', 3, 2)).toEqual(recorded.slice(2, 4));
      expect(await store.events('job-1', all.length + 1, 2)).toEqual([]);
      expect(await store.events('job-1', 1, 0)).toEqual([]);
      expect(await store.events('job-2', 1, 100)).toEqual(recorded.slice(0, 2));
      expect(await store.events('unknown', 1, 100)).toEqual([]);
    });

    it('of what was asked and said are forgotten with the frames, and their numbers are not given again', async () => {
      await store.insert(jobNumber(1), sampleEvents());
      await store.insert(jobNumber(2), sampleEvents());
      await store.clearLedger('job-1');
      const left = SAMPLE_EVENTS.map((event, index) => ({ sequence: index + 1, event })).filter(
        ({ event }) => event.kind !== 'asked' && event.kind !== 'said',
      );
      expect(left.length).toBeLessThan(SAMPLE_EVENTS.length);
      const kept = await store.events('job-1', 1, 100);
      expect(kept.map(({ sequence, event }) => ({ sequence, event }))).toEqual(left);
      expect(await store.events('job-2', 1, 100)).toHaveLength(SAMPLE_EVENTS.length);
      await save('job-1', { events: sampleEvents().slice(0, 1) });
      expect((await store.events('job-1', 1, 100)).at(-1)?.sequence).toBe(SAMPLE_EVENTS.length + 1);
    });

    it('are not given anew when the last ones were forgotten', async () => {
      const said = SAMPLE_EVENTS.filter(({ kind }) => kind === 'said');
      await store.insert(jobNumber(1), sampleEvents(said));
      await store.clearLedger('job-1');
      await save('job-1', { events: sampleEvents(said) });
      expect((await store.events('job-1', 1, 100)).map(({ sequence }) => sequence)).toEqual([said.length + 1]);
    });

    it('of a job that is refused are not stored', async () => {
      await store.insert(jobNumber(1), sampleEvents().slice(0, 1));
      const other = sampleJob(sampleFotaPlan({ jobId: 'job-2' }));
      expect(await store.insert(other, sampleEvents())).toBe(false);
      expect(await store.events('job-2', 1, 100)).toEqual([]);
      expect(await store.events('job-1', 1, 100)).toHaveLength(1);
    });
  });

  describe('remove', () => {
    it('takes everything along', async () => {
      await insert(jobNumber(1));
      await save('job-1', {
        state: completeAt(SAMPLE_AT),
        sessions: SAMPLE_SESSION_STATES.slice(0, 1),
        frames: [sampleFrame()],
        events: sampleEvents(),
      });
      expect(await store.remove('job-1')).toBe(true);
      expect(await store.remove('job-1')).toBe(false);
      expect(await store.job('fota_1')).toBeUndefined();
      expect(await store.complete(10)).toEqual([]);
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
      await insert(jobNumber(1));
      expect(await store.job('fota_1')).toEqual(jobNumber(1));
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
      expect(await store.frames('job-1', 0, 10)).toEqual([]);
      expect(await store.events('job-1', 1, 10)).toEqual([]);
    });
  });

  describe('images in use', () => {
    it('are those of unfinished jobs, each once', async () => {
      const withImage = (n: number, sha256: string): JobRecord =>
        sampleJob(
          sampleFotaPlan({
            jobId: `job-${n}`,
            filename: `fota_${n}`,
            image: { sha256, sizeBytes: 1, name: 'x' },
          }),
        );
      expect(await store.imagesInUse()).toEqual([]);
      await insert(withImage(1, 'bb'.repeat(32)));
      await insert(withImage(2, 'aa'.repeat(32)));
      await insert(withImage(3, 'aa'.repeat(32)));
      await insert(withImage(4, 'cc'.repeat(32)));
      await setState('job-4', completeAt(SAMPLE_AT));
      expect([...(await store.imagesInUse())].sort()).toEqual(['aa'.repeat(32), 'bb'.repeat(32)]);
      await setState('job-1', { kind: 'cancelled', at: SAMPLE_AT });
      await store.remove('job-2');
      expect(await store.imagesInUse()).toEqual(['aa'.repeat(32)]);
    });
  });
}
