import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { vectors } from './vectors.ts';

export const RULES = ['v1', 'v2r', 'v2a'] as const;
export type Rule = (typeof RULES)[number];

/** What is used of a vector file (see vectors/README.md). */
export interface FragVectors {
  readonly case: string;
  readonly nb_frag: number;
  readonly frag_size: number;
  readonly padding: number;
  readonly redundancy: number;
  readonly block_len: number;
  readonly data_rule: string;
  readonly block_sha256: string;
  readonly uncoded_sha256_concat: string;
  readonly rules: Readonly<
    Record<
      Rule,
      {
        readonly parity_concat_sha256: string;
        readonly random_loss: {
          readonly percent_cycle: readonly number[];
          readonly results: readonly (readonly [lostPlain: number, completedAt: number, received: number])[];
        };
      }
    >
  >;
}

/** Every frag-*.json, in order of their names. */
export const FRAG_VECTORS: readonly FragVectors[] = readdirSync(new URL('../../../../../vectors/', import.meta.url))
  .filter((name) => /^frag-.*\.json$/.test(name))
  .sort()
  .map((name) => vectors<FragVectors>(name));

export function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

/** The octet stream S(seed, length) of vectors/README.md. */
function octetStream(seed: string, length: number): Uint8Array {
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
export function blockOf(frag: FragVectors): Uint8Array {
  if (frag.data_rule.startsWith('SHA-256')) return octetStream(`fec-data/${frag.case}`, frag.block_len);
  return Uint8Array.from({ length: frag.block_len }, (_, i) => i % 256);
}

/** Whether coded fragment N is lost, in loss pattern `k` of a case and rule. */
export function losses(frag: FragVectors, rule: Rule, k: number): (n: number) => boolean {
  const percentCycle = frag.rules[rule].random_loss.percent_cycle;
  const draws = octetStream(`fec-loss/${frag.case}/${k}`, 2 * (frag.nb_frag + frag.redundancy));
  const limit = Math.round(((percentCycle[k % percentCycle.length] ?? 0) * 65_536) / 100);
  return (n) => (draws[2 * n - 2] ?? 0) + 256 * (draws[2 * n - 1] ?? 0) < limit;
}
