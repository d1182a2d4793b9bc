import { beforeEach, describe, expect, it } from 'vitest';
import { FOTA_UPLOAD, Harness, MESSAGE_UPLOAD, multipart, type TestPart } from './harness.ts';

const OK = '{"code":200,"status":"success"}';
const LIMIT = 10_000;

let harness: Harness;
let token: string;

beforeEach(async () => {
  harness = await Harness.make({ config: { fotaLimitBytes: LIMIT, messageLimitBytes: 100 } });
  token = await harness.token();
});

async function send(parts: readonly TestPart[], url = FOTA_UPLOAD) {
  const form = multipart(parts);
  return sendRaw(form.body, form.contentType, url);
}

async function sendRaw(payload: Buffer | string, contentType: string, url = FOTA_UPLOAD) {
  return harness.api.app.inject({
    method: 'POST',
    url,
    cookies: { token },
    headers: { 'content-type': contentType },
    payload,
  });
}

function expectNothingKept(): void {
  expect(harness.ports.uploads.names()).toEqual([]);
  expect(harness.ports.uploads.openReceives()).toBe(0);
}

function expectFail(response: { statusCode: number; json(): unknown }, code: number, error?: string): void {
  expect(response.json()).toEqual({ code, error: error ?? expect.stringMatching(/./), status: 'fail' });
  expect(response.statusCode).toBe(code);
}

describe('uploads', () => {
  it('case 16: the part `fotafile` is kept octet for octet', async () => {
    const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 255);
    const response = await send([{ name: 'fotafile', filename: 'firmware_v2.0.bin', content }]);
    expect(response.body).toBe(OK);
    expect(harness.ports.uploads.content('fota', 'firmware_v2.0.bin')).toEqual(content);
  });

  it('case 17: the part `file` is taken', async () => {
    expect((await send([{ name: 'file', filename: 'f.bin', content: 'x' }])).body).toBe(OK);
    expect(harness.ports.uploads.names()).toEqual(['f.bin']);
  });

  it('any other part with a file name is taken, whatever its content type', async () => {
    const part = { name: 'archivo', filename: 'f.txt', content: 'x', contentType: 'text/plain' };
    expect((await send([part])).body).toBe(OK);
    expect(harness.ports.uploads.names()).toEqual(['f.txt']);
  });

  it.each([
    [['other', 'file', 'fotafile'], 'fotafile'],
    [['fotafile', 'other', 'file'], 'fotafile'],
    [['other', 'file', 'another'], 'file'],
    [['a', 'b', 'c'], 'a'],
    [['file', 'fotafile', 'fotafile'], 'fotafile'],
  ])('of the parts %j the part %s is kept, and only that', async (names, kept) => {
    const parts = names.map((name, i) => ({ name, filename: `${i}-${name}`, content: `content of ${i} ${name}` }));
    parts.splice(1, 0, { name: 'note', filename: '', content: 'an empty file field' });
    const response = await send([{ name: 'field', content: 'a field' }, ...parts]);
    expect(response.body).toBe(OK);
    const index = names.indexOf(kept);
    expect(harness.ports.uploads.names()).toEqual([`${index}-${kept}`]);
    const content = harness.ports.uploads.content('fota', `${index}-${kept}`) ?? new Uint8Array();
    expect(Buffer.from(content).toString()).toBe(`content of ${index} ${kept}`);
  });

  it('case 18: a form without a file is refused', async () => {
    expectFail(await send([]), 400);
    expectFail(await send([{ name: 'fotafile', content: 'no file name' }]), 400);
    expectFail(await send([{ name: 'fotafile', filename: '', content: 'x' }]), 400);
    expectFail(
      await send([{ name: 'fotafile', content: 'octets', contentType: 'application/octet-stream' }]),
      400,
      'Invalid parameters: no file part',
    );
    expectFail(await sendRaw('', 'multipart/form-data; boundary=x'), 400);
    expectNothingKept();
  });

  it.each(['application/json', 'text/plain', 'nonsense', 'multipart/mixed; boundary=x', 'multipart/form-data'])(
    'case 19: a body of type %s is refused',
    async (contentType) => {
      expectFail(await sendRaw('{"fotafile":"x"}', contentType), 400);
      expectNothingKept();
    },
  );

  it('case 19: no body at all is refused', async () => {
    expectFail(await harness.call(token, 'POST', FOTA_UPLOAD), 400, 'Invalid parameters: multipart/form-data expected');
  });

  it('case 20: an empty file is refused', async () => {
    expectFail(
      await send([{ name: 'fotafile', filename: 'f', content: '' }]),
      400,
      'Invalid parameters: the file is empty',
    );
    expectNothingKept();
  });

  it('case 21: a file over the limit is refused, one at the limit is kept', async () => {
    const content = new Uint8Array(LIMIT + 1);
    expectFail(await send([{ name: 'fotafile', filename: 'f', content }]), 413, 'File too large');
    expectNothingKept();
    expect((await send([{ name: 'fotafile', filename: 'f', content: content.slice(1) }])).body).toBe(OK);
    const message = { name: 'messagefile', filename: 'm', content: new Uint8Array(101) };
    expectFail(await send([message], MESSAGE_UPLOAD), 413, 'File too large');
  });

  it.each([
    ['../../etc/x', 'x'],
    ['/etc/passwd', 'passwd'],
    ['C:\\\\fw\\\\a.bin', 'a.bin'],
    ['dir/sub\\\\name.bin', 'name.bin'],
    ['mit leer zeichen.bin', 'mit leer zeichen.bin'],
    ['ünïcödé.bin', 'ünïcödé.bin'],
    ['..hidden', '..hidden'],
    ['a'.repeat(255), 'a'.repeat(255)],
  ])('case 22: the file name %s is kept as %s', async (filename, kept) => {
    expect((await send([{ name: 'fotafile', filename, content: 'x' }])).body).toBe(OK);
    expect(harness.ports.uploads.names()).toEqual([kept]);
  });

  it.each(['..', '.', 'x/..', '/', 'a\0b', 'a\u0001b', 'x\u007f', 'a\0/b', 'a'.repeat(256), 'ü'.repeat(128)])(
    'case 22: the file name %j is refused',
    async (filename) => {
      expectFail(await send([{ name: 'fotafile', filename, content: 'x' }]), 400);
      expectNothingKept();
    },
  );

  it('case 23: the part `messagefile` is kept among the messages', async () => {
    const response = await send([{ name: 'messagefile', filename: 'payload.bin', content: 'Hello' }], MESSAGE_UPLOAD);
    expect(response.body).toBe(OK);
    expect(harness.ports.uploads.content('message', 'payload.bin')).toBeDefined();
    expect(harness.ports.uploads.content('fota', 'payload.bin')).toBeUndefined();
  });

  it('case 24: GET on an upload path is not allowed', async () => {
    for (const url of [FOTA_UPLOAD, MESSAGE_UPLOAD]) {
      expectFail(await harness.call(token, 'GET', url), 405, 'Method not allowed');
    }
  });

  it('a form that breaks off leaves nothing, wherever it breaks', async () => {
    const { body, contentType } = multipart([
      { name: 'note', content: 'a field' },
      { name: 'fotafile', filename: 'f.bin', content: 'firmware'.repeat(50) },
      { name: 'tail', content: 'another field' },
    ]);
    // The closing boundary's last two octets and line end are no loss.
    for (let end = 1; end < body.length - 4; end += 7) {
      const response = await sendRaw(body.subarray(0, end), contentType);
      expect([response.statusCode, response.json().status]).toEqual([400, 'fail']);
      expectNothingKept();
    }
  });

  it('too many parts are refused and leave nothing', async () => {
    const file = { name: 'fotafile', filename: 'f.bin', content: 'x' };
    const fields = Array.from({ length: 40 }, (_, i) => ({ name: `n${i}`, content: 'x' }));
    expectFail(await send([file, ...fields]), 400, 'Invalid parameters: too many parts');
    expectFail(await send([...fields, file]), 400, 'Invalid parameters: too many parts');
    const files = Array.from({ length: 40 }, (_, i) => ({ name: `n${i}`, filename: `f${i}`, content: 'x' }));
    expectFail(await send(files), 400, 'Invalid parameters: too many parts');
    expectNothingKept();
  });

  it('unwanted parts may not exceed the limit either', async () => {
    const wanted = { name: 'fotafile', filename: 'f.bin', content: 'x' };
    const ballast = { name: 'other', filename: 'o.bin', content: new Uint8Array(LIMIT + 1) };
    expectFail(await send([wanted, ballast]), 413);
    expectNothingKept();
  });

  it('a part called as a member of Object.prototype is refused', async () => {
    expectFail(await send([{ name: '__proto__', filename: 'f', content: 'x' }]), 400);
    expectNothingKept();
  });

  it('a full storage answers in the envelope', async () => {
    harness = await Harness.make({ uploadCapacityBytes: 1000 });
    token = await harness.token();
    const response = await send([{ name: 'fotafile', filename: 'f', content: new Uint8Array(2000) }]);
    expectFail(response, 507, 'Insufficient storage');
    expectNothingKept();
  });

  it('a broken storage is our failure', async () => {
    harness.ports.uploads.receive = async () => {
      throw new Error('EIO: /var/lib/airlift');
    };
    const response = await send([{ name: 'fotafile', filename: 'f', content: 'x' }]);
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('EIO');
  });

  it('a re-upload replaces the file', async () => {
    await send([{ name: 'fotafile', filename: 'f', content: 'old' }]);
    await send([{ name: 'fotafile', filename: 'f', content: 'new!' }]);
    expect((await harness.ports.uploads.file('fota', 'f'))?.sizeBytes).toBe(4);
  });

  it('without a session nothing is read', async () => {
    const response = await harness.upload(undefined, FOTA_UPLOAD, { name: 'fotafile', filename: 'f', content: 'x' });
    expectFail(response, 401, 'Unauthorized');
    expectNothingKept();
  });
});
