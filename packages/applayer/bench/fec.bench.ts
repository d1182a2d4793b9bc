import { pathToFileURL } from 'node:url';
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

const ROUNDS = 7;

/** One line of the table: how long an operation takes on the processor, and how that compares with another line. */
export interface BenchRow {
  readonly name: string;
  /** Processor time. A quarter of the rounds were at least this fast: disturbances only ever add time. */
  readonly quartileMs: number;
  /** The line that the ratio is taken against. */
  readonly against: string;
  readonly sense: 'speedup' | 'cost';
  /** For `speedup` the time of `against` divided by this line's, for `cost` the inverse. */
  readonly ratio: number;
  /** What the ratio should be: at least for `speedup`, at most for `cost`; absent when there is no aim. */
  readonly aim?: number;
}

interface Subject {
  readonly name: string;
  readonly against: string;
  readonly sense: 'speedup' | 'cost';
  readonly aim?: number | undefined;
  /** Repetitions in a round: short operations cannot be timed one by one. */
  readonly repeat: number;
  readonly operate: () => void;
}

/** What the encoder should reach, by engine and share. */
const SPEEDUPS: Readonly<Record<EngineKind, Readonly<Record<string, number>>>> = {
  wasm: { '10 %': 25, '30 %': 40, '100 %': 60 },
  js: { '30 %': 15 },
};

/**
 * Measures encoder, decoder and rank test for 1058 fragments of 239 octets in one interleaved run: every round times
 * each subject once, so that a busy moment of the machine falls on all of them alike. Encoders are measured against a
 * straight port of the same row rule; decoders and the rank test against that of `v1`, the fastest of the three.
 * Prints a table, or JSON.
 */
export function run({ json }: { readonly json: boolean }): readonly BenchRow[] {
  const block = new Rng('fec-bench').octets(NB_FRAG * FRAG_SIZE);
  const subjects: Subject[] = [];
  for (const rule of ROW_RULES) {
    for (const [share, redundancy] of SHARES) {
      const name = yardstick(share, rule);
      const operate = (): void => {
        yardstickEncode(block, FRAG_SIZE, redundancy, rule);
      };
      subjects.push({ name, against: name, sense: 'cost', repeat: 1, operate });
    }
  }
  for (const engine of ['wasm', 'js'] as const) {
    for (const rule of ROW_RULES) subjects.push(...encoderSubjects(block, engine, rule));
    for (const rule of ROW_RULES) subjects.push(decoderSubject(block, engine, rule));
  }
  for (const rule of ROW_RULES) subjects.push(rankSubject(rule));
  const rows = measure(subjects);
  console.log(json ? JSON.stringify({ nbFrag: NB_FRAG, fragSize: FRAG_SIZE, rows }) : table(rows));
  return rows;
}

const yardstick = (share: string, rule: RowRule): string => `yardstick ${share} ${rule}`;

function encoderSubjects(block: Uint8Array, engine: EngineKind, rule: RowRule): Subject[] {
  const subjects: Subject[] = SHARES.map(([share, redundancy]) => ({
    name: `encode ${share} ${rule} ${engine}`,
    against: yardstick(share, rule),
    sense: 'speedup',
    aim: SPEEDUPS[engine][share],
    repeat: 2,
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
    aim: 0.1,
    repeat: 16,
    operate: () => {
      encoder.parity(from, SLICE);
      from = from + SLICE > 8000 ? NB_FRAG + 1 : from + SLICE;
    },
  });
  return subjects;
}

function decoderSubject(block: Uint8Array, engine: EngineKind, rule: RowRule): Subject {
  const encoder = new FragmentEncoder({ block, fragSize: FRAG_SIZE, rule });
  const arrivals = codedArrivals('fec-bench-decode').map((index) => ({ index, fragment: encoder.fragment(index) }));
  return {
    name: `decode 20 % lost ${rule} ${engine}`,
    against: yardstick('30 %', 'v1'),
    sense: 'cost',
    aim: 0.12,
    repeat: 2,
    operate: () => {
      const decoder = new FragmentDecoder({ nbFrag: NB_FRAG, fragSize: FRAG_SIZE, padding: 0, rule, engine });
      for (const { index, fragment } of arrivals) {
        decoder.receive(index, fragment);
        if (decoder.complete) break;
      }
      decoder.block();
    },
  };
}

function rankSubject(rule: RowRule): Subject {
  const rows = new ParityRowCache(NB_FRAG, rule);
  const devices = Array.from({ length: 16 }, (_, device) => codedArrivals(`fec-bench-rank-${device}`));
  let device = 0;
  return {
    name: `rank test 20 % lost ${rule}`,
    against: yardstick('30 %', 'v1'),
    sense: 'cost',
    aim: 0.006,
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

function measure(subjects: readonly Subject[]): BenchRow[] {
  const timesMs = subjects.map((): number[] => []);
  // Two rounds are thrown away: compilers work in them.
  for (let round = -2; round < ROUNDS; round++) {
    subjects.forEach(({ repeat, operate }, i) => {
      const start = cpuTimeMs();
      for (let n = 0; n < repeat; n++) operate();
      const spent = (cpuTimeMs() - start) / repeat;
      if (round >= 0) timesMs[i]?.push(spent);
    });
  }
  const times = new Map(subjects.map(({ name }, i) => [name, lowerQuartile(timesMs[i] ?? [])]));
  return subjects.map(({ name, against, sense, aim }) => {
    const own = times.get(name) ?? Number.NaN;
    const other = times.get(against) ?? Number.NaN;
    const ratio = sense === 'speedup' ? other / own : own / other;
    return { name, quartileMs: own, against, sense, ratio, ...(aim === undefined ? {} : { aim }) };
  });
}

/** Processor time rather than time of day: on a busy machine long operations are interrupted more often than short. */
function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function lowerQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >>> 2] ?? Number.NaN;
}

function table(rows: readonly BenchRow[]): string {
  const lines = rows.map(({ name, quartileMs, against, sense, ratio, aim }) => {
    const figure = sense === 'speedup' ? `${ratio.toFixed(1)} times as fast as` : `${ratio.toFixed(4)} of`;
    const met = sense === 'speedup' ? ratio >= (aim ?? 0) : ratio <= (aim ?? Number.POSITIVE_INFINITY);
    const goal = aim === undefined ? '' : `  (aim ${aim}${met ? '' : ', missed'})`;
    return `${name.padEnd(24)} ${quartileMs.toFixed(3).padStart(9)} ms  ${figure} ${against}${goal}`;
  });
  return [`Erasure code, ${NB_FRAG} fragments of ${FRAG_SIZE} octets`, ...lines].join('\n');
}

// Only when run by itself, not when a script imports it to call `run`.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  run({ json: process.argv.includes('--json') });
}
