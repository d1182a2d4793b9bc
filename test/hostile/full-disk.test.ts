import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Rng } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContractClient } from '../crash/support/contract-client.ts';
import { ServerProcess } from '../crash/support/server-process.ts';
import { until } from '../crash/support/waiting.ts';

/** No file of the server may become larger: the system refuses the write, as it does when the disk is full. */
const LIMIT_KIB = 1_024;

const FULL = { httpStatus: 507, code: 507, status: 'fail', error: 'Insufficient storage' };

/** Lets the running server write no further octet to any file, or as many as it likes again. */
async function setRoom(server: ServerProcess, room: 'none' | 'enough'): Promise<void> {
  const limit = room === 'none' ? '0:' : 'unlimited:';
  await promisify(execFile)('prlimit', ['--pid', String(server.pid), `--fsize=${limit}`]);
}

describe('a disk that is full', () => {
  const rng = new Rng('full-disk');
  let dataDir: string;
  let server: ServerProcess;
  let client: ContractClient;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'airlift-full-disk-'));
    server = await ServerProcess.start({ dataDir, fileSizeLimit: LIMIT_KIB });
    client = new ContractClient(server.httpsPort);
    await client.login();
  });

  afterEach(async () => {
    await server.kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('fails the upload in the contract’s words, keeps nothing of it, and the server goes on', async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await client.upload('too-large.bin', rng.octets(2 * 1024 * LIMIT_KIB))).toEqual({
        httpStatus: 507,
        code: 507,
        status: 'fail',
        error: 'Insufficient storage',
      });
      expect(await readdir(join(dataDir, 'images'))).toEqual(['incoming']);
      expect(await readdir(join(dataDir, 'images', 'incoming'))).toEqual([]);
    }
    const job = {
      transmission_type: 'FOTA',
      endDeviceDeveuis: ['00-80-00-ff-00-00-00-02'],
      multicastGroupID: 0,
      scheduledTimeSinceUnixEpoch: Math.floor(Date.now() / 1000) + 3_600,
    };
    expect(await client.json('POST', '/api/lora/fota', { ...job, fotaFile: 'too-large.bin' })).toMatchObject({
      httpStatus: 404,
    });

    expect(await client.upload('small.bin', rng.octets(100_000))).toMatchObject({ httpStatus: 200 });
    await client.accepted('POST', '/api/lora/fota', { ...job, fotaFile: 'small.bin' });
    expect((await client.scheduled()).map(({ input_filename }) => input_filename)).toEqual(['small.bin']);
    expect(server.complaints).toEqual([]);
  });
});

describe('a disk that fills up while the server runs', () => {
  const SOME_DEVICE = {
    deveui: '00-80-00-00-0a-00-11-ba',
    appeui: '00-00-00-00-00-00-00-00',
    name: 'pump 7',
    class: 'A',
    appkey: '00112233445566778899aabbccddeeff',
  };
  const job = (filename: string) => ({
    transmission_type: 'FOTA',
    endDeviceDeveuis: ['00-80-00-ff-00-00-00-02'],
    multicastGroupID: 0,
    scheduledTimeSinceUnixEpoch: Math.floor(Date.now() / 1000) + 3_600,
    fotaFile: 'small.bin',
    schedule_filename: filename,
  });
  const READS = [
    '/api/whoami',
    '/api/session',
    '/api/lora/fotaschedule',
    '/api/lora/fotaprogress',
    '/api/lora/devices',
  ];
  let dataDir: string;
  let server: ServerProcess;
  let client: ContractClient;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'airlift-filling-disk-'));
    // With so short a session, nearly every request would like to prolong it on the disk.
    server = await ServerProcess.start({ dataDir, sessionTimeout: 60 });
    client = new ContractClient(server.httpsPort);
    await client.login();
    await client.upload('small.bin', new Rng('filling-disk').octets(20_000));
    await client.accepted('POST', '/api/lora/fota', job('before'));
  });

  afterEach(async () => {
    await server.kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('answers 507 wherever something had to be written, goes on reading, and writes again when there is room', async () => {
    await setRoom(server, 'none');
    expect(await client.json('POST', '/api/lora/fota', job('meanwhile'))).toEqual(FULL);
    expect(await client.json('POST', '/api/loraNetwork/whitelist/devices', SOME_DEVICE)).toEqual(FULL);
    expect(await client.json('DELETE', '/api/lora/fotaschedule/before')).toEqual(FULL);
    expect(await client.upload('another.bin', new Uint8Array(1_000))).toEqual(FULL);
    await expect(client.login()).rejects.toThrow('Insufficient storage');
    const read = async (): Promise<void> => {
      for (const path of READS) expect(await client.json('GET', path)).toMatchObject({ httpStatus: 200 });
    };
    await until('the session is to be prolonged', 60_000, async () => {
      await read();
      return server.log.includes('sessions cannot be prolonged');
    });
    await read();

    await setRoom(server, 'enough');
    await client.accepted('POST', '/api/lora/fota', job('after'));
    await client.login();
    expect((await client.scheduled()).map(({ filename }) => filename)).toEqual(['before', 'after']);
    expect(server.log.match(/nothing can be stored/g)).toHaveLength(1);
    expect(server.log.match(/there is room on the disk again/g)).toHaveLength(1);
    expect(server.log).not.toContain('request failed');
  });
});
