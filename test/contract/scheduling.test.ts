import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { ACK, failure, OK } from '../support/http-client.ts';
import { TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/scheduling';
const NO_FILE = failure(404, 'FOTA file not found. Upload file first.');
/** The documented body of `POST /api/lora/fota`, word for word. */
const FULL_BODY = {
  transmission_type: 'FOTA',
  endDeviceDeveuis: ['00-80-00-ff-00-00-00-02', '00-80-00-00-0a-00-11-ba'],
  multicastGroupID: 0,
  scheduledTimeSinceUnixEpoch: 1734480000,
  setupTimeFromScheduledTime: 300,
  fragmentDesc: '0001020304',
  fotaFile: 'firmware_v2.0.bin',
  fotaDescriptor: 16909060,
  keep_log: true,
};
/** The one of the documented curl call. */
const CURL_BODY = {
  transmission_type: 'FOTA',
  endDeviceDeveuis: ['00-80-00-ff-00-00-00-02'],
  multicastGroupID: 0,
  fragmentDesc: '0001020304',
  fotaFile: 'firmware_v2.0.bin',
  keep_log: true,
};

describe(`scheduling and cancelling (seed ${SEED})`, () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.start({ seed: SEED, devices: 2 });
  }, 30_000);
  afterAll(() => instance.stop());
  afterEach(() => instance.cancelAll());

  const schedule = (members: Readonly<Record<string, unknown>>) =>
    instance.http.post('/api/lora/fota', { ...CURL_BODY, ...members });
  const cancel = (filename: string) => instance.http.delete(`/api/lora/fotaschedule/${filename}`);
  const inAnHour = (): number => instance.nowS + 3_600;

  it('27: a job before any upload', async () => {
    const replies = [await schedule({}), await schedule({ fotaFile: undefined }), await schedule({ fotaFile: 'N/A' })];
    for (const reply of replies) expect([reply.status, reply.json]).toEqual([404, NO_FILE]);
  });

  it('25: the documented body after the documented upload', async () => {
    const upload = await instance.http.uploadFirmware('firmware_v2.0.bin', firmware(SEED, 1_000));
    expect([upload.status, upload.json]).toEqual([200, OK]);
    const reply = await schedule(FULL_BODY);
    expect([reply.status, reply.json]).toEqual([200, ACK]);
    expect((await instance.scheduled()).map(({ filename }) => filename)).toEqual(['fota_1734480000_300']);
  });

  it('28: a file that was not uploaded', async () => {
    const reply = await schedule({ fotaFile: 'firmware_v3.0.bin' });
    expect([reply.status, reply.json]).toEqual([404, NO_FILE]);
  });

  it('29: without a file name the latest upload is taken', async () => {
    await instance.http.uploadFirmware('later.bin', firmware('later', 700), 'file');
    for (const fotaFile of [undefined, 'N/A']) {
      const reply = await schedule({ fotaFile, scheduledTimeSinceUnixEpoch: inAnHour() });
      expect([reply.status, reply.json]).toEqual([200, ACK]);
    }
    expect((await instance.scheduled()).map((job) => job.input_filename)).toEqual(['later.bin', 'later.bin']);
  });

  it.each([0, 1, 2, 3])('36: multicast group %d is accepted', async (multicastGroupID) => {
    const reply = await schedule({ multicastGroupID, scheduledTimeSinceUnixEpoch: inAnHour() });
    expect(reply.json).toEqual(ACK);
  });

  it('44: a future job is listed under its documented name', async () => {
    const time = inAnHour();
    await schedule({ ...FULL_BODY, scheduledTimeSinceUnixEpoch: time });
    const reply = await instance.http.get('/api/lora/fotaschedule');
    expect(reply.json).toMatchObject({ code: 200, status: 'success' });
    expect(await instance.scheduled()).toMatchObject([
      {
        filename: `fota_${time}_300`,
        type: 'FOTA',
        scheduled_time: `${new Date(time * 1000).toISOString().slice(0, 19)}Z`,
        devices: 2,
      },
    ]);
  });

  it('45 and 46: a name of the caller is listed, and taken only once', async () => {
    const job = { schedule_filename: 'night-run.1', scheduledTimeSinceUnixEpoch: inAnHour() };
    expect((await schedule(job)).json).toEqual(ACK);
    expect((await instance.scheduled()).map(({ filename }) => filename)).toEqual(['night-run.1']);
    const again = await schedule(job);
    expect(again).toMatchObject({ status: 409, json: { code: 409, status: 'fail' } });
    expect(await instance.scheduled()).toHaveLength(1);
  });

  it.each(['../x', 'a/b', '..', 'a b', `a${'b'.repeat(128)}`])('47: the name %s is refused', async (name) => {
    const reply = await schedule({ schedule_filename: name, scheduledTimeSinceUnixEpoch: inAnHour() });
    expect(reply).toMatchObject({ status: 400, json: { code: 400, status: 'fail' } });
  });

  it('48 and 49: a cancelled job is gone and never runs; an unknown one is not found', async () => {
    instance.air.clear();
    const job = { schedule_filename: 'cancelled', scheduledTimeSinceUnixEpoch: instance.nowS + 60 };
    await schedule(job);
    const reply = await cancel('cancelled');
    expect([reply.status, reply.json]).toEqual([200, OK]);
    expect(await instance.scheduled()).toEqual([]);
    await instance.advance(300_000);
    expect((await instance.results()).map(({ filename }) => filename)).not.toContain('cancelled');
    expect(instance.air.frames.filter(({ fPort }) => fPort === 200 || fPort === 201)).toEqual([]);
    expect(await cancel('cancelled')).toMatchObject({ status: 404, json: { code: 404, status: 'fail' } });
    expect(await cancel('never')).toMatchObject({ status: 404, json: { code: 404, status: 'fail' } });
  });

  it('51: of two cancellations at once, one succeeds', async () => {
    await schedule({ schedule_filename: 'twice', scheduledTimeSinceUnixEpoch: inAnHour() });
    const replies = await Promise.all([cancel('twice'), cancel('twice')]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 404]);
  });

  it('26 and 50: without a time the job starts now, and can then not be cancelled', async () => {
    expect((await schedule({ schedule_filename: 'now' })).json).toEqual(ACK);
    await instance.advance(1_000);
    expect(await instance.scheduled()).toEqual([]);
    expect((await instance.progress('now')).progress.operations).toMatchObject([{ current_phase: 'SETUP' }]);
    expect(await cancel('now')).toMatchObject({ status: 409, json: { code: 409, status: 'fail' } });
    const { result } = await instance.follow('now');
    expect(result).toMatchObject({ success: 1, failed: 0 });
    expect(await cancel('now')).toMatchObject({ status: 409, json: { code: 409, status: 'fail' } });
  });
});
