import { fromHex, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { decodeCfList, encodeCfListFrequencies, encodeCfListMasks, MAX_FCNT, reconstructFCnt } from '../src/index.ts';
import { l2 } from './vectors.ts';

describe('CFList', () => {
  it.each(l2.cflist)('$id both ways', ({ freqs, masks, hex }) => {
    const octets = freqs !== undefined ? encodeCfListFrequencies(freqs) : encodeCfListMasks(masks ?? []);
    expect(toHex(octets)).toBe(hex);
    expect(decodeCfList(fromHex(hex))).toEqual(
      freqs !== undefined ? { type: 0, frequenciesHz: freqs } : { type: 1, channelMasks: masks },
    );
  });

  it('fills up what is missing and refuses what does not fit', () => {
    expect(toHex(encodeCfListFrequencies([867_100_000]))).toBe(`184f84${'00'.repeat(13)}`);
    expect(() => encodeCfListFrequencies([867_100_050])).toThrow(expect.objectContaining({ code: 'cflist-frequency' }));
    expect(() => encodeCfListMasks([0x10000])).toThrow(expect.objectContaining({ code: 'cflist-mask' }));
    expect(() => encodeCfListMasks(Array(6).fill(0))).toThrow(expect.objectContaining({ code: 'cflist-entries' }));
    expect(() => decodeCfList(new Uint8Array(15))).toThrow(expect.objectContaining({ code: 'cflist-length' }));
    expect(() => decodeCfList(fromHex(`${'00'.repeat(15)}02`))).toThrow(
      expect.objectContaining({ code: 'cflist-type', kind: 'peer' }),
    );
  });
});

describe('the frame counter', () => {
  it.each(l2.fcnt)('last $last, wire $wire: $class', ({ last, wire, full, class: kind }) => {
    const found = reconstructFCnt(last ?? undefined, wire);
    expect(found?.fCnt ?? null).toBe(full);
    if (kind === 'new' || kind === 'repeat') expect(found?.kind).toBe(kind);
    if (found !== undefined) expect(found.gap).toBe(last === null ? 0 : found.fCnt - last);
  });

  it('repeats the very last frame of a session but does not go past it', () => {
    expect(reconstructFCnt(MAX_FCNT, 0xffff)).toEqual({ fCnt: MAX_FCNT, kind: 'repeat', gap: 0 });
    expect(reconstructFCnt(MAX_FCNT - 1, 0xffff)).toEqual({ fCnt: MAX_FCNT, kind: 'new', gap: 1 });
    expect(reconstructFCnt(MAX_FCNT - 1, 0)).toBeUndefined();
  });
});
