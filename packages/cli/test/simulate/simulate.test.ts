import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerSimulate } from '../../src/simulate/register-simulate.ts';
import { type Run, runCommands } from '../support/run.ts';

const simulate = (...args: string[]): Promise<Run> => runCommands(registerSimulate, ['simulate', ...args]);

describe('airlift simulate', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airlift-simulate-test-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('prints one JSON document and nothing else', async () => {
    const { code, out, err } = await simulate('--devices', '3', '--image-size', '2000', '--json');
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ devices: 3, completed: 3, falseSuccess: 0, frames: { plain: 9 } });
  });

  it('tells people what it does and what came out', async () => {
    const { out, err } = await simulate('--devices', '2', '--image-size', '500');
    expect(err).toContain('2 devices');
    expect(out).toContain('2 of 2 hold the identical image');
    expect(out).toMatch(/Frames {4}\d+ to groups: 3 fragments/);
  });

  it('sends the image of a file', async () => {
    const file = join(folder, 'image.bin');
    await writeFile(file, new Uint8Array(1000).fill(7));
    const { out } = await simulate('--devices', '1', '--image', file, '--json');
    expect(JSON.parse(out)).toMatchObject({ completed: 1, frames: { plain: 5 } });
    await writeFile(file, '');
    expect(await simulate('--image', file)).toMatchObject({ code: 1, err: `airlift: The file ${file} is empty\n` });
    expect((await simulate('--image', join(folder, 'none'))).code).toBe(1);
  });

  it.each([
    [['--devices', '0'], 'An integer in 1..100000 is wanted.'],
    [['--loss', '1'], 'A part of the whole is wanted, 0 to 0.95.'],
    [['--loss-up', '-1'], 'A part of the whole is wanted, 0 to 0.95.'],
    [['--burst', '0.5'], 'A number in 1..1000 is wanted.'],
    [['--gateways', 'two'], 'An integer in 1..1000 is wanted.'],
    [['--drift', 'x'], 'A number in 0..1000 is wanted.'],
    [['--late', '2'], 'A number in 0..1 is wanted.'],
    [['--uplink-interval', '0'], 'A number in 1..86400 is wanted.'],
    [['--image-size', '0'], 'An integer in 1..4000000 is wanted.'],
    [['--data-rate', '16'], 'An integer in 0..15 is wanted.'],
    [['--profile-mix', 'toaster=1'], 'no behaviour toaster; known are'],
    [['--profile-mix', 'zephyr=0'], '0 is no weight'],
    [['--image', 'a', '--image-size', '5'], '--image and --image-size exclude each other'],
    [['--whatever'], "unknown option '--whatever'"],
  ])('refuses %j', async (args, complaint) => {
    const { code, out, err } = await simulate(...args);
    expect(err).toContain(complaint);
    expect(code).toBe(2);
    expect(out).toBe('');
  });

  it.each([
    [['--region', 'MARS'], 'region-unknown'],
    [['--data-rate', '3'], 'option-invalid'],
  ])('refuses %j, which only the simulation knows', async (args, code) => {
    const run = await simulate(...args, '--devices', '1', '--image-size', '100');
    expect(run.err).toContain(code);
    expect(run.code).toBe(1);
  });
});
