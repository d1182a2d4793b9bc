import { blockChecksums } from '@airlift/applayer';
import { describe, expect, it } from 'vitest';
import { CheckDesk, type RunningChecks } from '../src/engine/check-desk.ts';
import type { Checks } from '../src/engine/material.ts';
import { fileChecksums } from '../src/evidence/index.ts';
import { sampleEui } from '../src/testing/index.ts';

const DEVICE = sampleEui(1);
const OTHER = sampleEui(2);
const STRANGER = sampleEui(3);

/** Image n, an octet with three of padding. */
const checks = (n: number): Checks => ({
  crc64: blockChecksums(Uint8Array.of(n), 3),
  crc32: fileChecksums(Uint8Array.of(n), 4),
});
const crc64Of = (n: number): Uint8Array => checks(n).crc64.unpadded;
const report = (crc32: number) => ({ kind: 'file-report', crc32 }) as const;
const reportOf = (n: number) => report(checks(n).crc32.image);

/** A job with image 9; all plain fragments sent, or not. */
const running = (mayBeWhole: boolean, own: Checks | undefined = checks(9)): RunningChecks => ({
  filename: 'running',
  checks: own,
  mayBeWhole,
});

/** A desk that knows image 1 of the first device, and image 2 of both. */
function desk(): CheckDesk {
  const known = new CheckDesk(20);
  known.remember('one', [DEVICE], [checks(1)]);
  known.remember('two', [DEVICE, OTHER], [checks(2)]);
  return known;
}

describe('a CRC-64', () => {
  it('of a job that is over is known for its devices, with padding and without', () => {
    expect(desk().crc64(crc64Of(1), DEVICE, undefined)).toMatchObject({
      filename: 'one',
      match: { span: 'unpadded' },
      verdict: undefined,
    });
    expect(desk().crc64(checks(2).crc64.padded, DEVICE, undefined)).toMatchObject({
      filename: 'two',
      match: { span: 'padded' },
    });
  });

  it('that is not right is answered in the name of the last job of the device', () => {
    expect(desk().crc64(crc64Of(5), DEVICE, undefined)).toEqual({
      filename: 'two',
      match: undefined,
      verdict: undefined,
    });
    expect(desk().crc64(crc64Of(1), OTHER, undefined)).toEqual({
      filename: 'two',
      match: undefined,
      verdict: undefined,
    });
  });

  it('of a device that no job knows is not answered', () => {
    expect(desk().crc64(crc64Of(1), STRANGER, undefined)).toBeUndefined();
    expect(new CheckDesk(20).crc64(crc64Of(1), DEVICE, undefined)).toBeUndefined();
  });

  it('has a verdict for the running job only when it is about its image', () => {
    const verdict = (n: number, job: RunningChecks) => {
      const found = desk().crc64(crc64Of(n), DEVICE, job);
      return [found?.filename, found?.match !== undefined, found?.verdict];
    };
    for (const mayBeWhole of [false, true]) {
      expect(verdict(9, running(mayBeWhole))).toEqual(['running', true, 'match']);
      expect(verdict(1, running(mayBeWhole))).toEqual(['one', true, undefined]);
    }
    expect(verdict(5, running(true))).toEqual(['running', false, 'mismatch']);
    expect(verdict(5, running(false))).toEqual(['running', false, undefined]);
  });

  it('has none while the content of the running job is not at hand, or is a message', () => {
    const job = { ...running(true), checks: undefined };
    expect(desk().crc64(crc64Of(5), DEVICE, job)).toEqual({ filename: 'two', match: undefined, verdict: undefined });
    expect(desk().crc64(crc64Of(9), STRANGER, job)).toBeUndefined();
  });

  it('is right in whichever format of the job the device had it', () => {
    const many = new CheckDesk(20);
    const longer: Checks = { crc64: blockChecksums(Uint8Array.of(7), 9), crc32: fileChecksums(Uint8Array.of(7), 10) };
    many.remember('job', [DEVICE], [checks(7), longer]);
    for (const { crc64 } of [checks(7), longer]) {
      expect(many.crc64(crc64.padded, DEVICE, undefined)).toMatchObject({ filename: 'job', match: { span: 'padded' } });
    }
  });

  it('of the newest job is found first', () => {
    const twice = desk();
    twice.remember('three', [DEVICE], [checks(1)]);
    expect(twice.crc64(crc64Of(1), DEVICE, undefined)?.filename).toBe('three');
  });

  it('is forgotten with the oldest jobs', () => {
    const small = new CheckDesk(2);
    for (const n of [1, 2, 3]) small.remember(`job ${n}`, [DEVICE], [checks(n)]);
    expect([1, 2, 3].map((n) => small.crc64(crc64Of(n), DEVICE, undefined)?.match !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('a file report', () => {
  it('proves the image of the running job, with padding and without', () => {
    for (const mayBeWhole of [false, true]) {
      expect(desk().crc32(reportOf(9), DEVICE, running(mayBeWhole))).toBe('match');
      expect(desk().crc32(report(checks(9).crc32.padded), DEVICE, running(mayBeWhole))).toBe('match');
    }
  });

  it('of another image is wrong once the whole image can have arrived', () => {
    expect(desk().crc32(reportOf(5), DEVICE, running(true))).toBe('mismatch');
    expect(desk().crc32(reportOf(5), DEVICE, running(false))).toBeUndefined();
  });

  it('of an earlier image of the device proves nothing', () => {
    expect(desk().crc32(reportOf(1), DEVICE, running(true))).toBeUndefined();
    expect(desk().crc32(reportOf(2), OTHER, running(true))).toBeUndefined();
    // Not of this device's.
    expect(desk().crc32(reportOf(1), OTHER, running(true))).toBe('mismatch');
  });

  it('that covers the beginning only proves nothing', () => {
    const long = new Uint8Array(0x1_0010).fill(3);
    const own: Checks = { crc64: blockChecksums(long, 0), crc32: fileChecksums(long, long.length) };
    const { beginning } = own.crc32;
    expect(beginning).toBeDefined();
    expect(desk().crc32(report(beginning ?? 0), DEVICE, running(true, own))).toBeUndefined();
  });

  it('says nothing without a running job, or without its content', () => {
    expect(desk().crc32(reportOf(1), DEVICE, undefined)).toBeUndefined();
    expect(desk().crc32(reportOf(9), DEVICE, { ...running(true), checks: undefined })).toBeUndefined();
  });
});
