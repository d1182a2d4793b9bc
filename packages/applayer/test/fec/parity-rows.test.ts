import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FRAGMENT_INDEX, ParityRowCache, ParityRows, ROW_RULES, type RowRule } from '../../src/fec/index.ts';
import { nbFragUpTo, parityIndex, rowRule } from './arbitraries.ts';
import { columnsOf, plainRow } from './plain-rows.ts';

describe('ParityRows', () => {
  it.each<[number, RowRule, number, number[]]>([
    [10, 'v1', 11, [2, 5]],
    [10, 'v2r', 11, [1, 2, 3, 5, 9]],
    [10, 'v2a', 11, [0, 3, 4, 6, 8]],
    [8, 'v1', 10, [0, 4, 7]],
    [8, 'v2r', 10, [0, 3, 4, 7]],
  ])('draws the worked example NbFrag %i, %s, N = %i', (nbFrag, rule, index, columns) => {
    expect([...columnsOf(new ParityRows(nbFrag, rule).bitmap(index))]).toEqual(columns);
  });

  it('draws what the rule says, for any number of fragments and any index', () => {
    const cases = nbFragUpTo(1200).chain((nbFrag) => fc.tuple(fc.constant(nbFrag), rowRule, parityIndex(nbFrag)));
    fc.assert(
      fc.property(cases, ([nbFrag, rule, index]) => {
        expect(columnsOf(new ParityRows(nbFrag, rule).bitmap(index))).toEqual(plainRow(nbFrag, rule, index));
      }),
    );
  });

  it.each(ROW_RULES)('carries from seeds of 24 bits (%s)', (rule) => {
    // 1 + 1001 * s passes 2^23 at s = 8381; the carry shows in about half of the rows.
    for (const nbFrag of [1000, 1024, 16_128]) {
      const rows = new ParityRows(nbFrag, rule);
      for (let index = Math.max(nbFrag + 1, MAX_FRAGMENT_INDEX - 40); index <= MAX_FRAGMENT_INDEX; index++) {
        expect(columnsOf(rows.bitmap(index))).toEqual(plainRow(nbFrag, rule, index));
      }
    }
  });

  it.each(ROW_RULES)('has empty rows for a single fragment (%s)', (rule) => {
    for (const index of [2, 3, 8400, MAX_FRAGMENT_INDEX]) {
      expect([...new ParityRows(1, rule).bitmap(index)]).toEqual([0]);
    }
  });

  it('writes the bits of the bitmap, lowest first, where it is told to', () => {
    const cases = nbFragUpTo(200).chain((nbFrag) => fc.tuple(fc.constant(nbFrag), rowRule, parityIndex(nbFrag)));
    fc.assert(
      fc.property(cases, ([nbFrag, rule, index]) => {
        const rows = new ParityRows(nbFrag, rule);
        const target = new Int32Array(rows.words + 2).fill(-1);
        rows.write(index, target, 1);
        const columns = plainRow(nbFrag, rule, index);
        for (let c = 0; c < 32 * rows.words; c++) {
          expect(((target[1 + (c >>> 5)] ?? 0) >>> (c & 31)) & 1).toBe(columns.has(c) ? 1 : 0);
        }
        expect([target[0], target[rows.words + 1]]).toEqual([-1, -1]);
      }),
    );
  });

  it('sets one bit of the digits and leaves the others', () => {
    const nbFrag = 45;
    const rows = new ParityRows(nbFrag, 'v2r');
    const digits = new Int32Array(8 * rows.words);
    const octets = new Uint8Array(digits.buffer);
    rows.mark(nbFrag + 3, digits, 0);
    rows.mark(nbFrag + 9, digits, 7);
    const low = plainRow(nbFrag, 'v2r', nbFrag + 3);
    const high = plainRow(nbFrag, 'v2r', nbFrag + 9);
    for (let c = 0; c < octets.length; c++) {
      expect(octets[c]).toBe((low.has(c) ? 1 : 0) + (high.has(c) ? 128 : 0));
    }
  });

  it.each([
    [0, 'nb-frag-invalid'],
    [-1, 'nb-frag-invalid'],
    [2.5, 'nb-frag-invalid'],
    [Number.NaN, 'nb-frag-invalid'],
    [16_384, 'nb-frag-too-large'],
  ])('refuses %d fragments', (nbFrag, code) => {
    expect(() => new ParityRows(nbFrag, 'v1')).toThrow(expect.objectContaining({ kind: 'caller', code }));
  });

  it('refuses an unknown rule and indices that are no parity fragment', () => {
    expect(() => new ParityRows(10, 'v3' as RowRule)).toThrow(expect.objectContaining({ code: 'row-rule-invalid' }));
    const rows = new ParityRows(10, 'v1');
    for (const index of [10, 1, 0, -1, 11.5, 16_384, Number.NaN]) {
      const refused = expect.objectContaining({ kind: 'caller', code: 'fragment-index-invalid' });
      expect(() => rows.bitmap(index)).toThrow(refused);
      expect(() => new ParityRowCache(10, 'v1').row(index)).toThrow(refused);
    }
  });
});

describe('ParityRowCache', () => {
  it('gives the rows that ParityRows draws, the same array each time, in any order', () => {
    const rows = new ParityRows(70, 'v2r');
    const cache = new ParityRowCache(70, 'v2r');
    for (const index of [90, 71, 16_383, 90, 72, 71]) {
      const expected = new Int32Array(rows.words);
      rows.write(index, expected);
      expect(cache.row(index)).toEqual(expected);
      expect(cache.row(index)).toBe(cache.row(index));
    }
  });
});
