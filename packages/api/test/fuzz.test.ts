import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FOTA_BODY, FOTA_UPLOAD, Harness, MESSAGE_BODY, multipart } from './harness.ts';

let harness: Harness;
let token: string;

beforeAll(async () => {
  harness = await Harness.make();
  token = await harness.token();
  await harness.upload(token, FOTA_UPLOAD, { name: 'fotafile', filename: 'firmware_v2.0.bin', content: 'x' });
});

interface Answered {
  readonly statusCode: number;
  json(): unknown;
}

/** Never a failure of ours, and always the envelope. */
function expectEnvelope(response: Answered): void {
  const body = response.json() as Record<string, unknown>;
  expect(response.statusCode).toBeLessThan(500);
  expect(body.code).toBe(response.statusCode);
  if (response.statusCode === 200) {
    expect(body.status).toBe('success');
  } else {
    expect(Object.keys(body)).toEqual(['code', 'error', 'status']);
    expect(body.status).toBe('fail');
    expect(body.error).toMatch(/./);
  }
}

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, '', 'N/A', -0, 1e308, 2 ** 53, '../x', '__proto__', [], {}, true, '0x', '\u0000', '\ud800'),
);

/** A good body with some members replaced, removed or added. */
function spoiled(good: Readonly<Record<string, unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const names = [...Object.keys(good), 'schedule_filename', 'multicastDeveui', 'launchTimeFromSetupTime', 'sleep_time'];
  return fc
    .tuple(fc.dictionary(fc.constantFrom(...names), odd), fc.array(fc.constantFrom(...names), { maxLength: 2 }))
    .map(([replaced, removed]) => {
      const body: Record<string, unknown> = { ...good, ...replaced };
      for (const name of removed) delete body[name];
      return body;
    });
}

const post = (url: string, payload: string | Buffer, contentType = 'application/json') =>
  harness.api.app.inject({
    method: 'POST',
    url,
    cookies: { token },
    headers: { 'content-type': contentType },
    payload,
  });

describe('whatever is sent', () => {
  it.each(['/api/lora/fota', '/api/lora/mcm', '/api/loraNetwork/whitelist/devices'])(
    '%s answers any JSON in the envelope',
    async (url) => {
      await fc.assert(
        fc.asyncProperty(fc.json(), async (payload) => expectEnvelope(await post(url, payload))),
        { numRuns: 150 },
      );
    },
  );

  it('POST /api/lora/fota answers spoiled bodies in the envelope', async () => {
    await fc.assert(
      fc.asyncProperty(spoiled(FOTA_BODY), async (body) =>
        expectEnvelope(await post('/api/lora/fota', JSON.stringify(body))),
      ),
      { numRuns: 400 },
    );
  });

  it('POST /api/lora/mcm answers spoiled bodies in the envelope', async () => {
    const message = spoiled(MESSAGE_BODY.multicastMessage);
    const bodies = fc
      .tuple(spoiled(MESSAGE_BODY), fc.option(message, { nil: undefined }))
      .map(([body, multicastMessage]) => (multicastMessage === undefined ? body : { ...body, multicastMessage }));
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => expectEnvelope(await post('/api/lora/mcm', JSON.stringify(body)))),
      { numRuns: 400 },
    );
  });

  it('any octets as a body are answered in the envelope', async () => {
    const urls = ['/api/lora/fota', '/api/lora/mcm', '/api/login', '/api/commissioning'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...urls), fc.uint8Array({ maxLength: 60 }), async (url, octets) =>
        expectEnvelope(await post(url, Buffer.from(octets))),
      ),
      { numRuns: 150 },
    );
  });

  it('deep nesting is answered in the envelope', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const depth = 100_000;
      expectEnvelope(await post('/api/lora/fota', open.repeat(depth) + 1 + close.repeat(depth)));
      expectEnvelope(await post('/api/lora/fota', open.repeat(depth)));
    }
  });

  it('any multipart garbage is answered in the envelope and leaves no upload under way', async () => {
    const lines = fc.constantFrom(
      '--x',
      '--x--',
      '',
      'Content-Disposition: form-data; name="fotafile"; filename="f"',
      'Content-Disposition: form-data; name="a"',
      'Content-Disposition: form-data',
      'Content-Disposition: attachment; filename=f',
      "Content-Disposition: form-data; name=file; filename*=UTF-8''%ff%00",
      'Content-Type: application/json',
      'Content-Type: multipart/mixed; boundary=y',
      'Content-Transfer-Encoding: base64',
      ':',
      'x'.repeat(5000),
      '\u0000\u0001',
    );
    const bodies = fc.array(fc.oneof(lines, fc.string()), { maxLength: 12 }).map((parts) => parts.join('\r\n'));
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        expectEnvelope(await post(FOTA_UPLOAD, body, 'multipart/form-data; boundary=x'));
        expect(harness.ports.uploads.openReceives()).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it('a form damaged anywhere is answered in the envelope', async () => {
    const { body, contentType } = multipart([
      { name: 'a', content: 'field' },
      { name: 'fotafile', filename: 'f', content: 'content of the file' },
    ]);
    const damage = fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const damaged = Buffer.from(body);
        for (const [at, octet] of changes) damaged[at] = octet;
        expectEnvelope(await post(FOTA_UPLOAD, damaged, contentType));
        expect(harness.ports.uploads.openReceives()).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it('any path, query and method is answered in the envelope', async () => {
    const methods = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH');
    const segments = fc.constantFrom('lora', 'fota', 'fotaschedule', 'fotaresults', 'gateways', 'devices', '%zz', '..');
    const paths = fc.tuple(fc.array(fc.oneof(segments, fc.webSegment()), { maxLength: 4 }), fc.webQueryParameters());
    await fc.assert(
      fc.asyncProperty(methods, paths, async (method, [parts, query]) => {
        const url = `/api/${parts.join('/')}?${query}`;
        expectEnvelope(await harness.api.app.inject({ method: method as 'GET', url, cookies: { token } }));
      }),
      { numRuns: 300 },
    );
  });
});
