import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemEntropy, VirtualClock } from '@airlift/kernel';
import { openStore } from '@airlift/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerDoctor } from '../src/doctor-command.ts';
import { type Run, runCommands } from './support/run.ts';

const doctor = (...args: string[]): Promise<Run> => runCommands(registerDoctor, ['doctor', ...args]);

describe('airlift doctor', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'airlift-doctor-test-'));
    const store = await openStore({ dataDir, clock: new VirtualClock(), entropy: systemEntropy });
    await store.close();
  });

  afterEach(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });

  it('exits with 0 when all is well', async () => {
    const { code, out, err } = await doctor('--data', dataDir);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(dataDir);
    expect(out).toContain('All is well.');
  });

  it('exits with 1 and says what to do for every finding', async () => {
    await chmod(join(dataDir, 'secret.key'), 0o644);
    const { code, out } = await doctor('--data', dataDir);
    expect(code).toBe(1);
    expect(out).toContain(`chmod 600 ${join(dataDir, 'secret.key')}`);
    expect(out).toContain('1 found.');
  });

  it('prints one JSON document for programs', async () => {
    await chmod(join(dataDir, 'secret.key'), 0o644);
    const { code, out } = await doctor('--data', dataDir, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      dataDir,
      healthy: false,
      running: false,
      findings: [{ check: 'permissions', where: join(dataDir, 'secret.key') }],
    });
  });

  it('exits with 2 for a folder that it cannot look at, and for a command line that makes no sense', async () => {
    const nowhere = await doctor('--data', join(dataDir, 'nowhere'));
    expect(nowhere).toMatchObject({ code: 2, out: '' });
    expect(nowhere.err.trim().split('\n')).toHaveLength(1);
    expect((await doctor('--date', dataDir)).code).toBe(2);
  });
});
