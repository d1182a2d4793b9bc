import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { ACK, failure, OK } from '../support/http-client.ts';
import { TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/messages';
const HELLO = '48656c6c6f';
/** Time in which the last frame of a job reaches the devices. */
const ON_AIR_MS = 5_000;

describe(`multicast messages (seed ${SEED})`, () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.start({ seed: SEED, devices: 3 });
  }, 30_000);
  afterAll(() => instance.stop());
  beforeEach(async () => {
    await instance.sessionsOver();
    instance.air.clear();
  });

  /** What every device received since, on the port of the job; fails unless all received the same. */
  async function received(job: () => Promise<unknown>): Promise<readonly { port: number; payload: string }[]> {
    const counts = await Promise.all([0, 1, 2].map(async (index) => (await instance.messages(index)).length));
    await job();
    await instance.advance(ON_AIR_MS);
    const fresh = await Promise.all(
      [0, 1, 2].map(async (index) => (await instance.messages(index)).slice(counts[index])),
    );
    const [first = []] = fresh.map((messages) => messages.map(({ port, payload }) => ({ port, payload })));
    for (const messages of fresh) {
      expect(messages.map(({ port, payload }) => ({ port, payload }))).toEqual(first);
    }
    return first;
  }

  it('52: the documented text body', async () => {
    const before = await instance.messages(1);
    const reply = await instance.http.post('/api/lora/mcm', {
      transmission_type: 'Message',
      endDeviceDeveuis: ['00-80-00-ff-00-00-00-02'],
      multicastGroupID: 0,
      multicastMessage: {
        messageFormat: 'Hexadecimal',
        messagePayload: '48656c6c6f20576f726c64',
        messagePort: 10,
        multicastSessionTimeout: 5,
      },
      scheduledTimeSinceUnixEpoch: 1734480000,
      keep_log: true,
    });
    expect(reply.json).toEqual(ACK);
    const { result } = await instance.follow('mcm_1734480000_0');
    expect(result).toMatchObject({ type: 'Message', success: 1, failed: 0 });
    expect(result.devices.map(({ deveui, status }) => ({ deveui, status }))).toEqual([
      { deveui: '00-80-00-ff-00-00-00-02', status: 'success' },
    ]);
    await instance.advance(ON_AIR_MS);
    expect(await instance.messages(0)).toMatchObject([{ port: 10, payload: '48656c6c6f20576f726c64' }]);
    expect(await instance.messages(1), 'a device outside the job hears nothing').toEqual(before);
  });

  it('53: the documented file body, after its upload; the file arrives octet for octet at every device', async () => {
    const content = firmware('payload.bin', 200);
    const upload = await instance.http.uploadMessage('payload.bin', content);
    expect(upload.json).toEqual(OK);
    const messages = await received(async () => {
      const { result } = await instance.runMessage({ messageFormat: 'Binary', messagePayloadFile: 'payload.bin' });
      expect(result).toMatchObject({ success: 3, failed: 0, input_filename: 'payload.bin' });
      expect(result.devices.map(({ deveui }) => deveui)).toEqual(instance.deveuis);
    });
    expect(messages).toEqual([{ port: 10, payload: Buffer.from(content).toString('hex') }]);
  });

  it('54: a file that was never uploaded', async () => {
    const reply = await instance.http.post('/api/lora/mcm', {
      transmission_type: 'Message',
      endDeviceDeveuis: instance.deveuis,
      multicastGroupID: 0,
      multicastMessage: { messageFormat: 'Binary', messagePayloadFile: 'never.bin', messagePort: 10 },
    });
    expect(reply.status).toBe(404);
    expect(reply.json).toEqual(failure(404, 'Message file not found. Upload file first.'));
  });

  it('55: Base64 is decoded before it goes on air', async () => {
    const messages = await received(() => instance.runMessage({ messageFormat: 'Base64', messagePayload: 'SGVsbG8=' }));
    expect(messages).toEqual([{ port: 10, payload: HELLO }]);
    expect(instance.air.toGroups().map(({ hex }) => hex)).toEqual([HELLO]);
  });

  it.each([1, 220])('59: message port %d', async (messagePort) => {
    const messages = await received(() =>
      instance.runMessage({ messageFormat: 'Hexadecimal', messagePayload: HELLO, messagePort }),
    );
    expect(messages).toEqual([{ port: messagePort, payload: HELLO }]);
  });

  it.each([-1, 16])('60: session timeout %d is refused', async (multicastSessionTimeout) => {
    const reply = await instance.http.post('/api/lora/mcm', {
      transmission_type: 'Message',
      endDeviceDeveuis: instance.deveuis,
      multicastGroupID: 0,
      multicastMessage: {
        messageFormat: 'Hexadecimal',
        messagePayload: HELLO,
        messagePort: 10,
        multicastSessionTimeout,
      },
    });
    expect(reply).toMatchObject({ status: 400, json: { code: 400, status: 'fail' } });
  });

  it('60: session timeout 3 is the exponent on air', async () => {
    const message = { messageFormat: 'Hexadecimal', messagePayload: HELLO, multicastSessionTimeout: 3 };
    const messages = await received(() => instance.runMessage(message));
    for (const index of [0, 1, 2]) expect(sessionRequests(instance, index).map(timeOut)).toContain(3);
    expect(messages).toEqual([{ port: 10, payload: HELLO }]);
  });

  it.each([0, 1, 2, 3])('36: multicast group %d', async (multicastGroupID) => {
    const messages = await received(() =>
      instance.runMessage({ messageFormat: 'Hexadecimal', messagePayload: HELLO }, { multicastGroupID }),
    );
    expect(messages).toEqual([{ port: 10, payload: HELLO }]);
    expect(instance.air.groups.map(({ groupId }) => groupId)).toEqual([multicastGroupID]);
    for (const index of [0, 1, 2]) {
      const groups = sessionRequests(instance, index).map((request) => Number.parseInt(request.slice(2, 4), 16));
      expect(groups).toContain(multicastGroupID);
    }
  });

  it('the longest message of the data rate arrives, one octet more is refused', async () => {
    const content = firmware('longest', 242);
    await instance.http.uploadMessage('longest.bin', content);
    const messages = await received(() =>
      instance.runMessage({ messageFormat: 'Binary', messagePayloadFile: 'longest.bin' }),
    );
    expect(messages).toEqual([{ port: 10, payload: Buffer.from(content).toString('hex') }]);
    await instance.http.uploadMessage('longer.bin', firmware('longer', 243));
    const reply = await instance.http.post('/api/lora/mcm', {
      transmission_type: 'Message',
      endDeviceDeveuis: instance.deveuis,
      multicastGroupID: 0,
      multicastMessage: { messageFormat: 'Binary', messagePayloadFile: 'longer.bin', messagePort: 10 },
    });
    expect(reply).toMatchObject({ status: 400, json: { code: 400, status: 'fail' } });
  });

  it('keep_log decides whether the log of the single frames is kept; what they came to always is', async () => {
    const message = { messageFormat: 'Hexadecimal', messagePayload: HELLO };
    const kept = await instance.runMessage(message, { keep_log: true });
    await instance.sessionsOver();
    const dropped = await instance.runMessage(message, { keep_log: false });
    for (const { result } of [kept, dropped]) {
      expect(result.frames).toMatchObject({ message: 1 });
      expect(result.devices.map(({ deveui }) => deveui)).toEqual(instance.deveuis);
    }
    await instance.advance(ON_AIR_MS);
    expect(framesLogged(kept.result.filename)).toBe(1);
    expect(framesLogged(dropped.result.filename)).toBe(0);
  });

  it('every frame heard could be opened with the keys the devices hold', () => {
    expect(instance.air.unreadable).toEqual([]);
  });

  function framesLogged(filename: string): number {
    const database = new Database(join(instance.received, '..', 'airlift.db'), { readonly: true });
    try {
      const query = database.prepare('select count(*) from job_frames join jobs using (job_id) where filename = ?');
      return query.pluck().get(filename) as number;
    } finally {
      database.close();
    }
  }
});

// A session of 2^15 seconds keeps the devices for nine hours: whatever came after it would have to wait.
describe(`the longest and the shortest session (seed ${SEED}/sessions)`, () => {
  const start = (): Promise<TestInstance> => TestInstance.start({ seed: `${SEED}/sessions`, devices: 2 });

  it.each([0, 1, 2])('60: session timeout %d is the exponent on air', async (timeout) => {
    const instance = await start();
    const message = { messageFormat: 'Hexadecimal', messagePayload: HELLO, multicastSessionTimeout: timeout };
    const { result } = await instance.runMessage(message);
    for (const index of [0, 1]) expect(sessionRequests(instance, index).map(timeOut)).toContain(timeout);
    expect(result).toMatchObject({ success: 2, failed: 0 });
    await instance.stop();
  });

  it('60: session timeout 15 is the exponent on air, and the message arrives', async () => {
    const instance = await start();
    const message = { messageFormat: 'Hexadecimal', messagePayload: HELLO, multicastSessionTimeout: 15 };
    const { result } = await instance.runMessage(message);
    for (const index of [0, 1]) expect(sessionRequests(instance, index).map(timeOut)).toContain(15);
    expect(result).toMatchObject({ success: 2, failed: 0 });
    await instance.advance(ON_AIR_MS);
    for (const index of [0, 1]) expect(await instance.messages(index)).toMatchObject([{ port: 10, payload: HELLO }]);
    await instance.stop();
  });

  it('61: the body of the web page, without a group', async () => {
    const instance = await start();
    const reply = await instance.http.post('/api/lora/mcm', {
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
      endDeviceDeveuis: instance.deveuis,
      schedule_source: 'Conduit',
      fotaFile: 'N/A',
    });
    expect(reply.json).toEqual(ACK);
    const { result } = await instance.follow('mcm_1748014851_0');
    expect(result).toMatchObject({
      success: 2,
      failed: 0,
      schedule_source: 'Conduit',
      multicast_eui: '00-80-00-87-33-c0-03-e1',
    });
    await instance.advance(ON_AIR_MS);
    for (const index of [0, 1]) expect(await instance.messages(index)).toMatchObject([{ port: 1, payload: '1221' }]);
    expect(instance.air.groups.map(({ groupId }) => groupId)).toEqual([0]);
    await instance.stop();
  });
});

/** Every McClassCSessionReq that a device was sent, in hexadecimal. */
function sessionRequests(instance: TestInstance, index: number): string[] {
  const { devEui } = instance.device(index);
  const downlinks = instance.air.ofDevice(devEui, 'down', 200).map(({ hex }) => hex.slice(-22));
  return downlinks.filter((hex) => hex.startsWith('04'));
}

/** The exponent in a McClassCSessionReq: CID, group, four octets of time, then TimeOut. */
function timeOut(request: string): number {
  return Number.parseInt(request.slice(12, 14), 16) & 0x0f;
}
