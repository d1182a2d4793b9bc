import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContractClient } from '../crash/support/contract-client.ts';
import { ServerProcess } from '../crash/support/server-process.ts';
import { AIRLIFT, runProgram } from '../support/processes.ts';

const DEVICES = ['00-80-00-00-0a-00-11-ba', '00-80-00-00-0a-00-11-bb'];

describe('a data folder that was damaged while the server was stopped', () => {
  let dataDir: string;
  let server: ServerProcess | undefined;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'airlift-damaged-'));
    const first = await ServerProcess.start({ dataDir });
    const client = new ContractClient(first.httpsPort);
    await client.login();
    for (const deveui of DEVICES) {
      const device = { deveui, appeui: deveui, name: 'pump', class: 'A', appkey: '00112233445566778899aabbccddeeff' };
      await client.accepted('POST', '/api/loraNetwork/whitelist/devices', device);
    }
    await client.upload('small.bin', new Uint8Array(20_000));
    for (const schedule_filename of ['first', 'second']) {
      await client.accepted('POST', '/api/lora/fota', {
        transmission_type: 'FOTA',
        endDeviceDeveuis: DEVICES,
        multicastGroupID: 0,
        scheduledTimeSinceUnixEpoch: Math.floor(Date.now() / 1000) + 3_600,
        fotaFile: 'small.bin',
        schedule_filename,
      });
    }
    expect(await first.signal('SIGTERM')).toMatchObject({ code: 0 });
  });

  afterEach(async () => {
    await server?.kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Overwrites every occurrence of a text in the database with another of the same length. */
  async function overwrite(text: string, by: string): Promise<void> {
    const file = join(dataDir, 'airlift.db');
    const octets = await readFile(file);
    let found = 0;
    for (let at = octets.indexOf(text); at >= 0; at = octets.indexOf(text, at + 1)) {
      octets.write(by, at, 'latin1');
      found += 1;
    }
    expect(found).toBeGreaterThan(0);
    await writeFile(file, octets);
  }

  it('is served without the record that is damaged, which the log and the doctor name', async () => {
    await overwrite('"filename":"first"', '"filename":"first,');
    const startedAgain = await ServerProcess.start({ dataDir });
    server = startedAgain;
    const client = new ContractClient(startedAgain.httpsPort);
    await client.login();
    expect((await client.scheduled()).map(({ filename }) => filename)).toEqual(['second']);
    const named = startedAgain.complaints.filter((line) => line.includes('a damaged record was set aside'));
    expect(named).toHaveLength(1);
    expect(startedAgain.complaints).toEqual(named);
    const { code, stdout } = await runProgram(process.execPath, [AIRLIFT, 'doctor', '--data', dataDir, '--json'], {
      cwd: dataDir,
      limitMs: 60_000,
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ running: true, findings: [{ check: 'set-aside' }] });
  });

  it.each([
    ['damaged', async (file: string) => writeFile(file, 'a text and no database. '.repeat(1_000))],
    ['gone', async (file: string) => rm(file)],
  ])('is refused in one sentence when the database is %s', async (_what, damage) => {
    await damage(join(dataDir, 'airlift.db'));
    const refused = new ServerProcess({ dataDir });
    server = refused;
    expect(await refused.exited).toMatchObject({ code: 1 });
    expect(refused.log.trim().split('\n')).toEqual([expect.stringMatching(/^airlift: .*backup/)]);
  });
});
