import { fromHex, toHex } from '@airlift/kernel';
import { WireError } from '@airlift/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DownlinkSection,
  encodeMultiPackage,
  type PackageVersions,
  readAnswers,
  readMultiPackDownlink,
  readMultiPackUplink,
  type UplinkSection,
} from '../src/index.ts';

const VERSIONS: PackageVersions = { 1: 2, 2: 2, 3: 2, 4: 1 };

const requests: DownlinkSection[] = [
  { packageIdentifier: 0, commands: [{ name: 'DevPackageReq', fields: {} }] },
  {
    packageIdentifier: 3,
    commands: [
      { name: 'PackageVersionReq', fields: {} },
      { name: 'FragSessionStatusReq', fields: { FragIndex: 1, Participants: true } },
    ],
  },
  { packageIdentifier: 4, commands: [{ name: 'DevVersionReq', fields: {} }] },
];

const answers: UplinkSection[] = [
  {
    packageIdentifier: 3,
    commands: [{ name: 'PackageVersionAns', fields: { PackageIdentifier: 3, PackageVersion: 2 } }],
  },
  { packageIdentifier: 4, commands: [{ name: 'DevVersionAns', fields: { FWversion: 0x01020304, HWversion: 5 } }] },
];
const ANSWERS_HEX = '8300030284010403020105000000';

describe('downlinks', () => {
  test('package 0 goes without header, the others with theirs, the token comes last', () => {
    const octets = encodeMultiPackage('down', VERSIONS, requests, 2);
    expect(toHex(octets)).toBe(`01${'830001038401'}02`);
    expect(readMultiPackDownlink(VERSIONS, octets)).toEqual({
      kind: 'commands',
      token: 2,
      sections: requests,
      error: undefined,
    });
  });

  test('package 0 needs its header after another package', () => {
    const sections = [...requests.slice(1), ...requests.slice(0, 1)];
    const octets = encodeMultiPackage('down', VERSIONS, sections, 1);
    expect(toHex(octets)).toBe('830001038401' + '8001' + '01');
    expect(readMultiPackDownlink(VERSIONS, octets)).toMatchObject({ token: 1, sections });
  });

  test('a request for stored answers has no token', () => {
    expect(readMultiPackDownlink(VERSIONS, fromHex('020409'))).toEqual({ kind: 'again', startByte: 4, stopByte: 9 });
    expect(() => readMultiPackDownlink(VERSIONS, fromHex('02040901'))).toThrow(
      expect.objectContaining({ code: 'trailing' }),
    );
  });

  test('a package that is not spoken ends the reading, what came before is kept', () => {
    const octets = encodeMultiPackage('down', VERSIONS, requests, 3);
    const found = readMultiPackDownlink({ 3: 2 }, octets);
    expect(found).toMatchObject({ kind: 'commands', token: 3, sections: requests.slice(0, 2) });
    expect(found).toHaveProperty('error.code', 'out-of-range');
  });
});

describe('uplinks', () => {
  test('answers', () => {
    const octets = encodeMultiPackage('up', VERSIONS, answers, 3);
    expect(toHex(octets)).toBe(`${ANSWERS_HEX}03`);
    expect(readMultiPackUplink(VERSIONS, octets)).toEqual({
      kind: 'answers',
      token: 3,
      sections: answers,
      error: undefined,
    });
  });

  test('answers in two parts', () => {
    const whole = fromHex(ANSWERS_HEX);
    const parts = [
      { base: '00', octets: whole.subarray(0, 6) },
      { base: '06', octets: whole.subarray(6) },
    ];
    const joined = parts.flatMap(({ base, octets }) => {
      const part = readMultiPackUplink(VERSIONS, fromHex(`02${base}${toHex(octets)}03`));
      if (part.kind !== 'part') throw new Error(`read as ${part.kind}`);
      expect(part).toMatchObject({ token: 3, baseByte: Number.parseInt(base, 16) });
      return [...part.octets];
    });
    expect(readAnswers(VERSIONS, Uint8Array.from(joined))).toEqual({ sections: answers, error: undefined });
  });

  test('reserved bits of the token are ignored', () => {
    expect(readMultiPackUplink(VERSIONS, fromHex(`${ANSWERS_HEX}ff`))).toMatchObject({ kind: 'answers', token: 3 });
  });

  test.each([['02ff'], ['02ff03']])('a refusal, %s', (hex) => {
    expect(readMultiPackUplink(VERSIONS, fromHex(hex))).toEqual({ kind: 'refused' });
  });

  test('nothing at all', () => {
    expect(() => readMultiPackUplink(VERSIONS, new Uint8Array())).toThrow(
      expect.objectContaining({ code: 'truncated' }),
    );
    expect(() => readMultiPackDownlink(VERSIONS, new Uint8Array())).toThrow(WireError);
  });
});

test('arbitrary octets give a reading or a WireError', () => {
  const starts = fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85);
  fc.assert(
    fc.property(starts, fc.uint8Array({ maxLength: 60 }), (first, rest) => {
      for (const read of [readMultiPackDownlink, readMultiPackUplink]) {
        try {
          read(VERSIONS, Uint8Array.of(first, ...rest));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }
    }),
    { numRuns: 500 },
  );
});

describe('refusals', () => {
  const fragment: DownlinkSection = {
    packageIdentifier: 3,
    commands: [{ name: 'DataFragment', fields: { FragIndex: 0, N: 1, data: new Uint8Array(4) } }],
  };

  test.each([
    ['a fragment', [fragment], VERSIONS, 0, 'not-alone'],
    ['a package without version', requests, {}, 0, 'package-unknown'],
    ['a token that is no octet', requests, VERSIONS, 4, 'token-invalid'],
  ] as const)('%s', (_, sections, versions, token, code) => {
    expect(() => encodeMultiPackage('down', versions, sections, token)).toThrow(expect.objectContaining({ code }));
  });
});
