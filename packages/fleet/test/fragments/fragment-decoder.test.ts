import { concatOctets, fromHex, toHex } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FragmentDecoder } from '../../src/fragments/fragment-decoder.ts';
import { type DecoderRowRule, parityRow } from '../../src/fragments/parity-row.ts';
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
  readonly rules: Readonly<Record<DecoderRowRule, RuleVector>>;
}

interface RuleVector {
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
}

/** Fragments 1 .. M+R of a block, coded ones by the sum of their rows. */
function encode(
  padded: Uint8Array,
  fragments: number,
  size: number,
  redundancy: number,
  rule: DecoderRowRule = 'v1',
): Uint8Array[] {
  const plain = Array.from({ length: fragments }, (_, i) => padded.slice(i * size, (i + 1) * size));
  const coded = Array.from({ length: redundancy }, (_, i) => {
    const sum = new Uint8Array(size);
    for (const column of parityRow(fragments, i + 1, rule)) {
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

function decoderOf(vector: FragmentVector, rowRule: DecoderRowRule): FragmentDecoder {
  const { nb_frag: fragments, frag_size: fragmentSize } = vector;
  return new FragmentDecoder({ fragments, fragmentSize, maxRedundancy: 16383, rowRule });
}

const RULES = ['v1', 'v2r', 'v2a'] as const;
const CASES = fragmentCases().flatMap((name) => RULES.map((rule) => [name, rule] as const));

describe.each(CASES)('known answers %s by rule %s', (name, rule) => {
  const vector = vectorFile<FragmentVector>(name);
  const padded = blockOf(vector);
  const all = encode(padded, vector.nb_frag, vector.frag_size, vector.redundancy, rule);
  const coded = all.slice(vector.nb_frag);
  const known = vector.rules[rule];

  it('has the rows of the rule', () => {
    expect(sha256(padded)).toBe(vector.padded_sha256);
    const rows = coded.map((_, i) => {
      const bitmap = new Uint8Array((vector.nb_frag + 7) >> 3);
      for (const c of parityRow(vector.nb_frag, i + 1, rule))
        bitmap[c >> 3] = (bitmap[c >> 3] ?? 0) | (0x80 >> (c & 7));
      return bitmap;
    });
    expect(sha256(concatOctets(...rows))).toBe(known.parity_rows_concat_sha256);
    if (known.parity_fragment_hex !== undefined) expect(coded.map(toHex)).toEqual(known.parity_fragment_hex);
    else expect(coded.map(sha256)).toEqual(known.parity_fragment_sha256);
  });

  it('completes where the reference decoder does, with the right block', () => {
    const { percent_cycle: cycle, results } = known.random_loss;
    // Every pattern of the small cases; enough of the large ones.
    const patterns = Math.min(results.length, Math.max(8, Math.floor(8_000 / vector.nb_frag)));
    for (let k = 0; k < patterns; k++) {
      const draws = stream(`fec-loss/${vector.case}/${k}`, 2 * all.length);
      const limit = roundHalfEven(((cycle[k % cycle.length] ?? 0) * 65536) / 100);
      const decoder = decoderOf(vector, rule);
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

  it.each(Object.entries(known.special_loss))('special loss: %s', (loss, expected) => {
    const m = vector.nb_frag;
    const lost: Record<string, (n: number) => boolean> = {
      none: () => false,
      first: (n) => n === 1,
      last: (n) => n === m,
      first_half: (n) => n <= Math.floor(m / 2),
      last_half: (n) => n > Math.floor(m / 2) && n <= m,
      odd_indices: (n) => n <= m && n % 2 === 1,
      all_uncoded: (n) => n <= m,
    };
    const isLost = lost[loss];
    if (isLost === undefined) throw new Error(`unknown pattern ${loss}`);
    const decoder = decoderOf(vector, rule);
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

  it('takes plain fragments in any order until the first coded one where the build does so', () => {
    const d = new FragmentDecoder({ fragments: 10, fragmentSize: 4, maxRedundancy: 9, plainOrder: 'until-coded' });
    for (const n of [9, 2, 2, 1, 7, 3]) d.acceptOctets(n, at(n));
    expect([d.missing, d.heard]).toEqual([5, 6]);
    for (const n of [10, 8, 6, 5]) d.acceptOctets(n, at(n));
    expect(d.acceptOctets(4, at(4))).toBe('complete');
    expect(d.block()).toEqual(padded);
  });

  it('and is spoilt there by a plain fragment that comes after a coded one', () => {
    const d = new FragmentDecoder({ fragments: 10, fragmentSize: 4, maxRedundancy: 9, plainOrder: 'until-coded' });
    for (const n of [1, 2, 3, 4, 5, 6]) d.acceptOctets(n, at(n));
    d.acceptOctets(11, at(11));
    for (const n of [7, 8, 9, 10]) d.acceptOctets(n, at(n));
    for (let n = 12; n < 40 && !d.complete; n++) d.acceptOctets(n, at(n));
    expect(d.complete).toBe(true);
    expect(d.block()).not.toEqual(padded);
  });

  it('is of one mind with the rank in any order and by any rule, when it takes plain fragments whenever they come', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RULES),
        fc.integer({ min: 1, max: 24 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        (rowRule, m, numbers, octets) => {
          const block = Uint8Array.from({ length: m * 3 }, () => octets.next().value as number);
          const all = encode(block, m, 3, 60 - m, rowRule);
          const shape = { fragments: m, fragmentSize: 3, maxRedundancy: 100, rowRule, plainOrder: 'any' } as const;
          const d = new FragmentDecoder(shape);
          const rows: bigint[] = [];
          for (const n of numbers) {
            const outcome = d.acceptOctets(n, all[n - 1] ?? new Uint8Array(0));
            if (outcome === 'ignored') break;
            const row = n <= m ? [n - 1] : parityRow(m, n - m, rowRule);
            rows.push(row.reduce((sum, column) => sum | (1n << BigInt(column)), 0n));
            expect(d.missing).toBeGreaterThanOrEqual(m - rank(rows));
            expect(d.complete).toBe(rank(rows) === m);
          }
          if (d.complete) expect(d.block()).toEqual(block);
        },
      ),
      { numRuns: 300 },
    );
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
