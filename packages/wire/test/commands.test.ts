import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  bits,
  CommandList,
  command,
  describeCommand,
  drawFields,
  equals,
  errorBits,
  flag,
  frequency,
  hex32,
  i32,
  isClear,
  type MessageOf,
  mask,
  noneOf,
  octets,
  records,
  remaining,
  rest,
  rfu,
  signedBits,
  u8,
  u16,
  u24,
  u32,
  WireError,
  when,
} from '../src/index.ts';
import { choicesOf } from './choices.ts';

// One made-up command per way of declaring, together covering every kind of field.
const Numbers = command({
  name: 'Numbers',
  cid: 0x01,
  direction: 'down',
  versions: [1],
  section: 'test 1',
  doc: 'Whole octets.',
  parts: [
    u8('small', 'limited', { min: 1, max: 9 }),
    u16('word', ''),
    u24('three', ''),
    u32('long', ''),
    i32('signed', ''),
    hex32('address', ''),
    frequency('frequency_Hz', ''),
    octets('key', 3, ''),
  ],
});
const Groups = command({
  name: 'Groups',
  cid: 0x02,
  direction: 'down',
  versions: [1],
  section: 'test 2',
  doc: 'Bit groups.',
  parts: [
    bits('low', 3, ''),
    rfu(1),
    flag('on', ''),
    mask('set', 11, ''),
    signedBits('margin', 6, ''),
    errorBits('errors', ['First', 'Second'], ''),
  ],
});
const Conditions = command({
  name: 'Conditions',
  cid: 0x03,
  direction: 'down',
  versions: [1],
  section: 'test 3',
  doc: 'Conditional fields.',
  parts: [
    bits('kind', 2, ''),
    flag('absent', ''),
    errorBits('errors', ['Broken'], ''),
    rfu(4),
    when(equals('kind', 3), [u8('extra', '')]),
    when(isClear('absent'), [u8('present', '')]),
    when(noneOf('errors'), [u8('time', ''), u8('more', '')]),
  ],
});
const Records = command({
  name: 'Records',
  cid: 0x04,
  direction: 'down',
  versions: [1],
  section: 'test 4',
  doc: 'Repeated groups.',
  parts: [
    mask('members', 4, ''),
    bits('count', 4, ''),
    records('byMask', { bitsSetIn: 'members' }, [u8('id', ''), hex32('address', '')], ''),
    records('byCount', { countIn: 'count' }, [bits('a', 4, ''), bits('b', 4, '')], ''),
  ],
});
const Forms = command({
  name: 'Forms',
  cid: 0x05,
  direction: 'down',
  versions: [1],
  section: 'test 5',
  doc: 'Two forms told apart by length.',
  alone: true,
  parts: [when(remaining(3), [u8('index', '')]), u16('value', '')],
});
const Rest = command({
  name: 'Rest',
  cid: 0x06,
  direction: 'down',
  versions: [1],
  section: 'test 6',
  doc: 'The rest of the frame.',
  alone: true,
  parts: [bits('n', 14, ''), bits('index', 2, ''), rest('data', 50, '')],
});

const ALL = [Numbers, Groups, Conditions, Records, Forms, Rest] as const;
type One = (typeof ALL)[number];
const list = new CommandList<One>(ALL);

describe.each(ALL.map((one) => [one.name, one] as const))('%s', (name, one) => {
  const messages = fc
    .gen()
    .map((gen) => ({ name, fields: drawFields<unknown>(one, choicesOf(gen)) }) as MessageOf<One>);

  test('encode and decode', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(list.decode(list.encode([message]))).toEqual([message]);
      }),
    );
  });

  test('view and back, through JSON', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(list.fromView(JSON.parse(JSON.stringify(list.view(message))))).toEqual(message);
      }),
    );
  });

  test('documentation names every field', () => {
    const text = describeCommand(one);
    expect(text).toContain(`### ${name}\n\nCID 0x0${one.cid} · downlink · versions 1 · ${one.section}`);
    for (const part of one.parts) {
      for (const field of part.shape === 'field' ? [part] : part.shape === 'when' ? part.fields : []) {
        expect(text).toContain(`| \`${field.name}\` | ${field.form} |`);
      }
    }
  });
});

test('the types of the fields follow from the declaration', () => {
  expectTypeOf<MessageOf<typeof Groups>>().toEqualTypeOf<{
    readonly name: 'Groups';
    readonly fields: {
      readonly low: number;
      readonly on: boolean;
      readonly set: number;
      readonly margin: number;
      readonly errors: readonly ('First' | 'Second')[];
    };
  }>();
  type ConditionFields = MessageOf<typeof Conditions>['fields'];
  expectTypeOf<ConditionFields['extra']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<ConditionFields['kind']>().toEqualTypeOf<number>();
  type RecordRow = MessageOf<typeof Records>['fields']['byMask'][number];
  expectTypeOf<RecordRow>().toEqualTypeOf<{ readonly id: number; readonly address: number }>();
  expectTypeOf<keyof MessageOf<typeof Numbers>['fields']>().toEqualTypeOf<
    'small' | 'word' | 'three' | 'long' | 'signed' | 'address' | 'frequency_Hz' | 'key'
  >();
});

test('known octets', () => {
  const fields = {
    small: 9,
    word: 0x1234,
    three: 0x010203,
    long: 0xfffffffe,
    signed: -2,
    address: 0x01fb5a3c,
    frequency_Hz: 868_100_000,
    key: Uint8Array.of(7, 8, 9),
  };
  const octetsOnAir = Uint8Array.of(
    0x01,
    9,
    ...[0x34, 0x12],
    ...[3, 2, 1],
    ...[0xfe, 0xff, 0xff, 0xff],
    ...[0xfe, 0xff, 0xff, 0xff],
    ...[0x3c, 0x5a, 0xfb, 0x01],
    ...[0x28, 0x76, 0x84],
    ...[7, 8, 9],
  );
  expect(list.encode([{ name: 'Numbers', fields }])).toEqual(octetsOnAir);
  expect(list.view({ name: 'Numbers', fields })).toEqual({
    name: 'Numbers',
    fields: { ...fields, address: '01FB5A3C', key: '070809' },
  });
});

describe('reserved bits', () => {
  test('are sent as 0 and ignored on receipt', () => {
    const fields = { low: 7, on: true, set: 0, margin: 0, errors: [] };
    expect(list.encode([{ name: 'Groups', fields }])).toEqual(Uint8Array.of(2, 0b0001_0111, 0, 0));
    expect(list.decode(Uint8Array.of(2, 0b0001_1111, 0, 0))).toEqual([{ name: 'Groups', fields }]);
  });
});

describe('frequencies', () => {
  const code = (hz: number) => {
    const fields = { ...drawnNumbers, frequency_Hz: hz };
    return list.encode([{ name: 'Numbers', fields }]).subarray(19, 22);
  };
  const drawnNumbers = { small: 1, word: 0, three: 0, long: 0, signed: 0, address: 0, key: new Uint8Array(3) };

  test.each([
    [0, [0, 0, 0]],
    [869_525_000, [0xd2, 0xad, 0x84]],
    [1_199_999_900, [0xff, 0x1a, 0xb7]],
    [2_400_000_000, [0x00, 0x1b, 0xb7]],
    [3_355_443_000, [0xff, 0xff, 0xff]],
  ])('%i Hz', (hz, octetsOnAir) => {
    expect([...code(hz)]).toEqual(octetsOnAir);
  });

  test.each([[100.5], [150], [1_200_000_000], [2_400_000_100], [3_355_443_200], [-100]])('%d Hz is refused', (hz) => {
    expect(() => code(hz)).toThrow(expect.objectContaining({ code: 'field-out-of-range' }));
  });
});

describe('refusals of the encoder', () => {
  const numbers = {
    small: 1,
    word: 0,
    three: 0,
    long: 0,
    signed: 0,
    address: 0,
    frequency_Hz: 0,
    key: new Uint8Array(3),
  };
  const groups = { low: 0, on: false, set: 0, margin: 0, errors: [] };
  const conditions = { kind: 0, absent: true, errors: ['Broken'] };
  const rows: [string, string, unknown, string][] = [
    ['above the octets', 'Numbers', { ...numbers, word: 65536 }, 'field-out-of-range'],
    ['above the limit', 'Numbers', { ...numbers, small: 10 }, 'field-out-of-range'],
    ['below the limit', 'Numbers', { ...numbers, small: 0 }, 'field-out-of-range'],
    ['negative', 'Numbers', { ...numbers, long: -1 }, 'field-out-of-range'],
    ['not whole', 'Numbers', { ...numbers, long: 0.5 }, 'field-out-of-range'],
    ['not a number', 'Numbers', { ...numbers, long: Number.NaN }, 'field-out-of-range'],
    ['text for a number', 'Numbers', { ...numbers, long: '1' }, 'field-type'],
    ['beyond 32 bits, signed', 'Numbers', { ...numbers, signed: 2 ** 31 }, 'field-out-of-range'],
    ['octets of another length', 'Numbers', { ...numbers, key: new Uint8Array(4) }, 'field-out-of-range'],
    ['text for octets', 'Numbers', { ...numbers, key: '000000' }, 'field-type'],
    ['left out', 'Numbers', { ...numbers, key: undefined }, 'field-missing'],
    ['a stranger', 'Numbers', { ...numbers, colour: 1 }, 'field-unknown'],
    ['no object', 'Numbers', 'text', 'field-type'],
    ['above the bits', 'Groups', { ...groups, low: 8 }, 'field-out-of-range'],
    ['beyond the signed bits', 'Groups', { ...groups, margin: 32 }, 'field-out-of-range'],
    ['a number for a flag', 'Groups', { ...groups, on: 1 }, 'field-type'],
    ['an unknown error', 'Groups', { ...groups, errors: ['Third'] }, 'field-out-of-range'],
    ['no error list', 'Groups', { ...groups, errors: 'First' }, 'field-type'],
    ['conditional, not sent', 'Conditions', { ...conditions, extra: 1 }, 'field-not-allowed'],
    ['conditional, needed', 'Conditions', { ...conditions, kind: 3 }, 'field-missing'],
    ['half of the conditional fields', 'Conditions', { ...conditions, errors: [], time: 1 }, 'field-missing'],
    ['too few records', 'Records', { members: 1, count: 0, byMask: [], byCount: [] }, 'field-inconsistent'],
    ['no records', 'Records', { members: 0, count: 0, byMask: 0, byCount: [] }, 'field-type'],
    ['a record that is none', 'Records', { members: 1, count: 0, byMask: [3], byCount: [] }, 'field-type'],
    [
      'a record out of range',
      'Records',
      { members: 1, count: 0, byMask: [{ id: 256, address: 0 }], byCount: [] },
      'field-out-of-range',
    ],
    ['too long a rest', 'Rest', { n: 0, index: 0, data: new Uint8Array(51) }, 'field-out-of-range'],
    ['an unknown command', 'Nothing', {}, 'command-unknown'],
  ];

  test.each(rows)('%s (%s)', (_, name, fields, code) => {
    const message = { name, fields } as unknown as MessageOf<One>;
    expect(() => list.encode([message])).toThrow(expect.objectContaining({ kind: 'caller', code }));
  });

  test('company for a command that must be alone', () => {
    const alone = { name: 'Forms', fields: { value: 1 } } as const;
    expect(() => list.encode([alone, alone])).toThrow(expect.objectContaining({ code: 'not-alone' }));
  });
});

describe('problems of the decoder', () => {
  test.each([
    ['an unknown CID', [0x77], 'unknown-cid', 0],
    ['an unknown CID after a command', [0x02, 0, 0, 0, 0x77, 1], 'unknown-cid', 4],
    ['an end inside a command', [0x02, 0], 'truncated', 2],
    ['a limited value', [0x01, 0, ...Array.from({ length: 23 }, () => 0)], 'out-of-range', 1],
    ['octets after a command that must be alone', [0x05, 1, 2, 3, 4], 'trailing', 3],
    ['a form that does not exist', [0x05, 1], 'truncated', 1],
  ] as const)('%s', (_, frame, code, offset) => {
    const read = list.read(Uint8Array.from(frame));
    expect(read.error).toMatchObject({ kind: 'peer', code, offset });
    expect(() => list.decode(Uint8Array.from(frame))).toThrow(WireError);
  });

  test('arbitrary octets give commands or a WireError', () => {
    const frame = fc
      .tuple(fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 80 }))
      .map(([cid, octetsAfter]) => Uint8Array.of(cid, ...octetsAfter));
    fc.assert(
      fc.property(frame, (octetsRead) => {
        const { commands, error, end } = list.read(octetsRead);
        expect(error === undefined || error instanceof WireError).toBe(true);
        expect(end).toBeLessThanOrEqual(octetsRead.length);
        for (const one of commands) list.view(one);
      }),
      { numRuns: 1000 },
    );
  });
});

test('reading a range, up to an octet that begins something else', () => {
  const frame = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0x80, 0x02);
  const found = list.read(frame, { from: 1, to: 6, stop: (cid) => cid >= 0x80 });
  expect(found).toMatchObject({ error: undefined, end: 5 });
  expect(found.commands.map((one) => one.name)).toEqual(['Groups']);
});

test('no octets are no commands', () => {
  expect(list.decode(new Uint8Array())).toEqual([]);
  expect(list.encode([])).toEqual(new Uint8Array());
});

describe('declarations that cannot be meant', () => {
  const declare = (parts: Parameters<typeof command>[0]['parts']) => () =>
    command({ name: 'Wrong', cid: 9, direction: 'up', versions: [1], section: '', doc: '', parts });

  test.each([
    ['bits that do not fill an octet', [bits('a', 3, '')]],
    ['an octet in the middle of one', [bits('a', 3, ''), u8('b', ''), rfu(5)]],
    ['two fields of one name', [u8('a', ''), u8('a', '')]],
    ['a condition over nothing', [when(equals('a', 1), [u8('b', '')])]],
    ['a count that stands nowhere', [records('list', { countIn: 'n' }, [u8('b', '')], '')]],
  ])('%s', (_, parts) => {
    expect(declare(parts)).toThrow(expect.objectContaining({ kind: 'bug' }));
  });

  test('records of uneven length, error lists without names, commands that share a CID', () => {
    expect(() => records('list', { countIn: 'n' }, [bits('b', 3, '')], '')).toThrow(/whole octets/);
    expect(() => errorBits('errors', [], '')).toThrow(/1 to 24/);
    expect(() => new CommandList([Numbers, Numbers])).toThrow(/two commands/);
  });
});
