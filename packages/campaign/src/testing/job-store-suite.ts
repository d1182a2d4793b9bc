import { BugError, steadyMs } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type { JobState } from '../job-state.ts';
import type { JobRecord, JobStore } from '../stores.ts';
import {
  SAMPLE_AT,
  SAMPLE_DEVICE_STATES,
  SAMPLE_JOB_STATES,
  sampleEui,
  sampleFotaPlan,
  sampleFrame,
  sampleJob,
  sampleMessagePlan,
} from './sample-jobs.ts';

const NO_FRAMES = { plain: 0, parity: 0, status: 0, message: 0, airtimeMs: 0, firstAt: undefined, lastAt: undefined };

const completeAt = (at: number): JobState => ({ kind: 'complete', startedAt: SAMPLE_AT, completedAt: steadyMs(at) });

const jobNumber = (n: number, createdAt: number = SAMPLE_AT): JobRecord =>
  sampleJob(sampleFotaPlan({ jobId: `job-${n}`, filename: `fota_${n}`, createdAt: steadyMs(createdAt) }));

const names = (records: readonly JobRecord[]): string[] => records.map((record) => record.plan.filename);

/** What every `JobStore` must do. `make` gives an empty store for each test. */
export function jobStoreSuite(make: () => JobStore | Promise<JobStore>): void {
  let store: JobStore;

  const setState = (jobId: string, state: JobState): Promise<void> =>
    store.save(jobId, { state, devices: [], frames: [] });

  beforeEach(async () => {
    store = await make();
  });

  describe('a job', () => {
    it('comes back as it was accepted, every field', async () => {
      const fota = sampleJob(sampleFotaPlan({ parityFragments: 20, keepLog: true }));
      const message = sampleJob(sampleMessagePlan({ jobId: 'job-2', filename: 'message' }));
      expect(await store.insert(fota)).toBe(true);
      expect(await store.insert(message)).toBe(true);
      expect(await store.job('fota_1')).toEqual(fota);
      expect(await store.job('message')).toEqual(message);
      expect(await store.job('job-1')).toBeUndefined();
    });

    it('keeps its devices in the order of the plan', async () => {
      const devEuis = [9, 1, 5, 3].map(sampleEui);
      await store.insert(sampleJob(sampleFotaPlan({ devEuis })));
      expect((await store.job('fota_1'))?.devices.map((device) => device.devEui)).toEqual(devEuis);
    });

    it('does not take the name of another, finished or not', async () => {
      await store.insert(jobNumber(1));
      const other = sampleJob(sampleFotaPlan({ jobId: 'job-2', scheduleSource: 'other' }));
      expect(await store.insert(other)).toBe(false);
      await setState('job-1', { kind: 'cancelled', at: SAMPLE_AT });
      expect(await store.insert(other)).toBe(false);
      expect((await store.job('fota_1'))?.plan.jobId).toBe('job-1');
      expect(await store.unfinished()).toEqual([]);
      await store.remove('job-1');
      expect(await store.insert(other)).toBe(true);
      expect((await store.job('fota_1'))?.plan.jobId).toBe('job-2');
    });

    it('wins its name alone among simultaneous ones', async () => {
      const won = await Promise.all(
        [1, 2, 3].map((n) => store.insert(sampleJob(sampleFotaPlan({ jobId: `job-${n}` })))),
      );
      expect(won.filter((one) => one)).toHaveLength(1);
      expect((await store.job('fota_1'))?.plan.jobId).toBe(`job-${won.indexOf(true) + 1}`);
    });

    it('is not inserted twice', async () => {
      await store.insert(jobNumber(1));
      await expect(store.insert(sampleJob(sampleFotaPlan({ filename: 'other' })))).rejects.toThrow();
      expect(await store.job('other')).toBeUndefined();
    });
  });

  describe('save', () => {
    it.each(SAMPLE_JOB_STATES.map((state) => [state.kind, state] as const))('keeps a job %s', async (_kind, state) => {
      await store.insert(jobNumber(1));
      await setState('job-1', state);
      expect((await store.job('fota_1'))?.state).toEqual(state);
    });

    it.each(SAMPLE_DEVICE_STATES.map((state) => [state.kind, state] as const))(
      'keeps a device %s',
      async (_kind, state) => {
        await store.insert(jobNumber(1));
        await store.save('job-1', {
          state: { kind: 'scheduled' },
          devices: [{ devEui: sampleEui(2), state }],
          frames: [],
        });
        expect((await store.job('fota_1'))?.devices).toEqual([
          { devEui: sampleEui(1), state: { kind: 'pending' } },
          { devEui: sampleEui(2), state },
          { devEui: sampleEui(3), state: { kind: 'pending' } },
        ]);
      },
    );

    it('changes no other job', async () => {
      await store.insert(jobNumber(1));
      await store.insert(jobNumber(2));
      await store.save('job-1', {
        state: completeAt(SAMPLE_AT),
        devices: [{ devEui: sampleEui(1), state: { kind: 'ready' } }],
        frames: [sampleFrame()],
      });
      expect(await store.job('fota_2')).toEqual(jobNumber(2));
      expect(await store.ledger('job-2')).toEqual(NO_FRAMES);
    });

    it('refuses a job that is gone', async () => {
      await expect(setState('job-1', { kind: 'scheduled' })).rejects.toThrow(BugError);
    });

    it('refuses a device of another job, changing nothing', async () => {
      await store.insert(jobNumber(1));
      const change = {
        state: completeAt(SAMPLE_AT),
        devices: [1, 4].map((n) => ({ devEui: sampleEui(n), state: { kind: 'ready' } as const })),
        frames: [sampleFrame()],
      };
      await expect(store.save('job-1', change)).rejects.toThrow(BugError);
      expect(await store.job('fota_1')).toEqual(jobNumber(1));
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
    });
  });

  describe('lists', () => {
    it('show unfinished jobs, oldest first', async () => {
      await store.insert(jobNumber(3, SAMPLE_AT + 3));
      await store.insert(jobNumber(1, SAMPLE_AT + 1));
      await store.insert(jobNumber(2, SAMPLE_AT + 2));
      await store.insert(jobNumber(9, SAMPLE_AT + 1));
      await store.insert(jobNumber(8, SAMPLE_AT + 1));
      expect(names(await store.unfinished())).toEqual(['fota_1', 'fota_9', 'fota_8', 'fota_2', 'fota_3']);
      for (const [index, state] of SAMPLE_JOB_STATES.entries()) {
        await setState('job-2', state);
        const isOpen = index < SAMPLE_JOB_STATES.length - 2;
        expect(names(await store.unfinished()).includes('fota_2'), state.kind).toBe(isOpen);
      }
      expect(await store.unfinished()).toContainEqual(jobNumber(3, SAMPLE_AT + 3));
    });

    it('show complete jobs, newest completion first, up to a limit', async () => {
      for (const n of [1, 2, 3, 4, 5]) await store.insert(jobNumber(n));
      await setState('job-1', completeAt(SAMPLE_AT + 10.5));
      await setState('job-2', completeAt(SAMPLE_AT + 10.25));
      await setState('job-3', completeAt(SAMPLE_AT + 99));
      await setState('job-4', { kind: 'cancelled', at: SAMPLE_AT });
      expect(names(await store.complete(10))).toEqual(['fota_3', 'fota_1', 'fota_2']);
      expect(names(await store.complete(2))).toEqual(['fota_3', 'fota_1']);
      expect(await store.complete(0)).toEqual([]);
    });

    it('show the later accepted of two jobs completed at once first', async () => {
      for (const n of [1, 3, 2]) await store.insert(jobNumber(n));
      for (const n of [2, 1, 3]) await setState(`job-${n}`, completeAt(SAMPLE_AT));
      expect(names(await store.complete(10))).toEqual(['fota_2', 'fota_3', 'fota_1']);
    });
  });

  describe('the ledger', () => {
    it('adds up the frames of one job', async () => {
      await store.insert(jobNumber(1));
      await store.insert(jobNumber(2));
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
      const kinds = ['plain', 'parity', 'status', 'message'] as const;
      for (const [index, kind] of kinds.entries()) {
        await store.save('job-1', {
          state: { kind: 'scheduled' },
          devices: [],
          frames: Array.from({ length: index + 1 }, (_, i) =>
            sampleFrame({ kind, number: i, fCnt: index * 10 + i, at: steadyMs(SAMPLE_AT + 100 * index + i + 0.5) }),
          ),
        });
      }
      await store.save('job-2', { state: { kind: 'scheduled' }, devices: [], frames: [sampleFrame()] });
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
      await store.insert(jobNumber(1));
      const change = { state: completeAt(SAMPLE_AT), devices: [], frames: [sampleFrame(), sampleFrame({ fCnt: 1 })] };
      await store.save('job-1', change);
      const totals = await store.ledger('job-1');
      await store.clearLedger('job-1');
      await store.clearLedger('unknown');
      expect(totals.plain).toBe(2);
      expect(await store.ledger('job-1')).toEqual(totals);
      await store.save('job-1', change);
      expect((await store.ledger('job-1')).plain).toBe(4);
    });

    it('of an unknown job is empty', async () => {
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
    });
  });

  describe('remove', () => {
    it('takes everything along', async () => {
      await store.insert(jobNumber(1));
      await store.save('job-1', { state: completeAt(SAMPLE_AT), devices: [], frames: [sampleFrame()] });
      expect(await store.remove('job-1')).toBe(true);
      expect(await store.remove('job-1')).toBe(false);
      expect(await store.job('fota_1')).toBeUndefined();
      expect(await store.complete(10)).toEqual([]);
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
      await store.insert(jobNumber(1));
      expect(await store.job('fota_1')).toEqual(jobNumber(1));
      expect(await store.ledger('job-1')).toEqual(NO_FRAMES);
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
      await store.insert(withImage(1, 'bb'.repeat(32)));
      await store.insert(withImage(2, 'aa'.repeat(32)));
      await store.insert(withImage(3, 'aa'.repeat(32)));
      await store.insert(withImage(4, 'cc'.repeat(32)));
      await setState('job-4', completeAt(SAMPLE_AT));
      expect([...(await store.imagesInUse())].sort()).toEqual(['aa'.repeat(32), 'bb'.repeat(32)]);
      await setState('job-1', { kind: 'cancelled', at: SAMPLE_AT });
      await store.remove('job-2');
      expect(await store.imagesInUse()).toEqual(['aa'.repeat(32)]);
    });
  });
}
