import { fromHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import {
  fileChecksums,
  hasUnluckyRows,
  judgeBlockReceived,
  judgeCrc64,
  judgeFileReport,
  readFileReport,
} from '../../src/evidence/index.ts';

describe('checks by the device', () => {
  it('FragDataBlockReceivedReq', () => {
    expect(judgeBlockReceived({ fragIndex: 2, micError: false }, 2)).toMatchObject({ proof: 'block-mic' });
    expect(judgeBlockReceived({ fragIndex: 2, micError: true }, 2).kind).toBe('corrupt');
    expect(judgeBlockReceived({ fragIndex: 1, micError: false }, 2).kind).toBe('impossible');
  });

  it("MultiTech's CRC-64", () => {
    expect(judgeCrc64('match').kind).toBe('complete');
    expect(judgeCrc64('mismatch').kind).toBe('corrupt');
  });
});

describe('the file report 05 | CRC-32', () => {
  const file = new TextEncoder().encode('123456789');

  it('is read from five octets, little-endian', () => {
    // The check value of CRC-32 is CBF43926.
    expect(readFileReport(fromHex('052639f4cb'))).toEqual({ crc32: 0xcbf43926 });
    expect(readFileReport(fromHex('052639f4'))).toBeUndefined();
    expect(readFileReport(fromHex('042639f4cb'))).toBeUndefined();
  });

  it('proves the file, with the padding of its last fragment or without', () => {
    const right = fileChecksums(file, 12);
    expect(right.image).toBe(0xcbf43926);
    expect(right.padded).toBe(fileChecksums(fromHex('313233343536373839000000'), 12).image);
    for (const crc32 of [right.image, right.padded]) {
      expect(judgeFileReport({ crc32 }, right)).toMatchObject({ kind: 'complete', proof: 'crc32' });
    }
    expect(judgeFileReport({ crc32: 0 }, right)).toEqual({ kind: 'corrupt', by: 'crc32' });
  });

  it('of the first octets only, where the length has 16 bits, proves nothing', () => {
    const large = new Uint8Array(70_000).fill(7);
    const right = fileChecksums(large, 70_000);
    expect(right.beginning).toBe(fileChecksums(large.subarray(0, 70_000 - 65_536), 0).image);
    expect(judgeFileReport({ crc32: right.beginning ?? 0 }, right)).toBeUndefined();
  });
});

describe('sizes to avoid', () => {
  it.each([
    [192, true],
    [384, true],
    [960, true],
    [256, false],
    [1058, false],
    [671, false],
  ])('%i fragments: %s', (nbFrag, isUnlucky) => {
    expect(hasUnluckyRows(nbFrag)).toBe(isUnlucky);
  });
});
