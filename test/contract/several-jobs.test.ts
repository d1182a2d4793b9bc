import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { ACK } from '../support/http-client.ts';
import { TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/several';
const UNKNOWN = ['aa-bb-cc-dd-00-00-00-01', 'aa-bb-cc-dd-00-00-00-02'];

describe(`several jobs (seed ${SEED})`, () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.start({ seed: SEED, devices: 2 });
  }, 30_000);
  afterAll(() => instance.stop());
  beforeEach(async () => {
    await instance.sessionsOver();
    instance.air.clear();
  });

  const fota = (members: Readonly<Record<string, unknown>>) =>
    instance.http.post('/api/lora/fota', {
      transmission_type: 'FOTA',
      multicastGroupID: 0,
      endDeviceDeveuis: instance.deveuis,
      ...members,
    });

  it('84: two jobs of the same second are both accepted under different names, and run at the same time', async () => {
    const [first, second] = [firmware('84/1', 1_200), firmware('84/2', 1_300)];
    await instance.http.uploadFirmware('first.bin', first);
    await instance.http.uploadFirmware('second.bin', second);
    const time = instance.nowS + 20;
    const wishes = ['first.bin', 'second.bin'].map((fotaFile, index) => ({
      fotaFile,
      endDeviceDeveuis: [instance.device(index).deveui],
      scheduledTimeSinceUnixEpoch: time,
    }));
    for (const wish of wishes) expect((await fota(wish)).json).toEqual(ACK);
    const names = (await instance.scheduled()).map(({ filename }) => filename);
    expect(names).toEqual([`fota_${time}_0`, `fota_${time}_0_2`]);
    for (const [index, name] of names.entries()) {
      const { result } = await instance.follow(name);
      expect(result).toMatchObject({ filename: name, success: 1, failed: 0 });
      expect(result.devices.map(({ deveui }) => deveui)).toEqual([instance.device(index).deveui]);
    }
    await instance.advance(60_000);
    // Their devices are different, and the frames of the two groups take turns.
    const [one, two] = instance.air.groups.map(({ mcAddr }) =>
      instance.air.toGroups().filter(({ devAddr }) => devAddr === mcAddr),
    );
    expect(instance.air.groups).toHaveLength(2);
    expect(two?.[0]?.startMs).toBeLessThan(one?.at(-1)?.startMs ?? 0);
    expect(one?.[0]?.startMs).toBeLessThan(two?.at(-1)?.startMs ?? 0);
    expect(await instance.images(2)).toEqual(
      new Map([
        [instance.device(0).deveui, first],
        [instance.device(1).deveui, second],
      ]),
    );
  });

  it('84a: devices that nobody provisioned are accepted, counted and skipped; the job ends at 100', async () => {
    const { result, polls } = await instance.runFota({ fotaFile: 'first.bin', endDeviceDeveuis: UNKNOWN });
    expect(polls.at(-1)?.text).toMatch(/"overall_percent_complete":100[,}]/);
    expect(result.devices.map(({ deveui }) => deveui)).toEqual(UNKNOWN);
    expect(result.success).toBe(0);
    expect(result.failed + result.skipped).toBe(2);
    for (const { status, reason_code } of result.devices) {
      expect(['failed', 'skipped']).toContain(status);
      expect(reason_code).toBe('unknown-device');
    }
    expect(instance.air.toGroups()).toEqual([]);
  });

  it('84a: known devices of such a job are served', async () => {
    const endDeviceDeveuis = [UNKNOWN[0], ...instance.deveuis];
    const { result } = await instance.runMessage(
      { messageFormat: 'Hexadecimal', messagePayload: '0102' },
      { endDeviceDeveuis },
    );
    expect(result.success).toBe(2);
    expect(result.failed + result.skipped).toBe(1);
    expect(result.devices.map(({ deveui }) => deveui)).toEqual(endDeviceDeveuis);
  });

  it('a file that is uploaded anew after scheduling: the job sends what it was when it was scheduled', async () => {
    const [old, fresh] = [firmware('old', 900), firmware('fresh', 1_100)];
    await instance.http.uploadFirmware('same-name.bin', old);
    const time = instance.nowS + 120;
    await fota({ fotaFile: 'same-name.bin', scheduledTimeSinceUnixEpoch: time, schedule_filename: 'snapshot' });
    await instance.http.uploadFirmware('same-name.bin', fresh);
    const { result } = await instance.follow('snapshot');
    expect(result).toMatchObject({ success: 2, failed: 0 });
    await instance.advance(60_000);
    const images = await instance.images(2);
    for (const deveui of instance.deveuis) expect(images.get(deveui)).toEqual(old);
  });
});

describe(`restarts (seed ${SEED}/restart)`, () => {
  let data: string;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'airlift-restart-'));
    return () => rm(data, { recursive: true, force: true });
  });

  const start = (continues?: TestInstance): Promise<TestInstance> =>
    TestInstance.start({
      seed: `${SEED}/restart`,
      devices: 2,
      data,
      ...(continues === undefined ? {} : { continues }),
    });

  it('85: a job for the future survives the restart of the server, and runs', async () => {
    const image = firmware('85', 1_400);
    const before = await start();
    await before.http.uploadFirmware('85.bin', image);
    await before.http.post('/api/lora/fota', {
      transmission_type: 'FOTA',
      multicastGroupID: 0,
      endDeviceDeveuis: before.deveuis,
      fotaFile: '85.bin',
      schedule_filename: 'later',
      scheduledTimeSinceUnixEpoch: before.nowS + 600,
    });
    const listed = await before.scheduled();
    await before.stop();

    const after = await start(before);
    expect(await after.scheduled()).toEqual(listed);
    const { result } = await after.follow('later');
    expect(result).toMatchObject({ success: 2, failed: 0 });
    const images = await after.images(2);
    for (const deveui of after.deveuis) expect(images.get(deveui)).toEqual(image);
    await after.stop();
  });

  it('a restart in the middle of a broadcast: it goes on, and counters are never used twice', async () => {
    const image = firmware('middle', 6_000);
    const before = await start();
    await before.http.uploadFirmware('middle.bin', image);
    const body = { transmission_type: 'FOTA', multicastGroupID: 0, endDeviceDeveuis: before.deveuis };
    await before.http.post('/api/lora/fota', { ...body, fotaFile: 'middle.bin', schedule_filename: 'middle' });
    await before.until(() => before.air.toGroups(201).length >= 12, 600_000);
    const { progress } = await before.progress('middle');
    const counters = before.air.toGroups().map(({ fCnt }) => fCnt);
    await before.stop();

    const after = await start(before);
    const { result, polls } = await after.follow('middle');
    expect(polls[0]?.progress.overall_percent_complete).toBeGreaterThanOrEqual(progress.overall_percent_complete);
    expect(result).toMatchObject({ success: 2, failed: 0 });
    const images = await after.images(2);
    for (const deveui of after.deveuis) expect(images.get(deveui)).toEqual(image);
    counters.push(...after.air.toGroups().map(({ fCnt }) => fCnt));
    expect(counters).toEqual([...new Set(counters)].sort((a, b) => a - b));
    expect(after.air.unreadable).toEqual([]);
    await after.stop();
  });
});
