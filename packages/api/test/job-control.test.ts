import { beforeEach, describe, expect, it } from 'vitest';
import { FOTA_BODY, FOTA_UPLOAD, Harness, messageBody } from './harness.ts';

const OK = { code: 200, status: 'success' };
const NAME = 'controlled';
const PATH = `/api/lora/jobs/${NAME}`;

let harness: Harness;
let token: string;

const call = (method: 'GET' | 'POST', path: string, body?: object) => harness.call(token, method, path, body);

beforeEach(async () => {
  harness = await Harness.make();
  token = await harness.token();
  await harness.upload(token, FOTA_UPLOAD, { name: 'fotafile', filename: 'firmware_v2.0.bin', content: 'octets' });
  await call('POST', '/api/lora/fota', { ...FOTA_BODY, schedule_filename: NAME });
});

describe('orders', () => {
  it.each(['pause', 'resume', 'approve', 'abort'] as const)('%s reaches a job that is under way', async (order) => {
    harness.ports.jobs.report(NAME, 'BROADCASTING', 40);
    expect((await call('POST', `${PATH}/${order}`)).json()).toEqual(OK);
    expect(harness.ports.jobs.orders).toEqual([{ filename: NAME, order }]);
  });

  it('are refused where they mean nothing, and for nobody', async () => {
    const early = await call('POST', `${PATH}/pause`);
    expect([early.statusCode, early.json()]).toEqual([
      409,
      { code: 409, error: 'Operation is not in a state for that', status: 'fail' },
    ]);
    expect((await call('POST', '/api/lora/jobs/other/abort')).statusCode).toBe(404);
    expect((await call('GET', `${PATH}/pause`)).statusCode).toBe(405);
    expect(harness.ports.jobs.orders).toEqual([]);
  });

  it('are for operators', async () => {
    harness.ports.jobs.report(NAME, 'BROADCASTING', 40);
    const monitor = await harness.token('guest');
    expect((await harness.call(monitor, 'POST', `${PATH}/abort`)).statusCode).toBe(403);
    expect((await harness.call(monitor, 'GET', `${PATH}/log`)).statusCode).toBe(200);
  });
});

describe('a retry', () => {
  it('schedules a job for those that failed', async () => {
    const [first = ''] = FOTA_BODY.endDeviceDeveuis;
    harness.ports.jobs.finish(NAME, { [first.replaceAll('-', '')]: 'failed' });
    const { result } = (await call('POST', `${PATH}/retry`)).json();
    expect(result).toEqual({ filename: `${NAME}_retry`, devices: 1 });
    expect(harness.ports.jobs.request(`${NAME}_retry`)?.devEuis).toEqual([first.replaceAll('-', '')]);
  });

  it('is refused while the job is under way, and when nobody failed', async () => {
    expect((await call('POST', `${PATH}/retry`)).statusCode).toBe(409);
    harness.ports.jobs.finish(NAME);
    expect((await call('POST', `${PATH}/retry`)).statusCode).toBe(409);
    expect((await call('POST', '/api/lora/jobs/other/retry')).statusCode).toBe(404);
  });
});

describe('a dry run', () => {
  it('of either kind answers with the plan and schedules nothing', async () => {
    const before = harness.ports.jobs.names();
    const body = { ...FOTA_BODY, schedule_filename: 'only_planned' };
    const image = await call('POST', '/api/lora/fota?dryRun=true', body);
    expect(image.json()).toEqual({
      ...OK,
      result: { filename: 'only_planned', assumed_loss: 0.1, sessions: [], warnings: [], refused: [] },
    });
    expect((await call('POST', '/api/lora/mcm?dryRun=true', messageBody({}))).json()).toMatchObject(OK);
    expect(harness.ports.jobs.names()).toEqual(before);
  });

  it('checks the body as scheduling does, and its own parameter', async () => {
    expect((await call('POST', '/api/lora/fota?dryRun=true', {})).statusCode).toBe(400);
    expect((await call('POST', '/api/lora/fota?dryRun=maybe', FOTA_BODY)).statusCode).toBe(400);
  });
});

describe('the log', () => {
  it('comes in pages', async () => {
    harness.ports.jobs.report(NAME, 'BROADCASTING', 40);
    for (const order of ['pause', 'resume']) await call('POST', `${PATH}/${order}`);
    const { result } = (await call('GET', `${PATH}/log`)).json();
    expect(result.entries).toMatchObject([
      { sequence: 1, kind: 'control', to: 'pause' },
      { sequence: 2, kind: 'control', to: 'resume' },
    ]);
    expect(result.next).toBeUndefined();
    const rest = (await call('GET', `${PATH}/log?from=2`)).json();
    expect(rest.result.entries).toHaveLength(1);
    for (const from of ['0', '-1', 'x', '1.5']) {
      expect((await call('GET', `${PATH}/log?from=${from}`)).statusCode).toBe(400);
    }
  });

  it('of the frames is a table', async () => {
    const response = await call('GET', `${PATH}/frames`);
    expect(response.headers['content-type']).toContain('text/csv');
    const [head, row] = response.body.split('\n');
    expect(head).toBe('time,session,kind,number,f_cnt,airtime_ms,gateways');
    expect(row).toMatch(/^\d{4}-[^,]+Z,1,plain,1,1,100,$/);
    expect((await call('GET', '/api/lora/jobs/other/frames')).statusCode).toBe(404);
  });

  it('of many frames comes whole, each frame once', async () => {
    harness.ports.jobs.frameCount = 2_500;
    const response = await call('GET', `${PATH}/frames`);
    const rows = response.body.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => Number(row.split(',')[3]))).toEqual(Array.from({ length: 2_500 }, (_, n) => n + 1));
  });
});

describe('additive members of a body', () => {
  it('waves are taken, and bad ones refused with what is allowed', async () => {
    const waves = { sizes: [1, 10], least_success: 0.9, approval: true };
    await call('POST', '/api/lora/fota', { ...FOTA_BODY, schedule_filename: 'waves', waves });
    expect(harness.ports.jobs.request('waves')?.waves).toEqual({
      sizes: [1, 10],
      leastSuccess: 0.9,
      needsApproval: true,
    });
    for (const bad of [{ sizes: [] }, { sizes: [0] }, { sizes: [1], least_success: 2 }, { sizes: 'one' }]) {
      const response = await call('POST', '/api/lora/fota', { ...FOTA_BODY, waves: bad });
      expect(response.statusCode).toBe(400);
      expect(response.json().error).toContain('waves');
    }
  });

  it('a message may be repeated and confirmed', async () => {
    const message = messageBody({ transmissions: 3, confirmationPort: 12 }, { schedule_filename: 'twice' });
    await call('POST', '/api/lora/mcm', message);
    expect(harness.ports.jobs.request('twice')).toMatchObject({ transmissions: 3, confirmPort: 12 });
    for (const bad of [
      { transmissions: 0 },
      { transmissions: 21 },
      { confirmationPort: 0 },
      { confirmationPort: 224 },
    ]) {
      expect((await call('POST', '/api/lora/mcm', messageBody(bad))).statusCode).toBe(400);
    }
  });
});
