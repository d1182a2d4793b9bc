import { concatOctets, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { FragmentDecoder, FragmentEncoder, ParityRowCache, ParityRows, RankDecoder } from '../../src/fec/index.ts';
import { arrivals, blockOf, casesByRule, fragVectors, sha256, specialArrivals } from './vectors.ts';

describe.each(fragVectors.map((vectors) => ({ name: vectors.case, vectors })))('case $name', ({ vectors }) => {
  const block = blockOf(vectors);
  const encoder = new FragmentEncoder({ block, fragSize: vectors.frag_size, rule: 'v1' });

  it('has the data of the vector file', () => {
    expect(sha256(block)).toBe(vectors.block_sha256);
    if (vectors.block_hex !== undefined) expect(toHex(block)).toBe(vectors.block_hex);
  });

  it('is cut into its plain fragments', () => {
    expect(encoder.nbFrag).toBe(vectors.nb_frag);
    expect(encoder.padding).toBe(vectors.padding);
    const plain = Array.from({ length: vectors.nb_frag }, (_, i) => encoder.fragment(i + 1));
    expect(sha256(concatOctets(...plain))).toBe(vectors.uncoded_sha256_concat);
    expect(sha256(concatOctets(...plain))).toBe(vectors.padded_sha256);
    if (vectors.uncoded_fragment_sha256 !== undefined) {
      expect(plain.map(sha256)).toEqual(vectors.uncoded_fragment_sha256);
    }
  });
});

describe.each(casesByRule)('case $name under $rule', ({ rule, vectors, expected }) => {
  const block = blockOf(vectors);
  const first = vectors.nb_frag + 1;

  it('draws the rows', () => {
    const rows = new ParityRows(vectors.nb_frag, rule);
    const bitmaps = Array.from({ length: vectors.redundancy }, (_, i) => rows.bitmap(first + i));
    expect(sha256(concatOctets(...bitmaps))).toBe(expected.parity_rows_concat_sha256);
    const listed = expected.parity_rows_bitmap_hex ?? expected.parity_rows_bitmap_hex_first4 ?? [];
    expect(listed.length).toBeGreaterThan(0);
    expect(bitmaps.slice(0, listed.length).map(toHex)).toEqual(listed);
    const weights = bitmaps.map((bitmap) => toHex(bitmap).replace(/./g, (digit) => WEIGHTS[digit] ?? '').length);
    expect(Math.min(...weights)).toBe(expected.row_weight.min);
    expect(Math.max(...weights)).toBe(expected.row_weight.max);
  });

  it.each(['wasm', 'js'] as const)('makes the parity fragments (%s)', (engine) => {
    const encoder = new FragmentEncoder({ block, fragSize: vectors.frag_size, rule, engine });
    const parity = encoder.parity(first, vectors.redundancy);
    expect(sha256(concatOctets(...parity))).toBe(expected.parity_concat_sha256);
    if (expected.parity_fragment_hex !== undefined) expect(parity.map(toHex)).toEqual(expected.parity_fragment_hex);
    if (expected.parity_fragment_sha256 !== undefined) {
      expect(parity.map(sha256)).toEqual(expected.parity_fragment_sha256);
    }
  });

  it('completes where the reference decoder does, whatever is lost at random', () => {
    const rows = new ParityRowCache(vectors.nb_frag, rule);
    const results = expected.random_loss.results.map((_, k) => {
      const indices = arrivals(vectors, expected.random_loss.percent_cycle, k);
      const { completedAt, received } = completion(rows, indices);
      return [vectors.nb_frag - indices.filter((n) => n <= vectors.nb_frag).length, completedAt, received];
    });
    expect(results).toEqual(expected.random_loss.results);
  });

  it('gives the block back after random losses', () => {
    const coded = codedFragments();
    const rows = new ParityRowCache(vectors.nb_frag, rule);
    // The rank tells of all patterns above; the octets of the large cases are computed for a few of each percentage.
    const patterns = vectors.nb_frag * vectors.frag_size > 10_000 ? 12 : expected.random_loss.patterns;
    for (let k = 0; k < patterns; k++) {
      const decoder = newDecoder(rows);
      let completedAt = 0;
      for (const n of arrivals(vectors, expected.random_loss.percent_cycle, k)) {
        decoder.receive(n, coded(n));
        if (decoder.complete && completedAt === 0) completedAt = n;
      }
      expect(completedAt).toBe(expected.random_loss.results[k]?.[1]);
      if (decoder.complete) expect(sha256(decoder.block())).toBe(vectors.block_sha256);
    }
  });

  it.each(Object.entries(expected.special_loss))('survives the loss of: %s', (name, special) => {
    const coded = codedFragments();
    const decoder = newDecoder(new ParityRowCache(vectors.nb_frag, rule));
    const indices = specialArrivals(vectors, name);
    let completedAt = 0;
    for (const n of indices) {
      decoder.receive(n, coded(n));
      if (decoder.complete && completedAt === 0) completedAt = n;
    }
    expect(vectors.nb_frag - indices.filter((n) => n <= vectors.nb_frag).length).toBe(special.lost_uncoded);
    expect(completedAt).toBe(special.completed_at_N);
    expect(completedAt > vectors.nb_frag ? completedAt - vectors.nb_frag : 0).toBe(special.parity_used);
    expect(decoder.complete ? sha256(decoder.block()) === vectors.block_sha256 : null).toBe(special.data_ok);
  });

  function newDecoder(rows: ParityRowCache): FragmentDecoder {
    const { nb_frag: nbFrag, frag_size: fragSize, padding } = vectors;
    return new FragmentDecoder({ nbFrag, fragSize, padding, rule, rows });
  }

  function codedFragments(): (index: number) => Uint8Array {
    const encoder = new FragmentEncoder({ block, fragSize: vectors.frag_size, rule });
    const parity = encoder.parity(first, vectors.redundancy);
    return (index) => (index < first ? encoder.fragment(index) : (parity[index - first] ?? new Uint8Array(0)));
  }
});

/** Ones in a hexadecimal digit, as so many characters. */
const WEIGHTS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 16 }, (_, digit) => [digit.toString(16), digit.toString(2).replace(/0/g, '')]),
);

/** The fragment with which a decoder completes (0: never) and how many it had received by then. */
function completion(rows: ParityRowCache, indices: readonly number[]): { completedAt: number; received: number } {
  const decoder = new RankDecoder(rows);
  for (const index of indices) {
    decoder.receive(index);
    if (decoder.complete) return { completedAt: index, received: decoder.receivedCount };
  }
  return { completedAt: 0, received: decoder.receivedCount };
}
