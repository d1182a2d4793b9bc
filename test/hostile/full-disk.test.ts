import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rng } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContractClient } from '../crash/support/contract-client.ts';
import { ServerProcess } from '../crash/support/server-process.ts';

/** No file of the server may become larger: the system refuses the write, as it does when the disk is full. */
const LIMIT_KIB = 1_024;

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
