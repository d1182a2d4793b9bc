import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outputOf, run } from '../support/run.ts';

const TS005 = ['--package', 'TS005', '--version', '1.0.0', '--direction', 'downlink'];
const STATUS = '{"name": "McGroupStatusReq", "fields": {"ReqGroupMask": 5}}';
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlift-frame-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('input that cannot be processed: one line, exit code 1, nothing else', () => {
  test.each([
    ['cut off', ['frame', 'decode', ...TS005, '0200'], 'truncated'],
    [
      'unknown',
      ['frame', 'decode', ...TS005, '010f7f'],
      'octet 2: no command has CID 0x7f (unknown-cid, after McGroupStatusReq)',
    ],
    ['something behind', ['frame', 'decode', '--package', 'TS007', '--direction', 'down', '02010203'], 'trailing'],
    ['no hexadecimal text', ['frame', 'decode', ...TS005, '01zz'], 'not hexadecimal'],
    ['half an octet', ['frame', 'decode', ...TS005, '010'], '3 hexadecimal digits'],
    ['nothing', ['frame', 'decode', ...TS005], 'no octets'],
    ['no JSON', ['frame', 'encode', ...TS005, '{"name":'], 'not JSON'],
    ['no commands', ['frame', 'encode', ...TS005, '[]'], 'no command'],
    ['no name', ['frame', 'encode', ...TS005, '[{"fields":{}}]'], 'has no "name"'],
    ['misspelt fields', ['frame', 'encode', ...TS005, '{"name":"McGroupStatusReq","felds":{}}'], 'has no "fields"'],
    ['fields in a list', ['frame', 'encode', ...TS005, '{"name":"McGroupStatusReq","fields":[]}'], 'not an object'],
    ['a text', ['frame', 'encode', ...TS005, '"McGroupStatusReq"'], 'not an object'],
    ['a foreign command', ['frame', 'encode', ...TS005, '{"name":"AppTimeAns","fields":{}}'], 'command-unknown'],
    ['a missing field', ['frame', 'encode', ...TS005, '{"name":"McGroupStatusReq"}'], 'field-missing'],
    ['a foreign field', ['frame', 'encode', ...TS005, STATUS.replace('ReqGroupMask', 'Mask')], 'field-unknown'],
    ['a value too large', ['frame', 'encode', ...TS005, STATUS.replace('5', '16')], 'field-out-of-range'],
    ['no such file', ['frame', 'encode', ...TS005, '@/nonexistent/x.json'], 'ENOENT'],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await run(args);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).toMatch(/^airlift: .*\n$/);
  });

  test('several frames at once', async () => {
    expect(await run(['frame', 'decode', ...TS005], '010f\n010f\n')).toMatchObject({ code: 1, out: '' });
  });
});

describe('command lines that make no sense: exit code 2', () => {
  test.each([
    [['frame']],
    [['frame', 'recode']],
    [['frame', 'decode', '--package', 'TS005', '--version', '1', '010f']],
    [['frame', 'decode', '--direction', 'up', '--version', '1', '010f']],
    [['frame', 'decode', '--package', 'TS005', '--direction', 'down', '010f']],
    [['frame', 'decode', '--package', 'TS005', '--version', '3.0.0', '--direction', 'down', '010f']],
    [['frame', 'decode', '--package', 'TS006', '--version', '2.0.0', '--direction', 'down', '01']],
    [['frame', 'decode', '--package', 'TS008', '--version', '1', '--direction', 'down', '01']],
    [['frame', 'decode', '--package', 'TS005', '--version', '1', '--direction', 'sideways', '01']],
    [['frame', 'decode', ...TS005, '--dialect', 'multitech', '01']],
    [['frame', 'decode', '--package', 'MTS201', '--version', '2', '--direction', 'up', '01']],
    [['frame', 'decode', '--package', 'MAC', '--version', '1.2', '--direction', 'up', '01']],
    [['frame', 'decode', ...TS005, '--fcnt', '1', '010f']],
    [['frame', 'decode', ...TS005, '--multi-package', '010f']],
    [['frame', 'decode', '--phy', '--nwk-skey', '00', '60']],
    [['frame', 'decode', ...TS005, '010f', '010f']],
    [['frame', 'decode', ...TS005, '--frobnicate', '010f']],
    [['frame', 'encode', '--phy', '{}']],
  ])('%j', async (args) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
  });
});

test('JSON from a file', async () => {
  const file = join(folder, 'commands.json');
  await writeFile(file, STATUS);
  expect(await outputOf(['frame', 'encode', ...TS005, `@${file}`])).toBe('0105\n');
});

test.each([
  [['frame']],
  [['frame', 'decode']],
  [['frame', 'encode']],
  [['fec']],
  [['fec', 'encode']],
  [['fec', 'decode']],
  [['airtime']],
])('help of %j', async (command) => {
  const { code, out, err } = await run([...command, '--help']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(`airlift ${command.join(' ')}`);
  // Groups of commands only list them.
  expect(/Examples?:/.test(out)).toBe(!['frame', 'fec'].includes(command.join(' ')));
});

test('the version of the program stays its own', async () => {
  expect(await run(['--version'])).toEqual({ code: 0, out: '9.9.9\n', err: '' });
});
