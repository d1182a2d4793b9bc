import { Rng } from '@airlift/kernel';
import {
  type EngineKind,
  FragmentDecoder,
  FragmentEncoder,
  ParityRowCache,
  RankDecoder,
  ROW_RULES,
  type RowRule,
} from '../src/fec/index.ts';
import { yardstickEncode } from './yardstick.ts';

const NB_FRAG = 1058;
const FRAG_SIZE = 239;
const SHARES = [
  ['10 %', Math.ceil(NB_FRAG * 0.1)],
  ['30 %', Math.ceil(NB_FRAG * 0.3)],
  ['100 %', NB_FRAG],
] as const;
const SLICE = 16;
const LOSS = 0.2;

/** One line of the table: how long an operation takes, and how that compares with its yardstick. */
export interface BenchRow {
  readonly name: string;
  /** Median over the rounds. */
  readonly medianMs: number;
  /** What the ratio is taken against. */
  readonly against: string;
  /** Median of `against` divided by `medianMs` for `speedup`, the inverse for `cost`. */
  readonly ratio: number;
  readonly sense: 'speedup' | 'cost';
}

interface Subject {
  readonly name: string;
  readonly against: string;
  readonly sense: 'speedup' | 'cost';
  /** Repetitions in a round; short operations cannot be timed one by one. */
  readonly repeat: number;
  readonly operate: () => void;
}

/**
 * Measures encoder, decoder and rank test for 1058 fragments of 239 octets in one interleaved run: every round times
 * each subject once, so that a busy moment of the machine falls on all of them alike.
 */
export function run({ json }: { readonly json: boolean }): readonly BenchRow[] {
  const block = new Rng('fec-bench').octets(NB_FRAG * FRAG_SIZE);
  const yardsticks: Subject[] = SHARES.map(([share, redundancy]) => ({
    name: `yardstick ${share}`,
    against: `yardstick ${share}`,
    sense: 'cost',
    repeat: 1,
    operate: () => yardstickEncode(block, FRAG_SIZE, redundancy),
  }));
  const subjects = [...yardsticks];
  for (const engine of ['wasm', 'js'] as const) {
    for (const rule of ROW_RULES) subjects.push(...encoderSubjects(block, engine, rule));
    for (const rule of ROW_RULES) subjects.push(...decoderSubjects(block, engine, rule));
  }
  for (const rule of ROW_RULES) subjects.push(rankSubject(rule));
  const rows = measure(subjects, 15);
  console.log(json ? JSON.stringify({ nbFrag: NB_FRAG, fragSize: FRAG_SIZE, rows }) : table(rows));
  return rows;
}

function encoderSubjects(block: Uint8Array, engine: EngineKind, rule: RowRule): Subject[] {
  const subjects: Subject[] = SHARES.map(([share, redundancy]) => ({
    name: `encode ${share} ${rule} ${engine}`,
    against: `yardstick ${share}`,
    sense: 'speedup',
    repeat: 4,
    operate: () => {
      new FragmentEncoder({ block, fragSize: FRAG_SIZE, rule, engine }).parity(NB_FRAG + 1, redundancy);
    },
  }));
  const encoder = new FragmentEncoder({ block, fragSize: FRAG_SIZE, rule, engine });
  let from = NB_FRAG + 1;
  subjects.push({
    name: `slice of ${SLICE} ${rule} ${engine}`,
    against: `encode 30 % ${rule} ${engine}`,
    sense: 'cost',
    repeat: 16,
    operate: () => {
      encoder.parity(from, SLICE);
      from = from + SLICE > 8000 ? NB_FRAG + 1 : from + SLICE;
    },
  });
  return subjects;
}

function decoderSubjects(block: Uint8Array, engine: EngineKind, rule: RowRule): Subject[] {
  const encoder = new FragmentEncoder({ block, fragSize: FRAG_SIZE, rule });
  const arrivals = codedArrivals('fec-bench-decode').map((index) => ({ index, fragment: encoder.fragment(index) }));
  return [
    {
      name: `decode 20 % lost ${rule} ${engine}`,
      against: 'yardstick 30 %',
      sense: 'cost',
      repeat: 2,
      operate: () => {
        const decoder = new FragmentDecoder({ nbFrag: NB_FRAG, fragSize: FRAG_SIZE, padding: 0, rule, engine });
        for (const { index, fragment } of arrivals) {
          decoder.receive(index, fragment);
          if (decoder.complete) break;
        }
        decoder.block();
      },
    },
  ];
}

function rankSubject(rule: RowRule): Subject {
  const rows = new ParityRowCache(NB_FRAG, rule);
  const devices = Array.from({ length: 16 }, (_, device) => codedArrivals(`fec-bench-rank-${device}`));
  let device = 0;
  return {
    name: `rank test 20 % lost ${rule}`,
    against: 'yardstick 30 %',
    sense: 'cost',
    repeat: devices.length,
    operate: () => {
      const decoder = new RankDecoder(rows);
      for (const index of devices[device++ % devices.length] ?? []) {
        decoder.receive(index);
        if (decoder.complete) return;
      }
      throw new Error('too few fragments for the rank test');
    },
  };
}

/** Indices of fragments that arrive, ascending: enough for completion. */
function codedArrivals(seed: string): number[] {
  const rng = new Rng(seed);
  const indices: number[] = [];
  for (let n = 1; n <= NB_FRAG * 1.6; n++) if (!rng.chance(LOSS)) indices.push(n);
  return indices;
}

function measure(subjects: readonly Subject[], rounds: number): BenchRow[] {
  const timesMs = subjects.map((): number[] => []);
  // Two rounds are thrown away: compilers work in them.
  for (let round = -2; round < rounds; round++) {
    subjects.forEach((subject, i) => {
      const start = performance.now();
      for (let n = 0; n < subject.repeat; n++) subject.operate();
      const elapsed = (performance.now() - start) / subject.repeat;
      if (round >= 0) timesMs[i]?.push(elapsed);
    });
  }
  const medians = new Map(subjects.map((subject, i) => [subject.name, median(timesMs[i] ?? [])]));
  return subjects.map(({ name, against, sense }) => {
    const own = medians.get(name) ?? Number.NaN;
    const other = medians.get(against) ?? Number.NaN;
    return { name, medianMs: own, against, sense, ratio: sense === 'speedup' ? other / own : own / other };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >>> 1] ?? Number.NaN;
}

function table(rows: readonly BenchRow[]): string {
  const lines = rows.map(({ name, medianMs, against, sense, ratio }) => {
    const figure = sense === 'speedup' ? `${ratio.toFixed(1)} times as fast as` : `${ratio.toFixed(4)} of`;
    return `${name.padEnd(28)} ${medianMs.toFixed(3).padStart(9)} ms   ${figure} ${against}`;
  });
  return [`${NB_FRAG} fragments of ${FRAG_SIZE} octets`, ...lines].join('\n');
}

run({ json: process.argv.includes('--json') });
