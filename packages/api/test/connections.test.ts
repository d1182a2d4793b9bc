import { Agent, request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ConnectionLimits } from '@airlift/api';
import { after, SystemClock } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FOTA_UPLOAD, Harness, multipart, PASSWORDS } from './harness.ts';
import { selfSigned } from './self-signed.ts';

const ADMIN = '127.0.0.1';
const OTHER = '127.0.0.2';
const tls = selfSigned();

let harness: Harness;
let token: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  harness = await Harness.make();
  token = await harness.token();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  const closing = harness.api.close(0);
  await harness.clock.advance(1);
  await closing;
});

const listen = (limits: Partial<ConnectionLimits> = {}): Promise<number> =>
  harness.api.listen({ host: '0.0.0.0', port: 0, tls, limits });
const listenPlain = (limits: Partial<ConnectionLimits> = {}): Promise<number> =>
  harness.api.listen({ host: '0.0.0.0', port: 0, limits });

/** A TCP connection on which nothing was said yet. */
async function open(port: number, from: string = ADMIN): Promise<Socket> {
  const socket = connect({ host: ADMIN, port, localAddress: from });
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', resolve);
  });
  return socket;
}

async function openMany(count: number, port: number, from: string): Promise<readonly Socket[]> {
  return Promise.all(Array.from({ length: count }, () => open(port, from)));
}

async function secured(
  port: number,
  from: string = ADMIN,
): Promise<{ readonly raw: Socket; readonly secure: TLSSocket }> {
  const raw = await open(port, from);
  raw.pause();
  const secure = connectTls({ socket: raw, rejectUnauthorized: false });
  secure.on('error', () => undefined);
  secure.resume();
  await new Promise((resolve) => {
    secure.once('secureConnect', resolve);
    secure.once('close', resolve);
  });
  return { raw, secure };
}

/** Logs in from the address over a connection of its own; resolves to the status. */
function login(port: number): Promise<number | undefined> {
  const body = JSON.stringify({ username: 'admin', password: PASSWORDS.admin });
  const agent = new Agent({ keepAlive: false });
  return new Promise((resolve, reject) => {
    const options = { host: ADMIN, port, path: '/api/login', method: 'POST', agent, rejectUnauthorized: false };
    const outgoing = httpsRequest(options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function until(condition: () => boolean): Promise<void> {
  const clock = new SystemClock();
  while (!condition()) {
    await new Promise<void>((resolve) => {
      after(clock, 5, resolve);
    });
  }
}

const closedOf = (many: readonly Socket[]): number => many.filter(({ closed }) => closed).length;
const uploadHead = (length: number, contentType: string): string =>
  `POST ${FOTA_UPLOAD} HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\nContent-Length: ${length}\r\n` +
  `Content-Type: ${contentType}\r\n\r\n`;

describe('connections that only take places', () => {
  it.each([ADMIN, OTHER])('silent ones from %s keep nobody out', async (from) => {
    const port = await listen();
    await openMany(1200, port, from);
    expect(await login(port)).toBe(200);
  });

  it('silent ones, and handshakes that stand still, are closed in time', async () => {
    const port = await listen({ handshakeTimeoutMs: 200 });
    const silent = await openMany(50, port, OTHER);
    const halves = await openMany(50, port, OTHER);
    for (const half of halves) half.write(Buffer.from('160301', 'hex'));
    await until(() => closedOf([...silent, ...halves]) === 100);
    expect(await login(port)).toBe(200);
  });

  it.each([
    ['heads that do not come', 'GET /api/policy HTTP/1.1\r\nX-Slow: '],
    ['bodies that do not come', 'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{'],
    [
      'bodies that do not come after a refusal',
      'POST /api/lora/fota HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{',
    ],
    ['nothing more', 'GET /api/policy HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('%s keep nobody out', async (_what, saying) => {
    const port = await listen({ maxConnections: 12, maxConnectionsPerAddress: 8, keepAliveMs: 60_000 });
    for (const from of [ADMIN, OTHER]) {
      for (let i = 0; i < 20; i++) (await secured(port, from)).secure.write(saying);
      expect(await login(port)).toBe(200);
    }
  });

  it('cannot push out whoever is served, and whoever is logged in goes last', async () => {
    const port = await listenPlain({ maxConnections: 8, maxConnectionsPerAddress: 8, keepAliveMs: 60_000 });
    let release = (): void => {};
    let asked = false;
    harness.ports.fleetView.stats = () => {
      asked = true;
      return new Promise((resolve) => {
        release = () => resolve({ rx_pkts: 1 });
      });
    };
    const heard = { idle: '', busy: '' };
    const idle = await open(port);
    idle.on('data', (part) => {
      heard.idle += part.toString('latin1');
    });
    idle.write(`GET /api/whoami HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\n\r\n`);
    const busy = await open(port);
    busy.on('data', (part) => {
      heard.busy += part.toString('latin1');
    });
    busy.write(`GET /api/lora/stats HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\n\r\n`);
    await until(() => asked && heard.idle.includes('"admin"'));
    const strangers = await openMany(40, port, OTHER);
    await until(() => closedOf(strangers) === 34);
    release();
    await until(() => heard.busy.includes('"rx_pkts":1'));
    expect([idle.closed, busy.closed]).toEqual([false, false]);
  });

  it('are refused when everybody else is served', async () => {
    const port = await listenPlain({ maxConnections: 3 });
    const waiting: (() => void)[] = [];
    harness.ports.fleetView.stats = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({}));
      });
    for (let i = 0; i < 3; i++) {
      const busy = await open(port);
      busy.write(`GET /api/lora/stats HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\n\r\n`);
    }
    await until(() => waiting.length === 3);
    const refused = await open(port);
    await until(() => refused.closed);
    for (const release of waiting) release();
  });
});

describe('requests that are no longer wanted', () => {
  it('a body that drips after a refusal is not waited for', async () => {
    const port = await listenPlain({ lingerMs: 5000 });
    const socket = await open(port);
    let heard = '';
    socket.on('data', (part) => {
      heard += part.toString('latin1');
    });
    socket.write('POST /api/lora/fota HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{');
    await until(() => heard.includes('Unauthorized') && harness.clock.nextAt() !== undefined);
    socket.write('x');
    await harness.clock.advance(5000);
    await until(() => socket.closed);
  });

  it('a body that is there soon after a refusal does no harm', async () => {
    const port = await listenPlain({ lingerMs: 5000 });
    const socket = await open(port);
    let heard = '';
    socket.on('data', (part) => {
      heard += part.toString('latin1');
    });
    socket.write('POST /api/lora/fota HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{');
    await until(() => heard.includes('Unauthorized'));
    socket.write('x'.repeat(9));
    socket.write('GET /api/policy HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => heard.includes('"policy"'));
    await harness.clock.advance(5000);
    socket.write('GET /api/nothing HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => heard.split('Unauthorized').length === 3);
  });

  it('whoever is not logged in has a small body only', async () => {
    const payload = JSON.stringify({ username: 'admin', password: PASSWORDS.admin, filler: 'x'.repeat(20_000) });
    const response = await harness.api.app.inject({ method: 'POST', url: '/api/login', payload });
    expect(response.json()).toEqual({ code: 413, error: 'Request body too large', status: 'fail' });
  });

  it('an answer that is not read is not held for ever', async () => {
    const port = await listenPlain({ answerTimeoutMs: 10_000 });
    harness.ports.fleetView.stats = async () =>
      Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`n${i}`, i]));
    const socket = await open(port);
    socket.pause();
    socket.write(`GET /api/lora/stats HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\n\r\n`);
    await until(() => harness.clock.nextAt() !== undefined);
    await harness.clock.advance(10_000);
    await until(() => harness.clock.nextAt() === undefined);
    socket.resume();
    await until(() => socket.closed);
    expect(socket.bytesRead).toBeLessThan(10_000_000);
  });

  it('requests without end on one connection are cut off before they pile up', async () => {
    const port = await listenPlain({ maxPipelined: 16 });
    let lookUps = 0;
    const found = harness.ports.accounts.session.bind(harness.ports.accounts);
    harness.ports.accounts.session = async (hash) => {
      lookUps += 1;
      return found(hash);
    };
    const socket = await open(port);
    let heard = '';
    socket.on('data', (part) => {
      heard += part.toString('latin1');
    });
    const question = `GET /api/whoami HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\n\r\n`;
    socket.write(question);
    await until(() => heard.includes('admin'));
    expect(lookUps).toBe(1);
    socket.write(question.repeat(5000));
    await until(() => socket.closed);
    expect(lookUps).toBeLessThanOrEqual(1 + 16);
  });

  it('a few requests ahead are served in their order', async () => {
    const port = await listenPlain();
    const socket = await open(port);
    let heard = '';
    socket.on('data', (part) => {
      heard += part.toString('latin1');
    });
    for (let i = 0; i < 16; i++) socket.write(`GET /api/x${i} HTTP/1.1\r\nHost: x\r\nCookie: token=${token}\r\n\r\n`);
    await until(() => heard.split('Path not found').length === 17);
  });

  it('uploads that are reset over TLS are given up at once', async () => {
    const port = await listen();
    const { body, contentType } = multipart([{ name: 'fotafile', filename: 'f', content: new Uint8Array(500_000) }]);
    const uploads: { readonly raw: Socket; readonly secure: TLSSocket }[] = [];
    for (let i = 0; i < 20; i++) {
      const upload = await secured(port);
      upload.secure.write(uploadHead(body.length, contentType));
      upload.secure.write(body.subarray(0, 1000));
      uploads.push(upload);
    }
    await until(() => harness.ports.uploads.openReceives() === 20);
    for (const { raw, secure } of uploads) {
      secure.once('finish', () => raw.resetAndDestroy());
      secure.end();
    }
    await until(() => harness.ports.uploads.openReceives() === 0);
    expect(harness.ports.uploads.names()).toEqual([]);
  });
});

describe('the end', () => {
  it('does not wait for connections without a request, whatever their state', async () => {
    const port = await listen();
    const plainPort = await listenPlain();
    const silent = await open(port);
    const half = await open(port);
    half.write(Buffer.from('160301', 'hex'));
    const handshaken = await secured(port);
    const slow = await secured(port);
    slow.secure.write('GET /api/policy HTTP/1.1\r\nX-Slow: ');
    const plain = await open(plainPort);
    // The clock stands still, so no time of grace passes.
    await harness.api.close(5000);
    await until(() => closedOf([silent, half, handshaken.raw, slow.raw, plain]) === 5);
  });

  it('does not wait long for requests that do not end', async () => {
    const port = await listen();
    const { body, contentType } = multipart([{ name: 'fotafile', filename: 'f', content: new Uint8Array(500_000) }]);
    const upload = await secured(port);
    upload.secure.write(uploadHead(body.length, contentType));
    upload.secure.write(body.subarray(0, 1000));
    await until(() => harness.ports.uploads.openReceives() === 1);
    const closing = harness.api.close(5000);
    await harness.clock.advance(5000);
    await closing;
    await until(() => harness.ports.uploads.openReceives() === 0);
  });
});
