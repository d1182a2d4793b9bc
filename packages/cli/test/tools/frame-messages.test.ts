import { describe, expect, test } from 'vitest';
import { outputOf, run } from '../support/run.ts';
import { vectors } from './support/vectors.ts';

interface MessageVector {
  readonly package: string;
  readonly version: string;
  readonly direction: 'uplink' | 'downlink';
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly hex: string;
}

const { messages } = vectors<{ messages: MessageVector[] }>('messages.json');
const how = (vector: MessageVector): string[] => [
  ...['--package', vector.package],
  ...['--version', vector.version],
  ...['--direction', vector.direction],
];
const label = (vector: MessageVector) => `${vector.package} ${vector.version} ${vector.name} ${vector.hex}`;
const single = messages.filter(({ name }) => !name.includes('+'));
const several = messages.filter(({ name }) => name.includes('+'));

/** The same object with its keys the other way round, at all depths. */
function turned(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(turned);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .reverse()
      .map(([key, value]) => [key, turned(value)]),
  );
}

test.each(single.map((vector) => [label(vector), vector] as const))('%s', async (_, vector) => {
  const { name, fields, hex } = vector;
  expect(JSON.parse(await outputOf(['frame', 'decode', ...how(vector), hex]))).toEqual([{ name, fields }]);
  const list = JSON.stringify([{ name, fields }]);
  expect(await outputOf(['frame', 'encode', ...how(vector), list])).toBe(`${hex}\n`);
  const lone = JSON.stringify(turned({ name, fields }));
  expect(await outputOf(['frame', 'encode', ...how(vector)], lone)).toBe(`${hex}\n`);
});

test.each(several.map((vector) => [label(vector), vector] as const))('%s', async (_, vector) => {
  const decoded = await outputOf(['frame', 'decode', ...how(vector), '-'], `${vector.hex.toUpperCase()}\n`);
  const commands = JSON.parse(decoded) as { name: string }[];
  const names = vector.name.replace(' in one downlink', '').split(/\s*\+\s*/);
  expect(commands.map(({ name }) => name)).toEqual(names);
  expect(await outputOf(['frame', 'encode', ...how(vector), '-'], decoded)).toBe(`${vector.hex}\n`);
});

describe('ways to say it', () => {
  test.each([
    [['--package', 'ts005', '--version', '2', '--direction', 'down']],
    [['--version', '2.0.0', '--direction', 'downlink', '--package', 'Ts005']],
  ])('%j', async (args) => {
    expect(await outputOf(['frame', 'decode', '--compact', ...args, '0x01 0F'])).toBe(
      '[{"name":"McGroupStatusReq","fields":{"ReqGroupMask":"0b1111"}}]\n',
    );
  });

  test('indented unless compact', async () => {
    expect(await outputOf(['frame', 'decode', '--package', 'TS006', '--direction', 'down', '01'])).toBe(
      '[\n  {\n    "name": "DevVersionReq",\n    "fields": {}\n  }\n]\n',
    );
  });

  test('MultiTech says more', async () => {
    const shown = [{ name: 'ChecksumAns', fields: { Match: 1 } }];
    for (const how of [
      ['--package', 'MTS201'],
      ['--package', 'TS004', '--dialect', 'multitech'],
      ['--package', 'TS004', '--dialect', 'multitech', '--version', '1.0.0'],
    ]) {
      expect(JSON.parse(await outputOf(['frame', 'decode', ...how, '--direction', 'down', '8001']))).toEqual(shown);
    }
    const plain = await run(['frame', 'decode', '--package', 'TS004', '--version', '1', '--direction', 'down', '8001']);
    expect(plain).toMatchObject({ code: 1, out: '' });
  });

  test('status answers of version 2 in the order of version 1', async () => {
    const decode = ['frame', 'decode', '--direction', 'up', '--package', 'TS004', '0105800301'];
    const [shown] = JSON.parse(await outputOf([...decode, '--dialect', 'v1-status'])) as { fields: object }[];
    expect(shown?.fields).toMatchObject({ FragIndex: 2, NbFragReceived: 5, MissingFrag: 3, MemoryError: 1 });
  });

  test('MAC commands, also of one edition only', async () => {
    const shown = [{ name: 'LinkADRAns', fields: { channelMaskAck: 1, dataRateAck: 1, powerAck: 1 } }];
    const decode = ['frame', 'decode', '--package', 'mac', '--direction', 'uplink'];
    expect(JSON.parse(await outputOf([...decode, '0307']))).toEqual(shown);
    expect(await outputOf(['frame', 'encode', ...decode.slice(2)], JSON.stringify(shown))).toBe('0307\n');
    expect(await outputOf([...decode, '--version', '1.0.3', '0d'])).toContain('DeviceTimeReq');
    expect(await run([...decode, '--version', '1.0.2', '0d'])).toEqual({
      code: 1,
      out: '',
      err: 'airlift: LoRaWAN 1.0.2 has no DeviceTimeReq\n',
    });
  });

  test('ForceRejoinReq in both readings', async () => {
    const decode = ['frame', 'decode', '--package', 'MAC', '--direction', 'down', '0e2403'];
    const [reference] = JSON.parse(await outputOf(decode)) as { fields: unknown }[];
    const [other] = JSON.parse(await outputOf([...decode, '--dialect', 'type-first'])) as { fields: unknown }[];
    expect(reference?.fields).toEqual({ maxRetries: 4, period: 4, dataRate: 3, rejoinType: 0 });
    expect(other?.fields).toEqual({ dataRate: 4, rejoinType: 2, maxRetries: 3, period: 0 });
  });
});

describe('whole frames of TS007', () => {
  const how = ['--package', 'TS007', '--multi-package', '--version', '2.0.0', '--direction', 'down'];
  const shown = {
    token: 2,
    sections: [
      { package: 'TS007', commands: [{ name: 'DevPackageReq', fields: {} }] },
      { package: 'TS003', commands: [{ name: 'ForceDeviceResyncCmd', fields: { NbTransmissions: 3 } }] },
    ],
  };

  test('both ways', async () => {
    expect(JSON.parse(await outputOf(['frame', 'decode', ...how, '0181030302']))).toEqual(shown);
    expect(await outputOf(['frame', 'encode', ...how, JSON.stringify(shown)])).toBe('0181030302\n');
  });

  test('parts of long answers', async () => {
    const up = ['--multi-package', '--direction', 'up'];
    expect(JSON.parse(await outputOf(['frame', 'decode', ...up, '0204aabb01']))).toEqual({
      token: 1,
      buffer: { baseByte: 4, data: 'aabb' },
    });
    expect(JSON.parse(await outputOf(['frame', 'decode', ...up, '02ff']))).toEqual({ buffer: { refused: true } });
    const again = ['frame', 'decode', '--multi-package', '--direction', 'down', '020409'];
    expect(JSON.parse(await outputOf(again))).toEqual({ buffer: { startByte: 4, stopByte: 9 } });
  });

  test('what cannot be read', async () => {
    expect(await run(['frame', 'decode', ...how, '7f00'])).toMatchObject({ code: 1, out: '' });
    expect((await run(['frame', 'decode', ...how, '7f00'])).err).toContain('octet 0');
  });
});
