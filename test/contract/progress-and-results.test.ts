import { behaviour } from '@airlift/fleet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { TestInstance, type WatchedJob } from '../support/test-instance.ts';

const SEED = 'contract/progress';
/** Clients compare the number as text or as a number: it must be 100, not 100.0 or "100". */
const EXACTLY_100 = /"overall_percent_complete":100[,}]/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const PHASES = ['SCHEDULED', 'SETUP', 'BROADCASTING', 'TEARDOWN', 'COMPLETE'];

describe(`progress and results of a job (seed ${SEED})`, () => {
  const image = firmware(SEED, 4_321);
  let instance: TestInstance;
  let idle: string;
  let job: WatchedJob;

  beforeAll(async () => {
    instance = await TestInstance.start({ seed: SEED, devices: 2, loss: 0.1 });
    idle = (await instance.progress()).text;
    await instance.http.uploadFirmware('firmware_v2.0.bin', image);
    const body = {
      transmission_type: 'FOTA',
      multicastGroupID: 0,
      endDeviceDeveuis: instance.deveuis,
      fotaFile: 'firmware_v2.0.bin',
      scheduledTimeSinceUnixEpoch: instance.nowS + 30,
      setupTimeFromScheduledTime: 15,
    };
    await instance.http.post('/api/lora/fota', body);
    job = await instance.follow(`fota_${body.scheduledTimeSinceUnixEpoch}_15`, 1_000);
  }, 60_000);
  afterAll(() => instance.stop());

  it('63: before the first job it reads 0 of nothing', () => {
    expect(JSON.parse(idle)).toEqual({
      code: 200,
      status: 'success',
      result: { overall_percent_complete: 0, devices: [], operations: [] },
    });
    expect(idle).toMatch(/"overall_percent_complete":0[,}]/);
  });

  it('64: the object form from the acceptance on, with every device in every answer', () => {
    for (const { progress } of job.polls) {
      expect(progress.devices.map(({ deveui }) => deveui)).toEqual(instance.deveuis);
      for (const device of progress.devices) {
        expect(device.percent_complete).toBeGreaterThanOrEqual(0);
        expect(device.percent_complete).toBeLessThanOrEqual(100);
        expect(['pending', 'in_progress', 'success', 'failed', 'skipped']).toContain(device.status);
      }
    }
    const first = job.polls[0]?.progress;
    expect(first?.overall_percent_complete).toBe(0);
    expect(first?.devices.map(({ status }) => status)).toEqual(['pending', 'pending']);
    expect(new Set(job.polls.flatMap(({ progress }) => progress.devices.map(({ status }) => status)))).toContain(
      'in_progress',
    );
  });

  it('65: exactly 100 at the end and not before, and it stays', async () => {
    const last = job.polls.at(-1);
    expect(last?.text).toMatch(EXACTLY_100);
    for (const { text, progress } of job.polls.slice(0, -1)) {
      expect(text).not.toMatch(EXACTLY_100);
      expect(progress.overall_percent_complete).toBeLessThan(100);
    }
    for (let minute = 0; minute < 10; minute++) {
      expect((await instance.progress()).text).toMatch(EXACTLY_100);
      await instance.advance(60_000);
    }
  });

  it('66: percentages never fall, of the job and of each device', () => {
    const overall = job.polls.map(({ progress }) => progress.overall_percent_complete);
    expect(overall).toEqual([...overall].sort((a, b) => a - b));
    instance.deveuis.forEach((_, index) => {
      const percents = job.polls.map(({ progress }) => progress.devices[index]?.percent_complete ?? -1);
      expect(percents).toEqual([...percents].sort((a, b) => a - b));
    });
    expect(new Set(overall).size, 'it moves').toBeGreaterThan(10);
  });

  it('the phases are those of the contract, from SCHEDULED to COMPLETE', () => {
    const phases = job.polls.map(({ progress }) => progress.operations[0]?.current_phase);
    expect(phases[0]).toBe('SCHEDULED');
    expect(phases.at(-1)).toBe('COMPLETE');
    expect(phases.filter((phase) => phase === 'COMPLETE')).toHaveLength(1);
    for (const phase of phases) expect(PHASES).toContain(phase);
    expect(phases).toContain('SETUP');
    expect(phases).toContain('BROADCASTING');
  });

  it('67: the result names job, instant, counts and every device', async () => {
    const [operation, ...others] = await instance.results();
    expect(others).toEqual([]);
    expect(operation).toMatchObject({
      filename: job.result.filename,
      success: 2,
      failed: 0,
      type: 'FOTA',
      input_filename: 'firmware_v2.0.bin',
    });
    expect(operation?.timestamp).toMatch(TIMESTAMP);
    expect(operation?.devices.map(({ deveui, status }) => ({ deveui, status }))).toEqual(
      instance.deveuis.map((deveui) => ({ deveui, status: 'success' })),
    );
    const images = await instance.images(2);
    for (const deveui of instance.deveuis) expect(images.get(deveui)).toEqual(image);
  });

  it('a job that is asked for by name reads 100 while a new one reads less', async () => {
    const { filename } = job.result;
    await instance.http.post('/api/lora/fota', {
      transmission_type: 'FOTA',
      multicastGroupID: 0,
      endDeviceDeveuis: instance.deveuis,
      scheduledTimeSinceUnixEpoch: instance.nowS + 3_600,
    });
    expect((await instance.progress()).progress.overall_percent_complete).toBe(0);
    expect((await instance.progress(filename)).text).toMatch(EXACTLY_100);
    expect((await instance.http.get('/api/lora/fotaprogress?filename=none')).status).toBe(404);
    await instance.cancelAll();
    expect((await instance.progress()).text).toMatch(EXACTLY_100);
  });
});

describe(`devices that do not answer the set-up (seed ${SEED}/silent)`, () => {
  const silent = behaviour('multitech-dot', { faults: { silentInSetup: true } });

  it('68: one of two is silent', async () => {
    const instance = await TestInstance.start({
      seed: `${SEED}/silent`,
      devices: 2,
      behaviour: (index) => (index === 1 ? silent : 'multitech-dot'),
    });
    const image = firmware('68', 2_000);
    await instance.http.uploadFirmware('68.bin', image);
    const { result } = await instance.runFota({ fotaFile: '68.bin' });
    expect(result).toMatchObject({ success: 1, failed: 1, skipped: 0 });
    expect(result.devices).toMatchObject([
      { deveui: instance.device(0).deveui, status: 'success' },
      { deveui: instance.device(1).deveui, status: 'failed', reason_code: 'no-answer' },
    ]);
    expect(await instance.images(1)).toEqual(new Map([[instance.device(0).deveui, image]]));
    await instance.stop();
  });

  it('69: nobody answers: set-up, then teardown, then 100; nothing is broadcast', async () => {
    const instance = await TestInstance.start({ seed: `${SEED}/silent`, devices: 2, behaviour: () => silent });
    await instance.http.uploadFirmware('69.bin', firmware('69', 2_000));
    const { result, polls } = await instance.runFota({ fotaFile: '69.bin' });
    expect(result).toMatchObject({ success: 0, failed: 2 });
    expect(result.devices.map(({ deveui }) => deveui)).toEqual(instance.deveuis);
    expect(polls.at(-1)?.text).toMatch(EXACTLY_100);
    const phases = new Set(polls.map(({ progress }) => progress.operations[0]?.current_phase));
    expect(phases).toContain('SETUP');
    expect(phases).not.toContain('BROADCASTING');
    expect(instance.air.toGroups()).toEqual([]);
    await instance.stop();
  });
});
