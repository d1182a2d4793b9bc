import { concatOctets, fromHex, toHex } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FragmentDecoder } from '../../src/fragments/fragment-decoder.ts';
import { parityRow } from '../../src/fragments/parity-row.ts';
import { fragmentCases, sha256, stream, vectorFile } from '../vectors.ts';

interface FragmentVector {
  readonly case: string;
  readonly nb_frag: number;
  readonly frag_size: number;
  readonly padding: number;
  readonly redundancy: number;
  readonly block_len: number;
  readonly data_rule: string;
  readonly padded_sha256: string;
  readonly rules: {
    readonly v1: {
      readonly parity_fragment_hex?: readonly string[];
      readonly parity_fragment_sha256?: readonly string[];
      readonly parity_rows_concat_sha256: string;
      readonly random_loss: {
        readonly percent_cycle: readonly number[];
        readonly results: readonly (readonly [number, number, number])[];
      };
      readonly special_loss: Readonly<
        Record<string, { completed_at_N: number | null; parity_used: number | null; data_ok: boolean | null }>
      >;
    };
  };
}

/** Fragments 1 .. M+R of a block, coded ones by the sum of their rows. */
function encode(padded: Uint8Array, fragments: number, size: number, redundancy: number): Uint8Array[] {
  const plain = Array.from({ length: fragments }, (_, i) => padded.slice(i * size, (i + 1) * size));
  const coded = Array.from({ length: redundancy }, (_, i) => {
    const sum = new Uint8Array(size);
    for (const column of parityRow(fragments, i + 1)) {
      plain[column]?.forEach((octet, at) => {
        sum[at] = (sum[at] ?? 0) ^ octet;
      });
    }
    return sum;
  });
  return [...plain, ...coded];
}

function blockOf(vector: FragmentVector): Uint8Array {
  const block = /mod 256/.test(vector.data_rule)
    ? Uint8Array.from({ length: vector.block_len }, (_, i) => i % 256)
    : stream(`fec-data/${vector.case}`, vector.block_len);
  return concatOctets(block, new Uint8Array(vector.padding));
}

function decoderOf(vector: FragmentVector): FragmentDecoder {
  return new FragmentDecoder({ fragments: vector.nb_frag, fragmentSize: vector.frag_size, maxRedundancy: 16383 });
}

describe.each(fragmentCases())('known answers %s', (name) => {
  const vector = vectorFile<FragmentVector>(name);
  const padded = blockOf(vector);
  const all = encode(padded, vector.nb_frag, vector.frag_size, vector.redundancy);
  const coded = all.slice(vector.nb_frag);
  const { v1 } = vector.rules;

  it('has the rows of rule v1', () => {
    expect(sha256(padded)).toBe(vector.padded_sha256);
    const rows = coded.map((_, i) => {
      const bitmap = new Uint8Array((vector.nb_frag + 7) >> 3);
      for (const c of parityRow(vector.nb_frag, i + 1)) bitmap[c >> 3] = (bitmap[c >> 3] ?? 0) | (0x80 >> (c & 7));
      return bitmap;
    });
    expect(sha256(concatOctets(...rows))).toBe(v1.parity_rows_concat_sha256);
    if (v1.parity_fragment_hex !== undefined) expect(coded.map(toHex)).toEqual(v1.parity_fragment_hex);
    else expect(coded.map(sha256)).toEqual(v1.parity_fragment_sha256);
  });

  it('completes where the reference decoder does, with the right block', () => {
    const { percent_cycle: cycle, results } = v1.random_loss;
    // Every pattern of the small cases; enough of the large ones.
    const patterns = Math.min(results.length, Math.max(8, Math.floor(15_000 / vector.nb_frag)));
    for (let k = 0; k < patterns; k++) {
      const draws = stream(`fec-loss/${vector.case}/${k}`, 2 * all.length);
      const limit = roundHalfEven(((cycle[k % cycle.length] ?? 0) * 65536) / 100);
      const decoder = decoderOf(vector);
      let completedAt = 0;
      let received = 0;
      for (let n = 1; n <= all.length && completedAt === 0; n++) {
        if ((draws[2 * n - 2] ?? 0) + 256 * (draws[2 * n - 1] ?? 0) < limit) continue;
        received += 1;
        if (decoder.acceptOctets(n, all[n - 1] ?? new Uint8Array(0)) === 'complete') completedAt = n;
      }
      expect([k, completedAt, received]).toEqual([k, results[k]?.[1], results[k]?.[2]]);
      if (completedAt > 0) {
        expect(decoder.plainLost).toBe(results[k]?.[0]);
        expect(sha256(decoder.block())).toBe(vector.padded_sha256);
        expect(decoder.missing).toBe(0);
      }
    }
  });

  it.each(Object.entries(v1.special_loss))('special loss: %s', (loss, expected) => {
    const m = vector.nb_frag;
    const lost: Record<string, (n: number) => boolean> = {
      none: () => false,
      first: (n) => n === 1,
      last: (n) => n === m,
      first_half: (n) => n <= Math.floor(m / 2),
      last_half: (n) => n > m - Math.floor(m / 2) && n <= m,
      odd_indices: (n) => n <= m && n % 2 === 1,
      all_uncoded: (n) => n <= m,
    };
    const isLost = lost[loss];
    if (isLost === undefined) throw new Error(`unknown pattern ${loss}`);
    const decoder = decoderOf(vector);
    let completedAt = 0;
    for (let n = 1; n <= all.length && completedAt === 0; n++) {
      if (isLost(n)) continue;
      if (decoder.acceptOctets(n, all[n - 1] ?? new Uint8Array(0)) === 'complete') completedAt = n;
    }
    expect(completedAt).toBe(expected.completed_at_N ?? 0);
    if (completedAt > 0) expect(sha256(decoder.block())).toBe(vector.padded_sha256);
  });
});

/** As Python rounds: halves to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

describe('FragmentDecoder', () => {
  const padded = fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627');
  const fragments = encode(padded, 10, 4, 30);
  const decoder = (maxRedundancy = 100) => new FragmentDecoder({ fragments: 10, fragmentSize: 4, maxRedundancy });
  const at = (n: number): Uint8Array => fragments[n - 1] ?? new Uint8Array(0);

  it('behaviour 14: drops plain fragments below the last one heard for good, takes a second pass for nothing', () => {
    const d = decoder();
    for (const n of [1, 2, 4, 5]) d.acceptOctets(n, at(n));
    expect(d.acceptOctets(3, at(3))).toBe('out-of-order');
    expect(d.plainLost).toBe(1);
    for (const n of [6, 7, 8, 9, 10]) d.acceptOctets(n, at(n));
    expect(d.complete).toBe(false);
    for (let n = 1; n < 10; n++) expect(d.acceptOctets(n, at(n))).toBe('out-of-order');
    expect(d.complete).toBe(false);
    expect(d.missing).toBe(1);
  });

  it('behaviour 14: takes coded fragments in any order, repeats harm nothing, plain ones after them are dropped', () => {
    const d = decoder();
    for (const n of [1, 3, 4, 5, 6, 7, 8]) d.acceptOctets(n, at(n));
    expect(d.acceptOctets(30, at(30))).toBe('ongoing');
    expect(d.plainLost).toBe(3);
    expect(d.acceptOctets(9, at(9))).toBe('out-of-order');
    let outcome = d.acceptOctets(30, at(30));
    for (let n = 29; n > 10 && outcome !== 'complete'; n--) outcome = d.acceptOctets(n, at(n));
    expect(outcome).toBe('complete');
    expect(d.block()).toEqual(padded);
    expect(d.plainLost).toBe(3);
    expect(d.acceptOctets(40, at(40))).toBe('ignored');
  });

  it('tells when more is lost than it has memory for', () => {
    const d = decoder(2);
    for (const n of [1, 2, 3, 4, 5, 6, 7]) d.acceptOctets(n, at(n));
    expect(d.acceptOctets(11, at(11))).toBe('overflow');
    expect(d.overflowed).toBe(true);
    expect(d.complete).toBe(false);
  });

  it('is of one mind with the rank of what was received, and right, for any block and any losses', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.boolean(), { minLength: 80, maxLength: 80 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        (m, size, heard, octets) => {
          const block = Uint8Array.from({ length: m * size }, () => octets.next().value as number);
          const all = encode(block, m, size, 80 - m);
          const d = new FragmentDecoder({ fragments: m, fragmentSize: size, maxRedundancy: 100 });
          const rows: bigint[] = [];
          all.forEach((fragment, i) => {
            if (heard[i] !== true) return;
            d.acceptOctets(i + 1, fragment);
            rows.push(
              i < m
                ? 1n << BigInt(i)
                : parityRow(m, i + 1 - m).reduce((row, column) => row | (1n << BigInt(column)), 0n),
            );
          });
          expect(d.complete).toBe(rank(rows) === m);
          if (d.complete) expect(d.block()).toEqual(block);
        },
      ),
      { numRuns: 200 },
    );
  });
});

function rank(rows: readonly bigint[]): number {
  const basis: bigint[] = [];
  for (const row of rows) {
    let rest = row;
    for (const b of basis) if ((rest ^ b) < rest) rest ^= b;
    if (rest !== 0n) {
      basis.push(rest);
      basis.sort((a, b) => (a < b ? 1 : -1));
    }
  }
  return basis.length;
}
