import type { PlannedJobJson } from '@airlift/contract';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerJobs } from '../../packages/cli/src/remote/register-jobs.ts';
import { registerPlan } from '../../packages/cli/src/remote/register-plan.ts';
import { firmware } from '../support/firmware.ts';
import { TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/command-line';

describe(`the command line against a server (seed ${SEED})`, () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.start({ seed: SEED, devices: 2 });
    await instance.http.uploadFirmware('first.bin', firmware('first', 2_000));
    await instance.http.uploadFirmware('second.bin', firmware('second', 9_000));
  }, 30_000);
  afterAll(() => instance.stop());
  beforeEach(() => {
    vi.stubEnv('AIRLIFT_PASSWORD', instance.access.adminPassword);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  /** What the command prints. */
  async function run(...args: readonly string[]): Promise<string> {
    const program = new Command('airlift').exitOverride().configureOutput({ writeErr: () => undefined });
    registerPlan(program);
    registerJobs(program);
    const printed: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    await program.parseAsync(args, { from: 'user' });
    return printed.join('');
  }

  const server = () => ['--server', `https://127.0.0.1:${instance.access.httpsPort}`, '--insecure'];
  const devices = () => instance.deveuis.flatMap((deveui) => ['--device', deveui]);

  it('plan shows the sessions of an update of the named file', async () => {
    const text = await run('plan', ...server(), ...devices(), '--file', 'first.bin', '--parity', '3');
    expect(text).toContain('1 session, figures at 10 % loss\n1. 2 devices, US915, 923.3 MHz');
    expect(text).toMatch(/frames {5}\d+ plain, 3 parity, 1 status\n/);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(await instance.scheduled()).toEqual([]);
  });

  it('plan --json is the answer of the server, for the last upload unless told otherwise', async () => {
    const octets = async (...more: readonly string[]): Promise<number> => {
      const plan = JSON.parse(await run('plan', '--json', ...server(), ...devices(), ...more)) as PlannedJobJson;
      const [session] = plan.sessions;
      return (session?.fragments ?? 0) * (session?.fragment_size ?? 0) - (session?.padding ?? 0);
    };
    expect(await octets()).toBe(9_000);
    expect(await octets('--file', 'first.bin')).toBe(2_000);
  });

  it('jobs tells a job what to do, and says what became of it', async () => {
    const body = {
      transmission_type: 'FOTA',
      multicastGroupID: 0,
      endDeviceDeveuis: instance.deveuis,
      schedule_filename: 'job',
    };
    await instance.http.post('/api/lora/fota', body);
    await instance.advance(10_000);
    expect(await run('jobs', 'pause', 'job', ...server())).toBe('job is paused\n');
    expect(await run('jobs', 'resume', 'job', ...server())).toBe('job goes on\n');
    await expect(run('jobs', 'approve', 'job', ...server())).rejects.toThrow('not in a state for that');
    expect(await run('jobs', 'abort', 'job', ...server())).toBe('job is aborted\n');
    await instance.advance(1_000);
    expect(await run('jobs', 'retry', 'job', ...server())).toBe('job_retry is scheduled for 2 devices\n');
    await expect(run('jobs', 'abort', 'nobody', ...server())).rejects.toThrow('Operation not found');
  });

  it('a certificate that nobody vouches for, a wrong password and a wrong address are told in a line', async () => {
    const [option = '', url = ''] = server();
    const plan = ['plan', ...devices(), option];
    await expect(run(...plan, url)).rejects.toMatchObject({ kind: 'caller', code: 'certificate-untrusted' });
    await expect(run(...plan, 'http://127.0.0.1')).rejects.toMatchObject({ code: 'option-invalid' });
    await expect(run(...plan, 'nonsense')).rejects.toMatchObject({ code: 'option-invalid' });
    vi.stubEnv('AIRLIFT_PASSWORD', 'wrong');
    await expect(run(...plan, url, '--insecure')).rejects.toMatchObject({ kind: 'caller', code: 'call-failed' });
  });
});
