import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { ROW_RULES, type RowRule } from '../../src/fec/index.ts';

/** What one row rule gives in a vector file (see vectors/README.md). */
export interface RuleVectors {
  readonly parity_concat_sha256: string;
  readonly parity_fragment_hex?: readonly string[];
  readonly parity_fragment_sha256?: readonly string[];
  readonly parity_rows_bitmap_hex?: readonly string[];
  readonly parity_rows_bitmap_hex_first4?: readonly string[];
  readonly parity_rows_concat_sha256: string;
  readonly row_weight: { readonly min: number; readonly max: number; readonly mean: number };
  readonly random_loss: {
    readonly percent_cycle: readonly number[];
    readonly patterns: number;
    readonly results: readonly (readonly [lostPlain: number, completedAt: number, received: number])[];
  };
  readonly special_loss: Readonly<Record<string, SpecialLoss>>;
}

export interface SpecialLoss {
  readonly lost_uncoded: number;
  readonly completed_at_N: number;
  readonly parity_used: number;
  readonly data_ok: boolean | null;
}

export interface FragVectors {
  readonly case: string;
  readonly nb_frag: number;
  readonly frag_size: number;
  readonly padding: number;
  readonly redundancy: number;
  readonly block_len: number;
  readonly data_rule: string;
  readonly block_sha256: string;
  readonly padded_sha256: string;
  readonly block_hex?: string;
  readonly uncoded_sha256_concat: string;
  readonly uncoded_fragment_sha256?: readonly string[];
  readonly rules: Readonly<Record<RowRule, RuleVectors>>;
}

const folder = new URL('../../../../vectors/', import.meta.url);

/** Every frag-*.json, in order of their names. */
export const fragVectors: readonly FragVectors[] = readdirSync(folder)
  .filter((name) => /^frag-.*\.json$/.test(name))
  .sort()
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as FragVectors);

/** Case by case, rule by rule. */
export const casesByRule = fragVectors.flatMap((vectors) =>
  ROW_RULES.map((rule) => ({ name: vectors.case, rule, vectors, expected: vectors.rules[rule] })),
);

export function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

/** The octet stream S(seed, length) of vectors/README.md. */
export function octetStream(seed: string, length: number): Uint8Array {
  const stream = new Uint8Array(length);
  for (let at = 0, counter = 0; at < length; at += 32, counter++) {
    const counterOctets = new Uint8Array(4);
    new DataView(counterOctets.buffer).setUint32(0, counter, true);
    const digest = createHash('sha256').update(seed, 'ascii').update(counterOctets).digest();
    stream.set(digest.subarray(0, Math.min(32, length - at)), at);
  }
  return stream;
}

/** The data block of a case. */
export function blockOf(vectors: FragVectors): Uint8Array {
  if (vectors.data_rule.startsWith('SHA-256')) return octetStream(`fec-data/${vectors.case}`, vectors.block_len);
  return Uint8Array.from({ length: vectors.block_len }, (_, i) => i % 256);
}

/** Indices N of the coded fragments that arrive in random loss pattern `k`, ascending. */
export function arrivals(vectors: FragVectors, percentCycle: readonly number[], k: number): number[] {
  const total = vectors.nb_frag + vectors.redundancy;
  const draws = octetStream(`fec-loss/${vectors.case}/${k}`, 2 * total);
  const limit = Math.round(((percentCycle[k % percentCycle.length] ?? 0) * 65_536) / 100);
  const indices: number[] = [];
  for (let n = 1; n <= total; n++) {
    const at = 2 * (n - 1);
    if ((draws[at] ?? 0) + 256 * (draws[at + 1] ?? 0) >= limit) indices.push(n);
  }
  return indices;
}

const SPECIAL_LOSSES: Readonly<Record<string, (index: number, nbFrag: number) => boolean>> = {
  none: () => false,
  first: (n) => n === 1,
  last: (n, nbFrag) => n === nbFrag,
  first_half: (n, nbFrag) => n <= Math.floor(nbFrag / 2),
  last_half: (n, nbFrag) => n > Math.floor(nbFrag / 2) && n <= nbFrag,
  odd_indices: (n, nbFrag) => n % 2 === 1 && n <= nbFrag,
  all_uncoded: (n, nbFrag) => n <= nbFrag,
};

/** Indices N of the coded fragments that arrive in a named pattern, ascending. */
export function specialArrivals(vectors: FragVectors, name: string): number[] {
  const lost = SPECIAL_LOSSES[name];
  if (lost === undefined) throw new Error(`unknown pattern ${name}`);
  const indices: number[] = [];
  for (let n = 1; n <= vectors.nb_frag + vectors.redundancy; n++) if (!lost(n, vectors.nb_frag)) indices.push(n);
  return indices;
}
