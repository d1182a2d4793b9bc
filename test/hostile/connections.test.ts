import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rng } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContractClient, fileForm } from '../crash/support/contract-client.ts';
import { CrashWorld } from '../crash/support/crash-world.ts';
import { ServerProcess } from '../crash/support/server-process.ts';
import { realPause, until } from '../crash/support/waiting.ts';
import { holdSocketsOfEveryKind } from './support/held-sockets.ts';
import { HALF_HELLO, openFrom, openMany, secured } from './support/raw-socket.ts';

const ADMIN = '127.0.0.1';
const OTHER = '127.0.0.2';
/** More than any one address has places. */
const MANY = 600;
/** A login takes a hash of some tenths of a second; scripts wait longer than this. */
const LOGIN_WITHIN_MS = 10_000;
/** What was broken off or refused must be gone by then. Without bounds it would take eleven minutes. */
const GONE_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 5_000;
const PIPELINES = 12;
const REQUESTS_EACH = 60_000;
/** Far above what a server at rest or at work has, and far below what the requests take when they pile up. */
const MEMORY_OCTETS = 450 * 2 ** 20;
const UPLOADS = 200;
/** For a whole attack, on a busy machine. */
const LIMIT_MS = 180_000;

describe('connections of those who wish the server ill', () => {
  let server: ServerProcess;
  let dataDir: string;
  let client: ContractClient;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'airlift-connections-'));
    server = await ServerProcess.start({ dataDir, httpPort: 0 });
    client = new ContractClient(server.httpsPort);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function openAll(address: string, port = server.httpsPort): Promise<readonly Socket[]> {
    const opened = await openMany(MANY, address, port);
    sockets.push(...opened);
    return opened;
  }

  /** The administrator gets in, and all is over soon after the others have gone. */
  async function survives(socketsBefore: number): Promise<void> {
    const began = performance.now();
    await client.login();
    expect(performance.now() - began).toBeLessThan(LOGIN_WITHIN_MS);
    for (const socket of sockets.splice(0)) socket.destroy();
    await hasNoMoreSocketsThan(socketsBefore);
    await client.accepted('GET', '/api/whoami');
    expect(server.complaints).toEqual([]);
  }

  const hasNoMoreSocketsThan = (count: number): Promise<void> =>
    until('the sockets are gone', GONE_WITHIN_MS, async () => (await socketsOf(server)) <= count);

  describe.each([ADMIN, OTHER])('from %s', (address) => {
    it(
      'that say nothing keep nobody out',
      async () => {
        const before = await socketsOf(server);
        await openAll(address);
        await survives(before);
      },
      LIMIT_MS,
    );

    it(
      'that stop in their handshake keep nobody out',
      async () => {
        const before = await socketsOf(server);
        for (const socket of await openAll(address)) socket.write(HALF_HELLO);
        await survives(before);
      },
      LIMIT_MS,
    );

    it(
      'that never finish the head of a request keep nobody out, over TLS and without',
      async () => {
        const before = await socketsOf(server);
        for (const socket of await openAll(address, server.httpPort)) socket.write('GET /api/policy HTTP/1.1\r\nX: ');
        for (const raw of await openAll(address)) (await secured(raw)).write('GET /api/policy HTTP/1.1\r\nX: ');
        await survives(before);
      },
      LIMIT_MS,
    );
  });

  it(
    'whose body drips after they were refused are closed soon',
    async () => {
      const raw = await openFrom(OTHER, server.httpPort);
      sockets.push(raw);
      let heard = '';
      raw.on('data', (octets) => {
        heard += octets.toString();
      });
      raw.write('POST /api/lora/fota HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n');
      await until('the body is not waited for', GONE_WITHIN_MS, async () => {
        raw.write('x');
        await realPause(50);
        return raw.closed;
      });
      expect(heard).toContain('401 Unauthorized');
    },
    LIMIT_MS,
  );

  it(
    'on which requests without end are sent and no answer is read do not fill the memory',
    async () => {
      const cookie = `Cookie: token=${'A'.repeat(64)}`;
      const octets = Buffer.from(`GET /api/lora/status HTTP/1.1\r\nHost: x\r\n${cookie}\r\n\r\n`.repeat(REQUESTS_EACH));
      for (let i = 0; i < PIPELINES; i++) sockets.push(await openFrom(OTHER, server.httpPort));
      for (const socket of sockets) socket.write(octets);
      let mostOctets = 0;
      await until('the requests are cut off', LIMIT_MS, async () => {
        mostOctets = Math.max(mostOctets, await residentOctets(server));
        return mostOctets > MEMORY_OCTETS || sockets.every(({ closed }) => closed);
      });
      expect(mostOctets).toBeLessThan(MEMORY_OCTETS);
      await client.login();
    },
    LIMIT_MS,
  );

  it(
    'of uploads that are broken off leave nothing',
    async () => {
      await client.login();
      const before = await socketsOf(server);
      const filesBefore = await filesOf(server);
      const incoming = (): Promise<readonly string[]> => readdir(join(dataDir, 'images', 'incoming'));
      const { body, contentType } = fileForm('broken.bin', new Uint8Array(100_000));
      const head =
        `POST /api/command/upload_lora_fota_file HTTP/1.1\r\nHost: x\r\nCookie: token=${client.token}\r\n` +
        `Content-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
      const raws = await openMany(UPLOADS, ADMIN, server.httpsPort);
      sockets.push(...raws);
      const half = Buffer.concat([Buffer.from(head), body.subarray(0, 50_000)]);
      const uploads = await Promise.all(raws.map(secured));
      for (const upload of uploads) upload.write(half);
      await until('all are under way', GONE_WITHIN_MS, async () => (await incoming()).length === UPLOADS);

      for (const [i, upload] of uploads.entries()) {
        const reset = (): unknown => raws[i]?.resetAndDestroy();
        // Every other one says goodbye as TLS does, like a program that ends, and the reset comes on top of that.
        if (i % 2 === 0) reset();
        else upload.end(reset);
      }
      await until('their files are gone', GONE_WITHIN_MS, async () => (await incoming()).length === 0);
      await hasNoMoreSocketsThan(before);
      await until('no file is open', GONE_WITHIN_MS, async () => (await filesOf(server)) <= filesBefore);
      expect(await client.upload('whole.bin', new Uint8Array(1_000))).toMatchObject({ httpStatus: 200 });
      expect(server.complaints).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'do not keep the server from stopping, whatever their state',
    async () => {
      await client.login();
      await client.upload('some.bin', new Uint8Array(1_000));
      const release = await holdSocketsOfEveryKind(client, Date.now() / 1000);
      const began = performance.now();
      expect(await server.signal('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(performance.now() - began).toBeLessThan(STOP_WITHIN_MS);
      release();
      expect(server.complaints).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('connections of every kind while a firmware is broadcast', () => {
  const FRAGMENTS = 60;
  const FRAGMENT_OCTETS = 49;
  const JOB = 'interrupted';
  const JOINS_WITHIN_MS = 40_000;
  const END_WITHIN_MS = 120_000;
  let world: CrashWorld;

  beforeEach(async () => {
    world = await CrashWorld.create('connections');
    // From here on, time is as fast as it is for the devices.
    await world.kill();
    await world.start();
  }, LIMIT_MS);

  afterEach(() => world.close());

  it(
    'do not keep the server from stopping, and the job goes on at the next start',
    async () => {
      const { client, fleet, images } = world;
      const image = new Rng('connections').octets(FRAGMENTS * FRAGMENT_OCTETS - 17);
      await client.login();
      for (const device of fleet.whitelist()) {
        await client.accepted('POST', '/api/loraNetwork/whitelist/devices', device);
      }
      await client.upload('broadcast.bin', image);
      await until('every device joined', JOINS_WITHIN_MS, () => fleet.snapshot().every(({ joined }) => joined));
      await client.accepted('POST', '/api/lora/fota', {
        transmission_type: 'FOTA',
        endDeviceDeveuis: world.fotaDevEuis(),
        multicastGroupID: 0,
        fotaFile: 'broadcast.bin',
        launchTimeFromSetupTime: 8 * world.timeScale,
        schedule_filename: JOB,
        max_packet_size: FRAGMENT_OCTETS + 3,
        sleep_time: 5_000,
        psleep_time: 8_000,
      });
      await until('the broadcast is under way', END_WITHIN_MS, () => world.air.groupFrames.length > 0);
      const release = await holdSocketsOfEveryKind(client, world.clock.now() / 1000);

      const began = performance.now();
      expect(await world.stop()).toEqual({ code: 0, signal: null });
      expect(performance.now() - began).toBeLessThan(STOP_WITHIN_MS);
      release();
      expect(world.air.groupFrames.length).toBeLessThan(FRAGMENTS);

      await world.start();
      await until('the job is complete', END_WITHIN_MS, async () => {
        return (await client.progress(JOB)).overall_percent_complete === 100;
      });
      await until('all devices stored the image', END_WITHIN_MS, () => {
        return new Set(images.images.map(({ device }) => device)).size === world.fotaDevEuis().length;
      });
      expect(world.complaints).toEqual([]);
      expect(world.air.faults).toEqual([]);
    },
    LIMIT_MS,
  );
});

/** What the kernel says the server has open, as the targets of its descriptors. */
async function descriptorsOf(server: ServerProcess): Promise<readonly string[]> {
  const folder = `/proc/${server.pid}/fd`;
  // One may be closed between the two looks.
  return Promise.all((await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => '')));
}

async function socketsOf(server: ServerProcess): Promise<number> {
  return (await descriptorsOf(server)).filter((target) => target.startsWith('socket:')).length;
}

async function filesOf(server: ServerProcess): Promise<number> {
  return (await descriptorsOf(server)).filter((target) => target.startsWith('/')).length;
}

/** Resident memory of the server in octets, as the kernel has it. */
async function residentOctets(server: ServerProcess): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
