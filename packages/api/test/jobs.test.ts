import type { FotaRequest, MessageRequest } from '@airlift/contract';
import { toHex } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { FOTA_BODY, FOTA_UPLOAD, Harness, MESSAGE_BODY, MESSAGE_UPLOAD, messageBody } from './harness.ts';

const OK = '{"code":200,"status":"success"}';
const ACK = { code: 200, status: 'success', result: { status: 'success' } };

/** In 2030: later than the tests' clock. */
const FUTURE_S = 1_900_000_000;

const AC11_BODY = {
  scheduledTimeSinceUnixEpoch: 1748014851,
  keep_log: false,
  ssleep_time: 1000,
  sleep_time: 1500,
  multicastMessage: {
    messagePort: 1,
    messageFormat: 'Hexadecimal',
    messagePayload: '1221',
    messagePayloadFile: '',
    multicastSessionTimeout: 15,
  },
  schedule_filename: 'mcm_1748014851_0',
  setupTimeFromScheduledTime: 0,
  launchTimeFromSetupTime: 60,
  browserTimeBias: 0,
  transmission_type: 'Message',
  multicastDeveui: '00-80-00-87-33-c0-03-e1',
  endDeviceDeveuis: ['00-80-00-ff-ff-00-00-02', '00-80-00-ff-00-00-00-03'],
  schedule_source: 'Conduit',
  fotaFile: 'N/A',
};

let harness: Harness;
let token: string;

beforeEach(async () => {
  harness = await Harness.make();
  token = await harness.token();
});

const post = (path: string, body: unknown) => harness.call(token, 'POST', path, body);
const get = (path: string) => harness.call(token, 'GET', path);
const fota = (members: object = {}) => post('/api/lora/fota', { ...FOTA_BODY, ...members });
const mcm = (message: object, members: object = {}) => post('/api/lora/mcm', messageBody(message, members));

async function uploadFirmware(filename = 'firmware_v2.0.bin', content = 'firmware octets'): Promise<void> {
  const response = await harness.upload(token, FOTA_UPLOAD, { name: 'fotafile', filename, content });
  expect(response.body).toBe(OK);
}

async function expectAck(response: Promise<{ statusCode: number; json(): unknown }>): Promise<void> {
  const { statusCode, json } = await response.then((r) => ({ statusCode: r.statusCode, json: r.json() }));
  expect(json).toEqual(ACK);
  expect(statusCode).toBe(200);
}

async function expectFail(
  response: Promise<{ statusCode: number; json(): unknown }>,
  code: number,
  error?: string,
): Promise<void> {
  const answered = await response;
  expect(answered.json()).toEqual({ code, error: error ?? expect.stringMatching(/./), status: 'fail' });
  expect(answered.statusCode).toBe(code);
  expect(harness.ports.jobs.names()).toEqual([]);
}

function fotaRequest(): FotaRequest {
  const name = harness.ports.jobs.names().at(-1) ?? '';
  const request = harness.ports.jobs.request(name);
  if (request?.kind !== 'FOTA') throw new Error('no FOTA job');
  return request;
}

function messageRequest(): MessageRequest {
  const name = harness.ports.jobs.names().at(-1) ?? '';
  const request = harness.ports.jobs.request(name);
  if (request?.kind !== 'Message') throw new Error('no message job');
  return request;
}

describe('POST /api/lora/fota', () => {
  it('case 25: the documented body after the upload is acknowledged', async () => {
    await uploadFirmware();
    const response = await fota();
    expect(response.body).toBe('{"code":200,"result":{"status":"success"},"status":"success"}');
    expect(fotaRequest()).toMatchObject({
      devEuis: ['008000ff00000002', '008000000a0011ba'],
      multicastGroupId: 0,
      scheduledAt: 1734480000_000,
      setupDelayS: 300,
      launchDelayS: undefined,
      fotaFile: 'firmware_v2.0.bin',
      descriptor: 0x01020304,
      keepLog: true,
    });
  });

  it('case 26: without a time it starts now', async () => {
    await uploadFirmware();
    await expectAck(
      post('/api/lora/fota', {
        transmission_type: 'FOTA',
        endDeviceDeveuis: ['00-80-00-ff-00-00-00-02'],
        multicastGroupID: 0,
        fragmentDesc: '0001020304',
        fotaFile: 'firmware_v2.0.bin',
        keep_log: true,
      }),
    );
    expect(fotaRequest()).toMatchObject({ scheduledAt: undefined, setupDelayS: 0, launchDelayS: undefined });
  });

  it('case 27: before any upload the file is not found', async () => {
    await expectFail(fota(), 404, 'FOTA file not found. Upload file first.');
  });

  it('case 28: a file that was not uploaded is not found', async () => {
    await uploadFirmware();
    for (const fotaFile of ['other.bin', '../firmware_v2.0.bin', 'x/firmware_v2.0.bin', 'a\0b']) {
      await expectFail(fota({ fotaFile }), 404, 'FOTA file not found. Upload file first.');
    }
  });

  it('case 29: without a file name the most recent upload is used', async () => {
    await uploadFirmware('old.bin');
    await uploadFirmware('new.bin');
    for (const fotaFile of [undefined, 'N/A', '', null]) {
      await expectAck(fota({ fotaFile }));
      expect(fotaRequest().fotaFile).toBeUndefined();
    }
    const scheduled = await harness.ports.jobs.scheduled();
    expect(scheduled.map((job) => job.inputFilename)).toEqual(['new.bin', 'new.bin', 'new.bin', 'new.bin']);
  });

  it.each([
    [['zz-80-00-ff-00-00-00-02']],
    [['00-80-00-ff-00-00-02']],
    [['00-80-00-ff-00-00-00-02', '00-80-00-ff-00-00-00-0']],
    [['00-80:00-ff-00-00-00-02']],
    [['008000ff0000000200']],
    [[12]],
    [[null]],
    [['']],
    [[['00-80-00-ff-00-00-00-02']]],
  ])('case 30: device EUIs %j are refused', async (endDeviceDeveuis) => {
    await uploadFirmware();
    await expectFail(fota({ endDeviceDeveuis }), 400, 'Invalid device EUI format');
  });

  it.each(['008000FF00000002', '00:80:00:ff:00:00:00:02', '00.80.00.FF.00.00.00.02', '00-80-00-FF-00-00-00-02'])(
    'case 31: the EUI form %s is taken and shown lower-case and dashed',
    async (eui) => {
      await uploadFirmware();
      await expectAck(fota({ endDeviceDeveuis: [eui] }));
      const progress = (await get('/api/lora/fotaprogress')).json();
      expect(progress.result.devices[0].deveui).toBe('00-80-00-ff-00-00-00-02');
    },
  );

  it.each([[undefined], [null], [[]], ['00-80-00-ff-00-00-00-02'], [{}], [3]])(
    'case 32: device EUIs %j are no list of devices',
    async (endDeviceDeveuis) => {
      await uploadFirmware();
      await expectFail(fota({ endDeviceDeveuis }), 400);
    },
  );

  it('case 33: repeated EUIs count once', async () => {
    await uploadFirmware();
    const endDeviceDeveuis = ['00-80-00-ff-00-00-00-02', '008000FF00000002', '00-80-00-00-0a-00-11-ba'];
    await expectAck(fota({ endDeviceDeveuis, scheduledTimeSinceUnixEpoch: FUTURE_S }));
    expect((await get('/api/lora/fotaschedule')).json().result.scheduled[0].devices).toBe(2);
  });

  it.each([4, -1, 1.5, '0', true, [0], 1e300])('case 34: group %j is refused', async (multicastGroupID) => {
    await uploadFirmware();
    await expectFail(fota({ multicastGroupID }), 400, 'Multicast group ID must be 0-3');
  });

  it('case 35: a missing group is refused unless the multicast EUI is given', async () => {
    await uploadFirmware();
    await expectFail(fota({ multicastGroupID: undefined }), 400, 'Multicast group ID must be 0-3');
    await expectFail(fota({ multicastGroupID: null }), 400, 'Multicast group ID must be 0-3');
    await expectAck(fota({ multicastGroupID: undefined, multicastDeveui: '00-80-00-87-33-c0-03-e1' }));
    expect(fotaRequest()).toMatchObject({ multicastGroupId: 0, multicastEui: '0080008733c003e1' });
  });

  it.each([0, 1, 2, 3])('case 36: group %i is taken', async (multicastGroupID) => {
    await uploadFirmware();
    await expectAck(fota({ multicastGroupID }));
    expect(fotaRequest().multicastGroupId).toBe(multicastGroupID);
  });

  it.each(['Message', 'fota', '', undefined, null, 1])('case 37: transmission type %j is refused', async (type) => {
    await uploadFirmware();
    await expectFail(fota({ transmission_type: type }), 400);
  });

  it('case 39: malformed JSON is refused', async () => {
    await uploadFirmware();
    for (const payload of ['{"transmission_type":"FOTA"', 'hello', '', '"FOTA"', '[1]', 'null', '{}\n{}']) {
      const response = harness.api.app.inject({
        method: 'POST',
        url: '/api/lora/fota',
        cookies: { token },
        headers: { 'content-type': 'application/json' },
        payload,
      });
      await expectFail(response, 400);
    }
  });

  it('case 40: both spellings of the descriptor may be given when they agree', async () => {
    await uploadFirmware();
    await expectAck(fota({ fragmentDesc: '0001020304', fotaDescriptor: 16909060 }));
    expect(fotaRequest().descriptor).toBe(0x01020304);
    await expectAck(fota({ fragmentDesc: undefined, fotaDescriptor: 7 }));
    expect(fotaRequest().descriptor).toBe(7);
    await expectAck(fota({ fragmentDesc: '0x04 fa-CE bd', fotaDescriptor: undefined }));
    expect(fotaRequest().descriptor).toBe(0x04facebd);
    await expectAck(fota({ fragmentDesc: '00000000ffffffff', fotaDescriptor: undefined }));
    expect(fotaRequest().descriptor).toBe(0xffffffff);
    await expectAck(fota({ fragmentDesc: undefined, fotaDescriptor: undefined }));
    expect(fotaRequest().descriptor).toBe(0);
  });

  it('case 41: descriptors that differ are refused', async () => {
    await uploadFirmware();
    await expectFail(fota({ fragmentDesc: '0001020304', fotaDescriptor: 1 }), 400);
  });

  it.each([
    { fragmentDesc: 'zz', fotaDescriptor: undefined },
    { fragmentDesc: '0100000000', fotaDescriptor: undefined },
    { fragmentDesc: '0x', fotaDescriptor: undefined },
    { fragmentDesc: '00000000000000001', fotaDescriptor: undefined },
    { fragmentDesc: 5, fotaDescriptor: undefined },
    { fragmentDesc: undefined, fotaDescriptor: 2 ** 32 },
    { fragmentDesc: undefined, fotaDescriptor: -1 },
    { fragmentDesc: undefined, fotaDescriptor: '1' },
  ])('case 42: descriptor %j is refused', async (members) => {
    await uploadFirmware();
    await expectFail(fota(members), 400);
  });

  it.each([
    { setupTimeFromScheduledTime: -1 },
    { setupTimeFromScheduledTime: 1.5 },
    { setupTimeFromScheduledTime: '300' },
    { launchTimeFromSetupTime: -1 },
    { launchTimeFromSetupTime: 0.1 },
    { scheduledTimeSinceUnixEpoch: 1734480000000 },
    { scheduledTimeSinceUnixEpoch: -5 },
    { scheduledTimeSinceUnixEpoch: 1734480000.5 },
    { scheduledTimeSinceUnixEpoch: '1734480000' },
  ])('case 43: timing %j is refused', async (members) => {
    await uploadFirmware();
    await expectFail(fota(members), 400);
  });

  it('case 46: the same schedule_filename twice is a conflict', async () => {
    await uploadFirmware();
    await expectAck(fota({ schedule_filename: 'mine' }));
    const again = await fota({ schedule_filename: 'mine' });
    expect(again.statusCode).toBe(409);
    expect(again.json()).toMatchObject({ code: 409, status: 'fail' });
    expect(harness.ports.jobs.names()).toEqual(['mine']);
  });

  it.each(['../x', 'a/b', 'a b', '..', '.', 'a..b', 'x'.repeat(129), 'ü', 5])(
    'case 47: schedule_filename %j is refused',
    async (schedule_filename) => {
      await uploadFirmware();
      await expectFail(fota({ schedule_filename }), 400);
    },
  );

  it('case 62: unknown members are ignored', async () => {
    await uploadFirmware();
    await expectAck(fota({ foo: 1, browserTimeBias: 'x', multicastMessage: 5, __proto__: { a: 1 } }));
  });

  it('case 84: two jobs of the same second are both accepted under different names', async () => {
    await uploadFirmware();
    await expectAck(fota({ scheduledTimeSinceUnixEpoch: FUTURE_S }));
    await expectAck(fota({ scheduledTimeSinceUnixEpoch: FUTURE_S }));
    expect(harness.ports.jobs.names()).toEqual([`fota_${FUTURE_S}_300`, `fota_${FUTURE_S}_300_2`]);
  });

  it('case 84a: devices nobody knows are accepted', async () => {
    await uploadFirmware();
    await expectAck(fota({ endDeviceDeveuis: ['ff-ff-ff-ff-ff-ff-ff-fe'] }));
  });

  it('passes pacing and sizes on, within their bounds', async () => {
    await uploadFirmware();
    await expectAck(
      fota({
        sleep_time: 1500,
        ssleep_time: 0,
        psleep_time: 600_000,
        parity_fragments_per_session: 300,
        max_packet_size: 242,
        keep_log: false,
      }),
    );
    expect(fotaRequest()).toMatchObject({
      pacing: { sleepMs: 1500, shortSleepMs: 0, paritySleepMs: 600_000 },
      parityFragments: 300,
      maxPacketSize: 242,
      keepLog: false,
    });
  });

  it.each([
    { sleep_time: 600_001 },
    { ssleep_time: -1 },
    { psleep_time: '3' },
    { parity_fragments_per_session: 301 },
    { max_packet_size: 10 },
    { max_packet_size: 243 },
    { keep_log: 'true' },
    { keep_log: 1 },
    { schedule_source: 7 },
    { multicastDeveui: 'x' },
    { fotaFile: 7 },
  ])('refuses %j', async (members) => {
    await uploadFirmware();
    await expectFail(fota(members), 400);
  });

  it('refuses more devices than allowed', async () => {
    harness = await Harness.make({ config: { maxDevices: 2 } });
    token = await harness.token();
    await uploadFirmware();
    await expectFail(fota({ endDeviceDeveuis: ['0000000000000001', '0000000000000002', '0000000000000003'] }), 400);
    await expectAck(fota());
  });

  it('names a missing member', async () => {
    await expectFail(
      fota({ endDeviceDeveuis: undefined }),
      400,
      'Invalid parameters: [endDeviceDeveuis] property is not set',
    );
  });
});

describe('POST /api/lora/mcm', () => {
  it('case 38: transmission type FOTA is refused', async () => {
    await expectFail(mcm({}, { transmission_type: 'FOTA' }), 400);
  });

  it('case 52: the documented text body is acknowledged', async () => {
    await expectAck(post('/api/lora/mcm', MESSAGE_BODY));
    const request = messageRequest();
    expect(request).toMatchObject({ messagePort: 10, sessionTimeoutExponent: 5, multicastGroupId: 0 });
    if (request.payload.from !== 'body') throw new Error('the payload is in the body');
    expect(toHex(request.payload.octets)).toBe('48656c6c6f20576f726c64');
  });

  it('case 53: the documented file body after the upload is acknowledged', async () => {
    const upload = await harness.upload(token, MESSAGE_UPLOAD, {
      name: 'messagefile',
      filename: 'payload.bin',
      content: 'Hello',
    });
    expect(upload.body).toBe(OK);
    await expectAck(
      post('/api/lora/mcm', {
        ...MESSAGE_BODY,
        multicastMessage: {
          messageFormat: 'Binary',
          messagePayloadFile: 'payload.bin',
          messagePort: 10,
          multicastSessionTimeout: 5,
        },
      }),
    );
    expect(messageRequest().payload).toEqual({ from: 'file', name: 'payload.bin' });
  });

  it('case 54: a file never uploaded is not found', async () => {
    await expectFail(
      mcm({ messageFormat: 'Binary', messagePayload: undefined, messagePayloadFile: 'payload.bin' }),
      404,
      'Message file not found. Upload file first.',
    );
    await uploadFirmware('payload.bin');
    await expectFail(
      mcm({ messageFormat: 'Binary', messagePayload: undefined, messagePayloadFile: 'payload.bin' }),
      404,
      'Message file not found. Upload file first.',
    );
  });

  it('case 55: base64 is decoded', async () => {
    await expectAck(mcm({ messageFormat: 'Base64', messagePayload: 'SGVsbG8=' }));
    const { payload } = messageRequest();
    if (payload.from !== 'body') throw new Error('the payload is in the body');
    expect(toHex(payload.octets)).toBe('48656c6c6f');
  });

  it.each([
    { messagePayload: '123' },
    { messagePayload: 'zz' },
    { messagePayload: '' },
    { messagePayload: undefined },
    { messagePayload: null },
    { messagePayload: 48 },
    { messagePayload: '12 21' },
    { messageFormat: 'Base64', messagePayload: '***' },
    { messageFormat: 'Base64', messagePayload: '' },
    { messageFormat: 'Base64', messagePayload: 'SGVsbG8' },
    { messageFormat: 'Base64', messagePayload: 'SGVsbG9=' },
    { messageFormat: 'Base64', messagePayload: 'SGVs\nbG8=' },
    { messageFormat: 'Binary' },
    { messageFormat: 'Binary', messagePayloadFile: '' },
  ])('case 56: payload %j is refused', async (message) => {
    await expectFail(mcm(message), 400);
  });

  it.each(['Text', 'hexadecimal', '', undefined, 0])('case 57: format %j is refused', async (messageFormat) => {
    await expectFail(mcm({ messageFormat }), 400);
  });

  it.each([0, 221, '10', 1.5, -1, undefined, null])('case 58: port %j is refused', async (messagePort) => {
    await expectFail(mcm({ messagePort }), 400);
  });

  it.each([1, 220, 200, 203])('case 59: port %i is taken', async (messagePort) => {
    await expectAck(mcm({ messagePort }));
    expect(messageRequest().messagePort).toBe(messagePort);
  });

  it('case 60: session timeouts are exponents from 0 to 15', async () => {
    for (const multicastSessionTimeout of [-1, 16, 1.5, '5']) {
      await expectFail(mcm({ multicastSessionTimeout }), 400);
    }
    for (const multicastSessionTimeout of [0, 15]) {
      await expectAck(mcm({ multicastSessionTimeout }));
      expect(messageRequest().sessionTimeoutExponent).toBe(multicastSessionTimeout);
    }
    await expectAck(mcm({ multicastSessionTimeout: undefined }));
    // As long as the message needs: nine hours, which the web page offers, are seldom meant.
    expect(messageRequest().sessionTimeoutExponent).toBeUndefined();
  });

  it('case 61: the body of the web page is acknowledged', async () => {
    await expectAck(post('/api/lora/mcm', AC11_BODY));
    expect(harness.ports.jobs.names()).toEqual(['mcm_1748014851_0']);
    expect(messageRequest()).toMatchObject({
      multicastGroupId: 0,
      multicastEui: '0080008733c003e1',
      launchDelayS: 60,
      keepLog: false,
      scheduleSource: 'Conduit',
      pacing: { sleepMs: 1500, shortSleepMs: 1000, paritySleepMs: undefined },
    });
  });

  it('takes 242 octets and refuses 243, in either spelling', async () => {
    const octets = (count: number) => Buffer.alloc(count, 0xab);
    await expectFail(mcm({ messagePayload: octets(243).toString('hex') }), 400);
    await expectFail(mcm({ messageFormat: 'Base64', messagePayload: octets(243).toString('base64') }), 400);
    await expectFail(mcm({ messagePayload: octets(100_000).toString('hex') }), 400);
    await expectAck(mcm({ messagePayload: octets(242).toString('hex') }));
    await expectAck(mcm({ messageFormat: 'Base64', messagePayload: octets(242).toString('base64') }));
  });

  it.each([undefined, null, 'Hello', [], 5])('refuses the message %j', async (multicastMessage) => {
    await expectFail(post('/api/lora/mcm', { ...MESSAGE_BODY, multicastMessage }), 400);
  });
});

describe('schedule', () => {
  it('case 44: a future job is listed', async () => {
    await uploadFirmware();
    await expectAck(fota({ scheduledTimeSinceUnixEpoch: FUTURE_S }));
    const { result } = (await get('/api/lora/fotaschedule')).json();
    expect(result.scheduled).toHaveLength(1);
    expect(result.scheduled[0]).toMatchObject({
      filename: `fota_${FUTURE_S}_300`,
      type: 'FOTA',
      scheduled_time: '2030-03-17T17:46:40Z',
      devices: 2,
    });
  });

  it('case 45: a custom schedule_filename is listed', async () => {
    await uploadFirmware();
    await expectAck(fota({ schedule_filename: 'night.job-1', scheduledTimeSinceUnixEpoch: FUTURE_S }));
    expect((await get('/api/lora/fotaschedule')).json().result.scheduled[0].filename).toBe('night.job-1');
  });

  it('case 48: DELETE cancels a future job', async () => {
    await uploadFirmware();
    await expectAck(fota({ scheduledTimeSinceUnixEpoch: FUTURE_S }));
    const response = await harness.call(token, 'DELETE', `/api/lora/fotaschedule/fota_${FUTURE_S}_300`);
    expect(response.body).toBe(OK);
    expect((await get('/api/lora/fotaschedule')).json().result.scheduled).toEqual([]);
  });

  it('case 49: DELETE of an unknown name is not found', async () => {
    for (const name of ['nope', '..%2f..%2fetc', '%00', 'x'.repeat(900)]) {
      const response = await harness.call(token, 'DELETE', `/api/lora/fotaschedule/${name}`);
      expect(response.statusCode).toBe(404);
      expect(response.json()).toEqual({ code: 404, error: 'Scheduled operation not found', status: 'fail' });
    }
  });

  it('case 50: DELETE after the start is a conflict', async () => {
    await uploadFirmware();
    await expectAck(fota({ schedule_filename: 'job' }));
    harness.ports.jobs.report('job', 'BROADCASTING', 12);
    const response = await harness.call(token, 'DELETE', '/api/lora/fotaschedule/job');
    expect(response.json()).toEqual({ code: 409, error: 'Operation has already started', status: 'fail' });
  });

  it('case 51: of two DELETEs one is acknowledged and one finds nothing', async () => {
    await uploadFirmware();
    await expectAck(fota({ schedule_filename: 'job', scheduledTimeSinceUnixEpoch: FUTURE_S }));
    const both = await Promise.all([
      harness.call(token, 'DELETE', '/api/lora/fotaschedule/job'),
      harness.call(token, 'DELETE', '/api/lora/fotaschedule/job'),
    ]);
    expect(both.map((response) => response.statusCode).sort()).toEqual([200, 404]);
  });
});

describe('progress', () => {
  it('case 63: idle is 0 % of nothing', async () => {
    const response = await get('/api/lora/fotaprogress');
    expect(response.statusCode).toBe(200);
    expect(response.json().result).toEqual({ overall_percent_complete: 0, devices: [], operations: [] });
  });

  it('case 64: during a job the figures are below 100', async () => {
    await uploadFirmware();
    await expectAck(fota({ schedule_filename: 'job' }));
    harness.ports.jobs.report('job', 'BROADCASTING', 45.5);
    const { result } = (await get('/api/lora/fotaprogress')).json();
    expect(result.overall_percent_complete).toBe(45.5);
    expect(result.devices).toEqual([
      { deveui: '00-80-00-ff-00-00-00-02', percent_complete: 45.5, status: 'in_progress' },
      { deveui: '00-80-00-00-0a-00-11-ba', percent_complete: 45.5, status: 'in_progress' },
    ]);
    expect(result.operations).toEqual([
      {
        filename: 'job',
        multicast_eui: expect.stringMatching(/^00-80-00(-[0-9a-f]{2}){5}$/),
        transmission_type: 'FOTA',
        input_filename: 'firmware_v2.0.bin',
        current_phase: 'BROADCASTING',
        overall_percent_complete: 45.5,
      },
    ]);
    harness.ports.jobs.report('job', 'TEARDOWN', 99.999);
    expect((await get('/api/lora/fotaprogress')).json().result.overall_percent_complete).toBe(99.9);
  });

  it('case 65: after a job the figure prints as 100', async () => {
    await uploadFirmware();
    await expectAck(fota({ schedule_filename: 'job' }));
    harness.ports.jobs.finish('job');
    const { body } = await get('/api/lora/fotaprogress');
    expect(body).toContain('"overall_percent_complete":100,"devices"');
  });

  it('?filename= pins one job', async () => {
    await uploadFirmware();
    await expectAck(fota({ schedule_filename: 'first' }));
    harness.ports.jobs.finish('first');
    await expectAck(fota({ schedule_filename: 'second' }));
    expect((await get('/api/lora/fotaprogress')).json().result.overall_percent_complete).toBe(0);
    expect((await get('/api/lora/fotaprogress?filename=first')).json().result.overall_percent_complete).toBe(100);
    const unknown = await get('/api/lora/fotaprogress?filename=third');
    expect(unknown.json()).toEqual({ code: 404, error: 'Operation not found', status: 'fail' });
  });
});

describe('results', () => {
  it('case 67: two successes', async () => {
    await uploadFirmware();
    await expectAck(fota());
    harness.ports.jobs.finish('fota_1734480000_300');
    const { result } = (await get('/api/lora/fotaresults')).json();
    expect(result.operations).toHaveLength(1);
    expect(result.operations[0]).toMatchObject({
      filename: 'fota_1734480000_300',
      timestamp: '2026-01-01T00:00:00Z',
      success: 2,
      failed: 0,
      devices: [
        { deveui: '00-80-00-ff-00-00-00-02', status: 'success' },
        { deveui: '00-80-00-00-0a-00-11-ba', status: 'success' },
      ],
      type: 'FOTA',
      input_filename: 'firmware_v2.0.bin',
      schedule_source: 'API',
      complete_time: '2026-01-01T00:00:00Z',
      result_filename: 'fota_1734480000_300',
      skipped: 0,
    });
  });

  it('case 68: a failed and a skipped device are counted apart', async () => {
    await uploadFirmware();
    await expectAck(fota());
    harness.ports.jobs.finish('fota_1734480000_300', { '008000ff00000002': 'failed', '008000000a0011ba': 'skipped' });
    const { result } = (await get('/api/lora/fotaresults')).json();
    expect(result.operations[0]).toMatchObject({ success: 0, failed: 1, skipped: 1 });
  });

  it('lists the newest first and deletes one', async () => {
    await uploadFirmware();
    for (const name of ['a', 'b', 'c']) {
      await expectAck(fota({ schedule_filename: name }));
      harness.ports.jobs.finish(name);
    }
    const names = async () =>
      (await get('/api/lora/fotaresults'))
        .json<{ result: { operations: { filename: string }[] } }>()
        .result.operations.map((operation) => operation.filename);
    expect(await names()).toEqual(['c', 'b', 'a']);
    expect((await harness.call(token, 'DELETE', '/api/lora/fotaresults/b')).body).toBe(OK);
    expect(await names()).toEqual(['c', 'a']);
    const again = await harness.call(token, 'DELETE', '/api/lora/fotaresults/b');
    expect(again.json()).toEqual({ code: 404, error: 'Result not found', status: 'fail' });
  });
});
