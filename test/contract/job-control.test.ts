import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogJson, PlannedJobJson } from '@airlift/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { ACK, failure, OK, type Reply } from '../support/http-client.ts';
import { resultOf, TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/control';
const IMAGE = firmware('control', 4_000);
const MEANINGLESS = failure(409, 'Operation is not in a state for that');
const UNKNOWN = failure(404, 'Operation not found');

describe(`control of jobs (seed ${SEED})`, () => {
  let data: string;
  let instance: TestInstance;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'airlift-control-'));
    instance = await TestInstance.start({ seed: SEED, devices: 3, data });
    await instance.http.uploadFirmware('control.bin', IMAGE);
  }, 30_000);
  afterAll(async () => {
    await instance.stop();
    await rm(data, { recursive: true });
  });
  beforeEach(async () => {
    await instance.sessionsOver();
    instance.air.clear();
  });

  const body = (members: Readonly<Record<string, unknown>> = {}) => ({
    transmission_type: 'FOTA',
    multicastGroupID: 0,
    endDeviceDeveuis: instance.deveuis,
    fotaFile: 'control.bin',
    ...members,
  });
  const order = (name: string, what: string): Promise<Reply> =>
    instance.http.post(`/api/lora/jobs/${name}/${what}`, {});
  const start = async (name: string, members: Readonly<Record<string, unknown>> = {}) => {
    const reply = await instance.http.post('/api/lora/fota', body({ schedule_filename: name, ...members }));
    expect(reply.json).toEqual(ACK);
  };
  const operation = async (name: string) =>
    (await instance.progress()).progress.operations.find(({ filename }) => filename === name);
  const onAir = (name: string) =>
    instance.until(async () => (await operation(name))?.current_phase === 'BROADCASTING', 600_000);
  /** Every entry of the log, page after page. */
  const log = async (name: string) => {
    const entries: LogJson['entries'][number][] = [];
    for (let from: number | undefined = 1; from !== undefined; ) {
      const page: LogJson = resultOf(await instance.http.get(`/api/lora/jobs/${name}/log?from=${from}`));
      entries.push(...page.entries);
      from = page.next;
    }
    return entries;
  };

  it('a dry run tells what then happens, and schedules nothing', async () => {
    const wish = body({ schedule_filename: 'planned' });
    const plan: PlannedJobJson = resultOf(await instance.http.post('/api/lora/fota?dryRun=true', wish));
    expect(plan).toMatchObject({ filename: 'planned', assumed_loss: 0.1, refused: [] });
    expect(plan.sessions).toHaveLength(1);
    const [session] = plan.sessions;
    expect(session).toMatchObject({ wave: 1, devices: 3, region: 'US915', frequency_hz: 923_300_000 });
    expect((session?.fragments ?? 0) * (session?.fragment_size ?? 0) - (session?.padding ?? 0)).toBe(IMAGE.length);
    await instance.advance(60_000);
    expect(await instance.scheduled()).toEqual([]);
    expect((await instance.progress()).progress.operations).toEqual([]);
    const { result } = await instance.runFota(wish);
    expect(result).toMatchObject({ success: 3, failed: 0 });
    expect(result.frames?.plain).toBe(session?.frames.plain);
    // Nothing was lost, so that less went on the air than was expected.
    expect(result.frames?.airtime_ms).toBeLessThanOrEqual(session?.airtime_ms ?? 0);
    expect((await instance.http.post('/api/lora/fota?dryRun=true', wish)).json).toEqual(
      failure(409, 'Schedule filename already exists'),
    );
  });

  it('a dry run of a message keeps none of it', async () => {
    const before = (await readdir(data, { recursive: true })).length;
    const message = { messageFormat: 'Hexadecimal', messagePayload: 'c0ffee', messagePort: 10, transmissions: 2 };
    const wish = { ...body({ endDeviceDeveuis: [...instance.deveuis, 'aa-bb-cc-dd-00-00-00-01'] }) };
    const reply = await instance.http.post('/api/lora/mcm?dryRun=true', {
      ...wish,
      transmission_type: 'Message',
      scheduledTimeSinceUnixEpoch: instance.nowS - 3_600,
      multicastMessage: message,
    });
    const plan: PlannedJobJson = resultOf(reply);
    expect(plan.sessions).toMatchObject([{ devices: 3, frames: { plain: 2, parity: 0, status: 0 } }]);
    expect(plan.refused).toMatchObject([{ deveui: 'aa-bb-cc-dd-00-00-00-01', code: 'unknown-device' }]);
    expect(plan.warnings.filter(({ deveui }) => deveui === undefined)).toMatchObject([{ code: 'start-in-past' }]);
    expect((await readdir(data, { recursive: true })).length).toBe(before);
  });

  it('orders that mean nothing are refused', async () => {
    for (const what of ['pause', 'resume', 'approve', 'abort', 'retry']) {
      expect((await order('nobody', what)).json).toEqual(UNKNOWN);
      // It is complete, and served everybody.
      expect((await order('planned', what)).json).toEqual(MEANINGLESS);
    }
    expect((await instance.http.get('/api/lora/jobs/nobody/log')).json).toEqual(UNKNOWN);
    expect((await instance.http.get('/api/lora/jobs/nobody/frames')).json).toEqual(UNKNOWN);
  });

  it('a job that is paused sends nothing until it is resumed', async () => {
    await start('paused');
    expect(await onAir('paused')).toBe(true);
    await instance.advance(5_000);
    expect((await order('paused', 'resume')).json).toEqual(MEANINGLESS);
    expect((await order('paused', 'pause')).json).toEqual(OK);
    await instance.advance(5_000);
    const sent = instance.air.toGroups().length;
    await instance.advance(60_000);
    expect(instance.air.toGroups()).toHaveLength(sent);
    expect(await operation('paused')).toMatchObject({ waits_for: 'the job is paused' });
    expect((await order('paused', 'pause')).json).toEqual(MEANINGLESS);
    expect((await order('paused', 'resume')).json).toEqual(OK);
    const { result } = await instance.follow('paused');
    expect(result).toMatchObject({ success: 3, failed: 0, unverified: 0 });
  });

  it('the log has what happened in order, and the frames are those that were counted', async () => {
    const entries = await log('paused');
    expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => index + 1));
    const told = (kind: string) => entries.filter((entry) => entry.kind === kind);
    // It may have waited for devices that were in their last session still.
    const phases = told('job').map(({ to }) => to);
    expect(phases.filter((to) => to !== 'waiting')).toEqual(['scheduled', 'running', 'complete']);
    expect(told('control').map(({ to }) => to)).toEqual(expect.arrayContaining(['paused', 'going']));
    const done = told('device').filter(({ to }) => to === 'done');
    expect(done.map(({ deveui }) => deveui).sort()).toEqual([...instance.deveuis].sort());
    expect(done.map(({ verified_by }) => verified_by)).toEqual(['crc64', 'crc64', 'crc64']);
    const times = entries.map(({ time }) => time);
    expect(times).toEqual([...times].sort());

    const reply = await instance.http.get('/api/lora/jobs/paused/frames');
    expect(reply.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(reply.headers['content-disposition']).toBe('attachment; filename="paused.csv"');
    const rows = reply.text.trimEnd().split('\n').slice(1);
    const result = (await instance.results()).find(({ filename }) => filename === 'paused');
    const { plain, parity, status } = result?.frames ?? { plain: 0, parity: 0, status: 0 };
    expect(rows).toHaveLength(plain + parity + status);
    expect(rows[0]).toMatch(/^2026-[^,]+Z,1,plain,1,1,[\d.]+,([0-9a-f]{2}-){7}[0-9a-f]{2} sent$/);
  });

  it('a job that is aborted ends, and a retry serves its devices', async () => {
    await start('aborted');
    expect(await onAir('aborted')).toBe(true);
    expect((await order('aborted', 'retry')).json).toEqual(MEANINGLESS);
    expect((await order('aborted', 'abort')).json).toEqual(OK);
    const { result } = await instance.follow('aborted');
    expect(result).toMatchObject({ success: 0, failed: 3 });
    expect(result.devices.map(({ reason_code }) => reason_code)).toEqual(['aborted', 'aborted', 'aborted']);
    expect((await log('aborted')).find(({ kind, to }) => kind === 'job' && to === 'complete')).toMatchObject({
      outcome: 'aborted',
    });
    const answer = { filename: 'aborted_retry', devices: 3 };
    expect(resultOf(await order('aborted', 'retry'))).toEqual(answer);
    const again = await instance.follow('aborted_retry');
    expect(again.result).toMatchObject({ success: 3, failed: 0, input_filename: 'control.bin' });
    // The name is taken now; nobody says that the first retry was enough.
    expect(resultOf(await order('aborted', 'retry'))).toMatchObject({ filename: 'aborted_retry_2' });
    await instance.follow('aborted_retry_2');
  });

  it('waves wait for somebody to allow them, and are planned one after the other', async () => {
    const waves = { sizes: [1], least_success: 1, approval: true };
    const wish = body({ waves, schedule_filename: 'waves' });
    const plan: PlannedJobJson = resultOf(await instance.http.post('/api/lora/fota?dryRun=true', wish));
    expect(plan.sessions.map(({ wave, devices }) => [wave, devices])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    await start('waves', { waves });
    const waits = async () => (await operation('waves'))?.waits_for === 'the next wave waits for approval';
    expect(await instance.until(waits, 3_600_000)).toBe(true);
    expect((await order('waves', 'approve')).json).toEqual(OK);
    expect((await order('waves', 'approve')).json).toEqual(MEANINGLESS);
    const { result } = await instance.follow('waves');
    expect(result).toMatchObject({ success: 3, failed: 0 });
    const controls = (await log('waves')).filter(({ kind }) => kind === 'control');
    expect(controls.map(({ to, wave }) => [to, wave])).toEqual([
      ['awaiting-approval', 1],
      ['going', 2],
    ]);
  });

  it('a job whose file is gone is not retried', async () => {
    const image = firmware('control/gone', 1_000);
    await instance.http.uploadFirmware('gone.bin', image);
    const { result } = await instance.runFota(
      body({ fotaFile: 'gone.bin', launchTimeFromSetupTime: 0, schedule_filename: 'gone' }),
    );
    expect(result.failed).toBe(3);
    await rm(join(data, 'images', createHash('sha256').update(image).digest('hex')));
    expect((await order('gone', 'retry')).json).toEqual(
      failure(404, 'File of the operation is no longer stored. Upload file first.'),
    );
    expect(await instance.scheduled()).toEqual([]);
    const known = (await instance.progress()).progress.operations.map(({ filename }) => filename);
    expect(known).toEqual(['gone']);
  });
});
