import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEui64, Rng } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawDevice, whitelistEntry } from '../hostile/support/raw-device.ts';
import { RawGateway } from '../hostile/support/raw-gateway.ts';
import { ContractClient } from './support/contract-client.ts';
import { beginUpload } from './support/half-upload.ts';
import { ServerProcess, type ServerSettings } from './support/server-process.ts';

const STOP_WITHIN_MS = 2_000;
const START_WITHIN_MS = 2_000;
const MOST_STARTS = 8;
const JOB = 'waits-for-devices';

describe('start and stop of the server', () => {
  let dataDir: string;
  const servers: ServerProcess[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'airlift-start-stop-'));
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function started(settings: Partial<ServerSettings> = {}): Promise<ServerProcess> {
    const server = new ServerProcess({ dataDir, ...settings });
    servers.push(server);
    await server.ready();
    return server;
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends it in time, with exit code 0 and nothing half done',
    async (signal) => {
      const server = await started();
      const client = new ContractClient(server.httpsPort);
      await client.login();
      await client.upload('whole.bin', new Uint8Array(1_000).fill(7));
      await client.accepted('POST', '/api/lora/fota', {
        transmission_type: 'FOTA',
        endDeviceDeveuis: ['00-80-00-ff-00-00-00-02'],
        multicastGroupID: 0,
        fotaFile: 'whole.bin',
        schedule_filename: JOB,
        scheduledTimeSinceUnixEpoch: Math.floor(Date.now() / 1000) + 3_600,
      });
      const keptAlive = new Agent({ keepAlive: true });
      await idleConnection(server.httpsPort, keptAlive);
      await beginUpload(client, 'half.bin', new Uint8Array(200_000));
      const silentGateway = await awaitedGateway(server, client);

      const began = performance.now();
      expect(await server.signal(signal)).toEqual({ code: 0, signal: null });
      expect(performance.now() - began).toBeLessThan(STOP_WITHIN_MS);
      keptAlive.destroy();
      silentGateway.close();
      expect(server.complaints).toEqual([]);
      expect(await readdir(join(dataDir, 'images', 'incoming'))).toEqual([]);
      // The last one to close a database folds its log into it.
      expect(existsSync(join(dataDir, 'airlift.db-wal'))).toBe(false);

      const next = new ContractClient((await started()).httpsPort);
      await next.login();
      expect((await next.scheduled()).map(({ filename }) => filename)).toEqual([JOB]);
    },
  );

  it('starts again in time', async () => {
    await (await started()).kill();
    const startsMs: number[] = [];
    // One start in time shows that it can; the others may have met a busy machine.
    while (startsMs.length < MOST_STARTS && !startsMs.some((startMs) => startMs < START_WITHIN_MS)) {
      const server = new ServerProcess({ dataDir });
      servers.push(server);
      startsMs.push(await server.ready());
      await server.kill();
    }
    expect(Math.min(...startsMs)).toBeLessThan(START_WITHIN_MS);
  });

  it('refuses in one line what another server has taken: the data folder, the HTTPS port, the UDP port', async () => {
    const first = await started();
    const elsewhere = join(dataDir, 'another');
    const { httpsPort, udpPort } = first;
    for (const [settings, hint] of [
      [{ dataDir }, dataDir],
      [{ dataDir, httpsPort, udpPort }, dataDir],
      [{ dataDir: elsewhere, httpsPort }, String(httpsPort)],
      [{ dataDir: elsewhere, udpPort }, String(udpPort)],
    ] as const) {
      const second = new ServerProcess(settings);
      servers.push(second);
      expect(await second.exited).toEqual({ code: 1, signal: null });
      expect(second.said).toBe('');
      expect(second.log).toMatch(/^airlift: [^\n]+\n$/);
      expect(second.log).toContain(hint);
    }
    await new ContractClient(httpsPort).login();
    expect(first.complaints).toEqual([]);
  });
});

/** Makes one request and leaves the connection open. */
function idleConnection(port: number, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/api/policy', agent, rejectUnauthorized: false }, (response) => {
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
}

/** A gateway that was handed a frame and owes the word whether it sends it. */
async function awaitedGateway(server: ServerProcess, client: ContractClient): Promise<RawGateway> {
  const gateway = await RawGateway.open(server.udpPort, parseEui64('0080000000bad001'));
  gateway.acknowledgement = () => undefined;
  const device = new RawDevice(whitelistEntry(1, new Rng('start-stop')), gateway);
  await client.accepted('POST', '/api/loraNetwork/whitelist/devices', device.entry);
  await gateway.pull();
  await device.join();
  return gateway;
}
