import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProgressJson, ResultsJson } from '@airlift/contract';
import { describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { requireBuild, startProgram } from '../support/processes.ts';
import { FLEET_HABITS, startServe } from '../support/running-server.ts';

const SEED = 'external-stack';
const DEVICES = 3;
const LIMIT_MS = 90_000;

interface Provisioning {
  readonly deveui: string;
}

describe('gateway and devices in a process of their own', () => {
  it(
    `know the server by its UDP port only, and it knows them by its whitelist only (seed ${SEED})`,
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'airlift-external-'));
      const [keysFile, received] = [join(folder, 'keys.json'), join(folder, 'received')];
      // Both sides count the same time from the same instant.
      const anchor = ['--time-anchor', String(Math.floor(Date.now() / 1000))];
      const server = await startServe(anchor);
      const fleet = startProgram(process.execPath, [
        ...[requireBuild(), 'fleet', '--udp', `127.0.0.1:${server.udpPort}`, '--devices', String(DEVICES)],
        ...['--seed', SEED, '--keys-out', keysFile, '--out', received, '--loss', '0.05', ...FLEET_HABITS, ...anchor],
      ]);
      try {
        const http = await server.client();
        await fleet.waitFor(/devices behind gateway/, 30_000);
        const devices = JSON.parse(await readFile(keysFile, 'utf8')) as readonly Provisioning[];
        expect(devices).toHaveLength(DEVICES);
        for (const device of devices) {
          expect((await http.post('/api/loraNetwork/whitelist/devices', device)).status).toBe(200);
        }
        const joined = async (): Promise<number> => {
          const { result } = (await http.get('/api/lora/devices')).json as { result: { last_seen: string }[] };
          return result.filter(({ last_seen }) => last_seen !== '').length;
        };
        await expect.poll(joined, { timeout: 40_000, interval: 200 }).toBe(DEVICES);

        const image = firmware(SEED, 4_000);
        await http.uploadFirmware('external.bin', image);
        const accepted = await http.post('/api/lora/fota', {
          transmission_type: 'FOTA',
          multicastGroupID: 0,
          endDeviceDeveuis: devices.map(({ deveui }) => deveui),
          fotaFile: 'external.bin',
          launchTimeFromSetupTime: 120,
        });
        expect(accepted.status).toBe(200);
        const percent = async (): Promise<number> => {
          const { result } = (await http.get('/api/lora/fotaprogress')).json as { result: ProgressJson };
          return result.overall_percent_complete;
        };
        await expect.poll(percent, { timeout: LIMIT_MS, interval: 500 }).toBe(100);
        const { result } = (await http.get('/api/lora/fotaresults')).json as { result: ResultsJson };
        expect(result.operations).toMatchObject([{ success: DEVICES, failed: 0, skipped: 0 }]);
        expect(result.operations[0]?.devices.map(({ deveui }) => deveui)).toEqual(devices.map(({ deveui }) => deveui));
        for (const { deveui } of devices) {
          const file = join(received, deveui.replaceAll('-', ''), 'image.bin');
          const held = (): Promise<Buffer | undefined> => readFile(file).catch(() => undefined);
          // A device stores its image when the confirmation of its check value reaches it.
          await expect.poll(held, { timeout: 10_000, interval: 200 }).toEqual(Buffer.from(image));
        }
        http.close();
      } catch (error) {
        console.error(server.program.output(), fleet.output());
        throw error;
      } finally {
        await fleet.stop();
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
    2 * LIMIT_MS,
  );
});
