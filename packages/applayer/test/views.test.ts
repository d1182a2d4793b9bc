import { fromHex, toHex } from '@airlift/kernel';
import type { ViewFields } from '@airlift/wire';
import { describe, expect, test } from 'vitest';
import { ts003, ts004, ts005, ts006, ts007 } from '../src/index.ts';
import { PACKAGES } from './support/packages.ts';

/** Both ways, for commands that no other known answer covers. */
const cases: [string, number | string, 'up' | 'down', string, ViewFields, string][] = [
  ['TS003', 1, 'up', 'AppTimeReq', { DeviceTime: 1388102418, AnsRequired: 1, TokenReq: 5 }, '0112c3bc5215'],
  ['TS003', 1, 'down', 'AppTimeAns', { TimeCorrection: -2147483648, TokenAns: 0 }, '010000008000'],
  ['TS003', 1, 'down', 'DeviceAppTimePeriodicityReq', { Period: 9 }, '0209'],
  ['TS003', 1, 'down', 'ForceDeviceResyncReq', { NbTransmissions: 7 }, '0307'],
  ['TS004', 1, 'down', 'FragSessionStatusReq', { FragIndex: 2, Participants: 1 }, '0105'],
  [
    'TS004',
    2,
    'down',
    'FragSessionSetupReq',
    {
      FragIndex: 2,
      McGroupBitMask: '0b0001',
      NbFrag: 6,
      FragSize: 48,
      AckReception: 1,
      FragAlgo: 0,
      BlockAckDelay: 5,
      Padding: 33,
      Descriptor: 'deadbeef',
      SessionCnt: 4660,
      MIC: '37c07b7a',
    },
    '02210600304521deadbeef341237c07b7a',
  ],
  [
    'TS004',
    2,
    'up',
    'FragSessionSetupAns',
    {
      FragIndex: 1,
      EncodingUnsupported: 0,
      NotEnoughMemory: 0,
      FragSessionIndexNotSupported: 0,
      WrongDescriptor: 0,
      SessionCntReplay: 1,
    },
    '0250',
  ],
  [
    'TS005',
    1,
    'down',
    'McClassCSessionReq',
    { McGroupID: 3, SessionTime: 0xffffffff, TimeOut: 15, DLFreq_Hz: 2_403_000_000, DR: 5 },
    '0403ffffffff0f9855b705',
  ],
  ['TS005', 1, 'up', 'McClassCSessionAns', { McGroupID: 2, errors: ['StartMissed'] }, '0422'],
  ['TS005', 2, 'up', 'McClassBSessionAns', { McGroupID: 1, errors: ['Reserved6'] }, '0541'],
  ['TS006', 1, 'down', 'DevRebootTimeReq', { RebootTime: 4294967295 }, '02ffffffff'],
  ['TS006', 1, 'down', 'DevUpgradeImageReq', {}, '04'],
  ['TS006', 1, 'down', 'DevDeleteImageReq', { FirmwareToDeleteVersion: 'A1B2C3D4' }, '05d4c3b2a1'],
  ['TS007', 1, 'down', 'DevPackageReq', {}, '01'],
  [
    'TS007',
    1,
    'up',
    'DevPackageAns',
    {
      NbPackages: 2,
      records: [
        [0, 1, 225],
        [3, 2, 201],
      ],
    },
    '01020001e10302c9',
  ],
  ['TS007', 1, 'down', 'MultiPackBufferReq', { StartByte: 4, StopByte: 9 }, '020409'],
];

test.each(cases)('%s %s %s %s', (packageName, version, direction, name, fields, hex) => {
  const codec = PACKAGES.find((one) => one.name === packageName);
  if (codec === undefined) throw new Error(`no package ${packageName}`);
  const message = codec.fromView(version, direction, { name, fields });
  expect(toHex(codec.encode(version, direction, [message]))).toBe(hex);
  expect(codec.decode(version, direction, fromHex(hex)).map((one) => codec.view(version, direction, one))).toEqual([
    { name, fields },
  ]);
});

describe('what views may also say', () => {
  const group = (fields: ViewFields) => ts005.fromView(1, 'down', { name: 'McGroupStatusReq', fields });

  test.each([['0b0101'], ['0B101'], ['0x5'], [5]])('a mask written %s', (written) => {
    expect(group({ ReqGroupMask: written })).toEqual({ name: 'McGroupStatusReq', fields: { ReqGroupMask: 5 } });
  });

  test.each([['01fb5a3c'], ['01FB5A3C'], ['0x1fb5a3c'], [0x01fb5a3c]])('an address written %s', (written) => {
    const fields = { AnsGroupMask: 1, NbTotalGroups: 1, records: [[0, written]] };
    const message = ts005.fromView(1, 'up', { name: 'McGroupStatusAns', fields });
    expect(message.fields).toMatchObject({ records: [{ McGroupID: 0, McAddr: 0x01fb5a3c }] });
  });

  test('records as objects', () => {
    const fields = { AnsGroupMask: 1, NbTotalGroups: 1, records: [{ McGroupID: 0, McAddr: '01FB5A3C' }] };
    const message = ts005.fromView(2, 'up', { name: 'McGroupStatusAns', fields });
    expect(message.fields).toMatchObject({ records: [{ McGroupID: 0, McAddr: 0x01fb5a3c }] });
  });

  test('no error list, no flags', () => {
    const session = ts005.fromView(1, 'up', { name: 'McClassCSessionAns', fields: { McGroupID: 0, TimeToStart: 13 } });
    expect(session.fields).toEqual({ McGroupID: 0, errors: [], TimeToStart: 13 });
    const deleted = ts004.fromView(1, 'up', { name: 'FragSessionDeleteAns', fields: { FragIndex: 1 } });
    expect(deleted.fields).toEqual({ FragIndex: 1, SessionDoesNotExist: false });
  });

  test('the spelling of another version, but not both', () => {
    const read = (fields: ViewFields) => ts004.fromView(2, 'up', { name: 'FragSessionSetupAns', fields });
    expect(read({ FragIndex: 1, FragAlgoUnsupported: 1 })).toEqual(read({ FragIndex: 1, EncodingUnsupported: 1 }));
    expect(() => read({ FragIndex: 1, FragAlgoUnsupported: 1, EncodingUnsupported: 0 })).toThrow(
      expect.objectContaining({ code: 'field-inconsistent' }),
    );
  });

  test('upper-case octets', () => {
    const message = ts004.fromView(1, 'down', { name: 'DataFragment', fields: { FragIndex: 0, N: 1, data: 'AA55' } });
    expect(message.fields).toEqual({ FragIndex: 0, N: 1, data: Uint8Array.of(0xaa, 0x55) });
  });
});

describe('what views may not say', () => {
  const refusals: [string, () => unknown, string][] = [
    [
      'a stranger',
      () => ts003.fromView(1, 'down', { name: 'PackageVersionReq', fields: { note: 'x' } }),
      'field-unknown',
    ],
    ['too little', () => ts003.fromView(1, 'down', { name: 'AppTimeAns', fields: { TokenAns: 1 } }), 'field-missing'],
    [
      'a value that does not fit',
      () => ts003.fromView(1, 'down', { name: 'AppTimeAns', fields: { TimeCorrection: 0, TokenAns: 16 } }),
      'field-out-of-range',
    ],
    [
      'a value of another type',
      () => ts003.fromView(1, 'down', { name: 'AppTimeAns', fields: { TimeCorrection: 'soon', TokenAns: 1 } }),
      'field-type',
    ],
    [
      'another version',
      () => ts003.fromView(1, 'down', { name: 'ForceDeviceResyncCmd', fields: {} }),
      'command-unknown',
    ],
    ['the other direction', () => ts003.fromView(1, 'up', { name: 'AppTimeAns', fields: {} }), 'command-unknown'],
    [
      'fields that are not sent then',
      () =>
        ts006.fromView(1, 'up', { name: 'DevUpgradeImageAns', fields: { UpImageStatus: 1, nextFirmwareVersion: 1 } }),
      'field-not-allowed',
    ],
    [
      'an incomplete conditional field',
      () => ts006.fromView(1, 'up', { name: 'DevUpgradeImageAns', fields: { UpImageStatus: 3 } }),
      'field-missing',
    ],
    [
      'fewer records than announced',
      () => ts007.fromView(1, 'up', { name: 'DevPackageAns', fields: { NbPackages: 1, records: [] } }),
      'field-inconsistent',
    ],
    [
      'an error that does not exist',
      () => ts005.fromView(1, 'up', { name: 'McClassCSessionAns', fields: { McGroupID: 0, errors: ['Reserved6'] } }),
      'field-out-of-range',
    ],
    [
      'a frequency between the steps',
      () =>
        ts005.fromView(1, 'down', {
          name: 'McClassCSessionReq',
          fields: { McGroupID: 0, SessionTime: 0, TimeOut: 0, DLFreq_Hz: 869_525_050, DR: 0 },
        }),
      'field-out-of-range',
    ],
  ];

  test.each(refusals)('%s', (_, attempt, code) => {
    expect(attempt).toThrow(expect.objectContaining({ kind: 'caller', code }));
  });
});

test('a fragment travels alone, and unknown versions are refused', () => {
  const fragment = { name: 'DataFragment', fields: { FragIndex: 0, N: 1, data: new Uint8Array(4) } } as const;
  const version = { name: 'PackageVersionReq', fields: {} } as const;
  expect(() => ts004.encode(1, 'down', [version, fragment])).toThrow(expect.objectContaining({ code: 'not-alone' }));
  expect(() => ts004.encode(3 as 1, 'down', [version])).toThrow(expect.objectContaining({ code: 'version-unknown' }));
});

test('fragments are read without copying', () => {
  const frame = fromHex('08008401020304');
  const [message] = ts004.decode(1, 'down', frame);
  if (message?.name !== 'DataFragment') throw new Error('not a DataFragment');
  expect(message.fields.data.buffer).toBe(frame.buffer);
});
