import { fromHex, toHex } from '@airlift/kernel';
import type { CommandDirection, Message, VersionId } from '@airlift/wire';
import { describe, expect, test } from 'vitest';
import { type AnyPackage, PACKAGES } from './support/packages.ts';

// Frames seen between Conduits and Dots (documented by the vendor and in its forum), with what they mean.
interface Trace {
  readonly what: string;
  readonly fPort: number;
  readonly version: VersionId;
  readonly direction: CommandDirection;
  readonly hex: string;
  readonly views: readonly { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[];
}

const traces: Trace[] = [
  {
    what: 'group and session in one downlink',
    fPort: 200,
    version: 1,
    direction: 'down',
    hex: '02002f49daf011fe3c120a78c11b4b769c52e45d21160000000000000000040011a2a84c0f68e28c0a',
    views: [
      {
        name: 'McGroupSetupReq',
        fields: {
          McGroupID: 0,
          McAddr: 'F0DA492F',
          McKey_encrypted: '11fe3c120a78c11b4b769c52e45d2116',
          minMcFCnt: 0,
          maxMcFCnt: 0,
        },
      },
      {
        name: 'McClassCSessionReq',
        fields: { McGroupID: 0, SessionTime: 1286119953, TimeOut: 15, DLFreq_Hz: 923_300_000, DR: 10 },
      },
    ],
  },
  {
    what: 'both answers in one uplink',
    fPort: 200,
    version: 1,
    direction: 'up',
    hex: '020004000d0000',
    views: [
      { name: 'McGroupSetupAns', fields: { McGroupID: 0, IDerror: 0 } },
      { name: 'McClassCSessionAns', fields: { McGroupID: 0, errors: [], TimeToStart: 13 } },
    ],
  },
  {
    what: 'forced clock resynchronisation',
    fPort: 202,
    version: 1,
    direction: 'down',
    hex: '0303',
    views: [{ name: 'ForceDeviceResyncReq', fields: { NbTransmissions: 3 } }],
  },
  {
    what: 'fragmentation set-up of a firmware image',
    fPort: 201,
    version: 'multitech',
    direction: 'down',
    hex: '02012204ef00a200000000',
    views: [
      {
        name: 'FragSessionSetupReq',
        fields: {
          McGroupBitMask: '0b0001',
          FragIndex: 0,
          NbFrag: 1058,
          FragSize: 239,
          BlockAckDelay: 0,
          FragAlgo: 0,
          Padding: 162,
          Descriptor: '00000000',
        },
      },
    ],
  },
  {
    what: 'fragmentation set-up with a descriptor',
    fPort: 201,
    version: 'multitech',
    direction: 'down',
    hex: '0201640083002c04facebd',
    views: [
      {
        name: 'FragSessionSetupReq',
        fields: {
          McGroupBitMask: '0b0001',
          FragIndex: 0,
          NbFrag: 100,
          FragSize: 131,
          BlockAckDelay: 0,
          FragAlgo: 0,
          Padding: 44,
          Descriptor: '04facebd',
        },
      },
    ],
  },
  {
    what: 'accepted fragmentation set-up',
    fPort: 201,
    version: 'multitech',
    direction: 'up',
    hex: '0200',
    views: [
      {
        name: 'FragSessionSetupAns',
        fields: {
          FragIndex: 0,
          EncodingUnsupported: 0,
          NotEnoughMemory: 0,
          FragSessionIndexNotSupported: 0,
          WrongDescriptor: 0,
        },
      },
    ],
  },
  {
    what: 'first fragment (shortened)',
    fPort: 201,
    version: 'multitech',
    direction: 'down',
    hex: '08010000800020b5680008',
    views: [{ name: 'DataFragment', fields: { FragIndex: 0, N: 1, data: '00800020b5680008' } }],
  },
  {
    what: 'seventh parity fragment (shortened)',
    fPort: 201,
    version: 'multitech',
    direction: 'down',
    hex: '082904ff',
    views: [{ name: 'DataFragment', fields: { FragIndex: 0, N: 1065, data: 'ff' } }],
  },
  {
    what: 'status request to the group',
    fPort: 201,
    version: 'multitech',
    direction: 'down',
    hex: '0100',
    views: [{ name: 'FragSessionStatusReq', fields: { Participants: 0, FragIndex: 0 } }],
  },
  {
    what: 'status answer of a device that received nothing',
    fPort: 201,
    version: 'multitech',
    direction: 'up',
    hex: '010000ff01',
    views: [
      {
        name: 'FragSessionStatusAns',
        fields: { FragIndex: 0, NbFragReceived: 0, MissingFrag: 255, NotEnoughMatrixMemory: 1 },
      },
    ],
  },
  {
    what: 'checksum',
    fPort: 201,
    version: 'multitech',
    direction: 'up',
    hex: '80001c57cae8353843b2',
    views: [{ name: 'ChecksumReq', fields: { FragIndex: 0, CRC64: '1c57cae8353843b2' } }],
  },
  {
    what: 'checksum in the older form',
    fPort: 201,
    version: 'multitech',
    direction: 'up',
    hex: '801c57cae8353843b2',
    views: [{ name: 'ChecksumReq', fields: { CRC64: '1c57cae8353843b2' } }],
  },
  {
    what: 'right checksum',
    fPort: 201,
    version: 'multitech',
    direction: 'down',
    hex: '8001',
    views: [{ name: 'ChecksumAns', fields: { Match: 1 } }],
  },
  {
    what: 'wrong checksum',
    fPort: 201,
    version: 'multitech',
    direction: 'down',
    hex: '8000',
    views: [{ name: 'ChecksumAns', fields: { Match: 0 } }],
  },
  {
    what: 'session complete',
    fPort: 201,
    version: 'multitech',
    direction: 'up',
    hex: '9000',
    views: [{ name: 'FragSessionComplete', fields: { FragIndex: 0 } }],
  },
];

function codecOnPort(fPort: number): AnyPackage {
  const codec = PACKAGES.find((one) => one.defaultFPort === fPort);
  if (codec === undefined) throw new Error(`no package on port ${fPort}`);
  return codec;
}

test.each(traces.map((trace) => [trace.what, trace] as const))('%s', (_, { fPort, version, direction, hex, views }) => {
  const codec = codecOnPort(fPort);
  const messages: Message[] = codec.decode(version, direction, fromHex(hex));
  const seen = messages.map((one) => codec.view(version, direction, one));
  expect(seen).toEqual(views);
  const again = seen.map((view) => codec.fromView(version, direction, view));
  expect(toHex(codec.encode(version, direction, again))).toBe(hex);
});

describe('checksums of other lengths', () => {
  const decode = (hex: string) => codecOnPort(201).decode('multitech', 'up', fromHex(hex));

  test('too short', () => {
    expect(() => decode('801c57cae8353843')).toThrow(expect.objectContaining({ code: 'truncated' }));
  });

  test('too long', () => {
    expect(() => decode('80001c57cae8353843b2ff')).toThrow(expect.objectContaining({ code: 'trailing' }));
  });

  test('plain version 1 does not know them', () => {
    expect(() => codecOnPort(201).decode(1, 'up', fromHex('9000'))).toThrow(
      expect.objectContaining({ code: 'unknown-cid', offset: 0 }),
    );
  });
});
