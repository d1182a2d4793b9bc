import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { after, realMs, SystemClock } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FOTA_UPLOAD, Harness, multipart, PASSWORDS } from './harness.ts';
import { selfSigned } from './self-signed.ts';

const OK = '{"code":200,"status":"success"}';
const HOST = '127.0.0.1';

let harness: Harness;
let port: number;
let token: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  harness = await Harness.make({ config: { fotaLimitBytes: 1_000_000 } });
  port = await harness.api.listen({ host: HOST, port: 0 });
  token = await harness.token();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  const closing = harness.api.close(0);
  await harness.clock.advance(1);
  await closing;
});

/** A raw connection; `answer` is everything the server sent until it closed. */
function raw(to: number = port): { readonly socket: Socket; readonly answer: Promise<string> } {
  const socket = connect({ host: HOST, port: to });
  sockets.push(socket);
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (part) => {
      text += part.toString('latin1');
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
  return { socket, answer };
}

function bodyOf(answer: string): unknown {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}

/** Resolves when the condition holds; the test's own timeout is the limit. */
async function until(condition: () => boolean): Promise<void> {
  const clock = new SystemClock();
  while (!condition()) {
    await new Promise<void>((resolve) => {
      after(clock, 5, resolve);
    });
  }
}

describe('over real sockets', () => {
  it('case 16: the documented curl line, octet for octet', async () => {
    // What curl 7.88 sends for: curl -k -X POST … -H "Content-Type: multipart/form-data" -F "fotafile=@…" -b cookies.txt
    const boundary = '------------------------d74496d66958873e';
    const content = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const body = Buffer.concat([
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="fotafile"; filename="firmware_v2.0.bin"\r\n` +
          'Content-Type: application/octet-stream\r\n\r\n',
      ),
      content,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const { socket, answer } = raw();
    socket.write(
      `POST ${FOTA_UPLOAD} HTTP/1.1\r\nHost: ${HOST}:${port}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n` +
        `Cookie: token=${token}\r\nContent-Length: ${body.length}\r\n` +
        `Content-Type: multipart/form-data; boundary=${boundary}\r\nConnection: close\r\n\r\n`,
    );
    socket.write(body);
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text.endsWith(`\r\n\r\n${OK}`)).toBe(true);
    expect(Buffer.from(harness.ports.uploads.content('fota', 'firmware_v2.0.bin') ?? [])).toEqual(content);
  });

  it('an upload that is broken off leaves nothing', async () => {
    const { body, contentType } = multipart([{ name: 'fotafile', filename: 'f', content: new Uint8Array(500_000) }]);
    const { socket } = raw();
    socket.write(
      `POST ${FOTA_UPLOAD} HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\nContent-Length: ${body.length}\r\n` +
        `Content-Type: ${contentType}\r\n\r\n`,
    );
    socket.write(body.subarray(0, 300_000));
    await until(() => harness.ports.uploads.openReceives() === 1);
    socket.destroy();
    await until(() => harness.ports.uploads.openReceives() === 0);
    expect(harness.ports.uploads.names()).toEqual([]);
  });

  it('an upload that stalls is cut off and leaves nothing', async () => {
    const { body, contentType } = multipart([{ name: 'fotafile', filename: 'f', content: new Uint8Array(500_000) }]);
    const { socket, answer } = raw(await harness.api.listen({ host: HOST, port: 0, limits: { stallTimeoutMs: 200 } }));
    socket.write(
      `POST ${FOTA_UPLOAD} HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\nContent-Length: ${body.length}\r\n` +
        `Content-Type: ${contentType}\r\n\r\n`,
    );
    socket.write(body.subarray(0, 1000));
    await until(() => harness.ports.uploads.openReceives() === 1);
    await answer;
    await until(() => harness.ports.uploads.openReceives() === 0);
    expect(harness.ports.uploads.names()).toEqual([]);
  });

  it('case 21: a client that sends far too much still gets the answer, and the connection goes on', async () => {
    const { body, contentType } = multipart([{ name: 'fotafile', filename: 'f', content: new Uint8Array(6_000_000) }]);
    const { socket, answer } = raw();
    socket.write(
      `POST ${FOTA_UPLOAD} HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\nContent-Length: ${body.length}\r\n` +
        `Content-Type: ${contentType}\r\n\r\n`,
    );
    socket.write(body);
    socket.write(`GET /api/policy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain('{"code":413,"error":"File too large","status":"fail"}');
    expect(text).toContain('"policy"');
    expect(harness.ports.uploads.names()).toEqual([]);
  });

  it('a JSON body over the limit is answered and the connection goes on', async () => {
    const body = JSON.stringify({ filler: 'x'.repeat(3_000_000) });
    const { socket, answer } = raw();
    socket.write(
      `POST /api/lora/fota HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    socket.write(`GET /api/policy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const text = await answer;
    expect(text).toContain('{"code":413,"error":"Request body too large","status":"fail"}');
    expect(text).toContain('"policy"');
  });

  it('a long upload keeps its session alive', async () => {
    const { body, contentType } = multipart([{ name: 'fotafile', filename: 'f', content: new Uint8Array(10_000) }]);
    const { socket, answer } = raw();
    socket.write(
      `POST ${FOTA_UPLOAD} HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\nContent-Length: ${body.length}\r\n` +
        `Content-Type: ${contentType}\r\nConnection: close\r\n\r\n`,
    );
    const expiries = () => [...harness.ports.accounts.dump().matchAll(/"expiresAt":(\d+)/g)].map((m) => Number(m[1]));
    socket.write(body.subarray(0, 5000));
    await until(() => harness.ports.uploads.openReceives() === 1);
    const started = harness.clock.now();
    for (let at = 5000; at < body.length; at += 1000) {
      await harness.clock.advance(1_000_000);
      socket.write(body.subarray(at, at + 1000));
      await until(() => expiries()[0] === harness.clock.now() + 1_800_000);
    }
    expect(await answer).toContain(OK);
    expect(harness.clock.now() - started).toBeGreaterThan(5_000_000);
    expect((await harness.call(token, 'GET', '/api/whoami')).statusCode).toBe(200);
  });

  it('a head that does not come is not waited for', async () => {
    const limits = { headersTimeoutMs: 100 };
    const { socket, answer } = raw(await harness.api.listen({ host: HOST, port: 0, limits }));
    socket.write('GET /api/policy HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(bodyOf(text)).toEqual({ code: 408, error: 'Request timeout', status: 'fail' });
  });

  it('a JSON body that drips is not waited for', async () => {
    const { socket, answer } = raw();
    socket.write('POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{');
    await until(() => harness.clock.nextAt() !== undefined);
    await harness.clock.advance(30_000);
    await until(() => harness.log.some((entry) => entry.event === 'request' && entry.status === 408));
    socket.end();
    expect(bodyOf(await answer)).toEqual({ code: 408, error: 'Request timeout', status: 'fail' });
  });

  it('a request as a whole has its time', async () => {
    const limits = { headersTimeoutMs: 100, requestTimeoutMs: 400 };
    const { socket, answer } = raw(await harness.api.listen({ host: HOST, port: 0, limits }));
    socket.write(`POST ${FOTA_UPLOAD} HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\nContent-Length: 100000\r\n`);
    socket.write('Content-Type: multipart/form-data; boundary=x\r\n\r\n');
    const clock = new SystemClock();
    let open = true;
    const drip = (): void => {
      if (!open) return;
      socket.write('x');
      after(clock, 50, drip);
    };
    drip();
    await answer;
    open = false;
    await until(() => harness.ports.uploads.openReceives() === 0);
    expect(harness.ports.uploads.names()).toEqual([]);
  });

  it('what is no HTTP, and heads without end, are answered in the envelope', async () => {
    const garbage = raw();
    garbage.socket.write('\x16\x03\x01 hello\r\n\r\n');
    expect(bodyOf(await garbage.answer)).toMatchObject({ code: 400, status: 'fail' });
    const limits = { maxHeaderOctets: 4096 };
    const long = raw(await harness.api.listen({ host: HOST, port: 0, limits }));
    long.socket.write(`GET /api/policy HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(10_000)}\r\n\r\n`);
    expect(bodyOf(await long.answer)).toEqual({ code: 431, error: 'Request header too large', status: 'fail' });
  });

  it.each([
    ['no host', 'GET /api/policy HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n'],
    ['CONNECT to a path, with a body', 'CONNECT /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}'],
  ])('%s is answered in the envelope', async (_what, text) => {
    const { socket, answer } = raw();
    socket.write(text);
    const heard = await answer;
    expect(heard).toMatch(/^HTTP\/1\.1 400 /);
    expect(bodyOf(heard)).toEqual({
      code: 400,
      error: 'Invalid parameters: not an HTTP request',
      status: 'fail',
    });
  });

  it('an expectation that nobody knows is ignored', async () => {
    const { socket, answer } = raw();
    socket.write('GET /api/nothing HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n');
    expect(bodyOf(await answer)).toEqual({ code: 401, error: 'Unauthorized', status: 'fail' });
  });

  it.each(['}\r\n\r\n', 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n'])(
    'what is refused is answered after the requests before it (%j)',
    async (nonsense) => {
      let asked = 0;
      let release = (): void => {};
      harness.ports.fleetView.stats = () => {
        asked += 1;
        return new Promise((resolve) => {
          release = () => resolve({ rx_pkts: asked });
        });
      };
      const { socket, answer } = raw();
      const stats = `GET /api/lora/stats HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\n\r\n`;
      socket.write(`GET /api/policy HTTP/1.1\r\nHost: x\r\n\r\n${stats}${nonsense}`);
      await until(() => asked === 1);
      release();
      const statuses = [...(await answer).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
      expect(statuses).toEqual(['200', '200', '400']);
    },
  );

  it('over TLS the cookie is Secure, over plain HTTP of the same application it is not', async () => {
    const tls = selfSigned();
    const tlsPort = await harness.api.listen({ host: HOST, port: 0, tls });
    const body = JSON.stringify({ username: 'admin', password: PASSWORDS.admin });
    const cookieFrom = (send: typeof httpRequest, to: number) =>
      new Promise<string>((resolve, reject) => {
        const options = {
          host: HOST,
          port: to,
          path: '/api/login',
          method: 'POST',
          rejectUnauthorized: false,
          // As old clients offer it; Node alone would refuse them.
          ALPNProtocols: ['http/1.0'],
        };
        const outgoing = send(options, (response) => {
          response.resume();
          response.on('end', () => resolve(String(response.headers['set-cookie'])));
        });
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    const secure = await cookieFrom(httpsRequest, tlsPort);
    expect(secure.split('; ').slice(1).sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']);
    expect(await cookieFrom(httpRequest, port)).not.toContain('Secure');
  });

  it('close ends idle connections at once and lets requests finish', async () => {
    let release = (): void => {};
    harness.ports.fleetView.stats = () =>
      new Promise((resolve) => {
        release = () => resolve({ rx_pkts: 1 });
      });
    const idle = raw();
    idle.socket.write('GET /api/policy HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => harness.log.some((entry) => entry.event === 'request' && entry.path === '/api/policy'));
    const busy = raw();
    busy.socket.write(`GET /api/lora/stats HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\n\r\n`);
    const plain = release;
    await until(() => release !== plain);
    const closing = harness.api.close(10_000);
    await idle.answer;
    release();
    const text = await busy.answer;
    expect(text).toContain('"rx_pkts":1');
    expect(text.toLowerCase()).toContain('connection: close');
    await closing;
    expect(harness.clock.now()).toBe(realMs(Date.UTC(2026, 0, 1)));
  });

  it('close cuts off what does not end in time', async () => {
    let asked = false;
    harness.ports.fleetView.stats = () => {
      asked = true;
      return new Promise(() => {});
    };
    const busy = raw();
    busy.socket.write(`GET /api/lora/stats HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\n\r\n`);
    await until(() => asked);
    const closing = harness.api.close(5000);
    await harness.clock.advance(5000);
    await closing;
    expect(await busy.answer).toBe('');
  });
});
