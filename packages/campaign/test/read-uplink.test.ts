import { fromHex } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUplink } from '../src/read-uplink.ts';
import { DOT_TRAITS } from './support/world.ts';

const read = (fPort: number | undefined, hex: string) =>
  readUplink(fPort, fromHex(hex.replaceAll(' ', '')), DOT_TRAITS);

describe('an uplink', () => {
  it('may hold several answers', () => {
    expect(read(200, '0200 04000d0000')).toEqual({
      answers: [
        { kind: 'group', groupId: 0, accepted: true },
        { kind: 'session', groupId: 0, errors: [], timeToStartS: 13 },
      ],
      error: undefined,
    });
  });

  it.each([
    ['0206', { kind: 'group', groupId: 2, accepted: false }],
    ['0410', { kind: 'session', groupId: 0, errors: ['McGroupUndefined'], timeToStartS: undefined }],
    ['0420', { kind: 'session', groupId: 0, errors: ['StartMissed'], timeToStartS: undefined }],
    [
      '041d',
      { kind: 'session', groupId: 1, errors: ['DRError', 'FreqError', 'McGroupUndefined'], timeToStartS: undefined },
    ],
    ['0400ffffff', { kind: 'session', groupId: 0, errors: [], timeToStartS: 0xff_ffff }],
  ])('on port 200: %s', (hex, answer) => {
    expect(read(200, hex)).toEqual({ answers: [answer], error: undefined });
  });

  it.each([
    ['0200', { kind: 'fragmentation', fragIndex: 0, errors: [] }],
    ['0202', { kind: 'fragmentation', fragIndex: 0, errors: ['NotEnoughMemory'] }],
    [
      '024f',
      {
        kind: 'fragmentation',
        fragIndex: 1,
        errors: ['EncodingUnsupported', 'NotEnoughMemory', 'FragSessionIndexNotSupported', 'WrongDescriptor'],
      },
    ],
    ['010000ff01', { kind: 'status', fragIndex: 0, nbFragReceived: 0, missingFrag: 255, memoryError: true }],
    ['01f4400200', { kind: 'status', fragIndex: 1, nbFragReceived: 244, missingFrag: 2, memoryError: false }],
    ['0578563412', { kind: 'file-report', crc32: 0x1234_5678 }],
    ['9000', { kind: 'session-complete' }],
    ['80001c57cae8353843b2', { kind: 'crc64', octets: fromHex('1c57cae8353843b2') }],
    ['801c57cae8353843b2', { kind: 'crc64', octets: fromHex('1c57cae8353843b2') }],
  ])('on port 201: %s', (hex, answer) => {
    expect(read(201, hex)).toEqual({ answers: [answer], error: undefined });
  });

  it('may ask for the time', () => {
    expect(read(202, '01 00112233 05')).toEqual({
      answers: [{ kind: 'time-request', deviceTimeS: 0x3322_1100, token: 5 }],
      error: undefined,
    });
  });

  it('keeps its own octets', () => {
    const payload = fromHex('80001c57cae8353843b2');
    const { answers } = readUplink(201, payload, DOT_TRAITS);
    payload.fill(0);
    expect(answers).toEqual([{ kind: 'crc64', octets: fromHex('1c57cae8353843b2') }]);
  });

  it.each([
    [200, '0001 01'],
    [202, '0200 00112233'],
    [201, '0300'],
  ])('on port %i may hold answers that nobody asked for: %s', (fPort, hex) => {
    expect(read(fPort, hex).answers).toEqual([]);
  });

  it('of the application is none of ours', () => {
    expect(read(1, '0200')).toEqual({ answers: [], error: undefined });
    expect(read(undefined, '')).toEqual({ answers: [], error: undefined });
    expect(read(200, '')).toEqual({ answers: [], error: undefined });
  });

  it('is read as far as it goes', () => {
    expect(read(200, '0200 ff0102')).toMatchObject({ answers: [{ kind: 'group', accepted: true }] });
    expect(read(200, '0200 ff0102').error?.code).toBeDefined();
    expect(read(200, '0200 0400 0d').answers).toHaveLength(1);
    expect(read(200, '0200 0400 0d').error).toBeDefined();
  });

  it('never throws, whatever it holds', () => {
    fc.assert(
      fc.property(fc.constantFrom(200, 201, 202, 7), fc.uint8Array({ maxLength: 60 }), (fPort, payload) => {
        const { answers, error } = readUplink(fPort, payload, DOT_TRAITS);
        expect(answers.length <= payload.length).toBe(true);
        expect(error === undefined || error.code.length > 0).toBe(true);
      }),
    );
  });
});
