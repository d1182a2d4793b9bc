import type { BehaviourName, Faults } from '@airlift/fleet';
import { Rng } from '@airlift/kernel';
import { drawFleet, gatewayEuis } from '../src/simulation/fleet-draw.ts';
import type { SimulationReport } from '../src/simulation/simulation-report.ts';
import type { SimulationSettings } from '../src/simulation/simulation-settings.ts';
import { simulate } from '../src/simulation.ts';
import { enoughParity, leastFrames } from './least-frames.ts';
import { isGiven, option } from './options.ts';

/**
 * Whole campaigns in the simulator: frames to the group until the job is over, all kinds counted, over the least mean
 * possible, beside the limits that this project has set itself. `--runs 200` for each cell, `--cells loss,high,late,peers`
 * chooses tables, `--devices 1,10` and `--loss 0.1` cells, `--full` adds 1000 devices at every loss, `--json` prints JSON.
 */
const runsGiven = option('runs');
const tables = option('cells')?.split(',') ?? ['loss', 'high', 'late', 'peers'];
const chosenDevices = option('devices')?.split(',').map(Number);
const chosenLosses = option('loss')?.split(',').map(Number);
const isJson = isGiven('json');

/** 1058 fragments at the data rate that US915 has for multicast. */
const NB_FRAG = 1058;
const IMAGE = new Rng('bench image').octets(252_700);
/** Runs by number of devices: the more devices, the less chance decides. */
const RUNS = [
  [1000, 1],
  [100, 2],
  [10, 4],
  [1, 8],
] as const;
const LIMIT = { truthful: 1.03, loramac: 1.05, high: 1.05, late: 1.06 } as const;
const LOSSES = [0.05, 0.1, 0.2, 0.3];
const MANY = 1000;
/** All of them at this loss only, unless `--full`. */
const LOSS_OF_MANY = 0.1;

interface Cell {
  readonly what: string;
  readonly devices: number;
  readonly loss: number;
  readonly lossUp: number;
  readonly runs: number;
  readonly frames: number;
  readonly least: number;
  readonly ratio: number;
  readonly limit: number | undefined;
  readonly verdict: 'ok' | 'over' | 'incomplete' | '';
  readonly complete: string;
  readonly sessions: number;
  readonly seconds: number;
  readonly falseSuccess: number;
  readonly falseFailure: number;
}

type Changes = Partial<SimulationSettings> & { readonly devices: number; readonly loss: number };

function settings(changes: Changes, seed: string): SimulationSettings {
  return {
    seed,
    image: IMAGE,
    lossUp: 0.1,
    burstFrames: 1,
    gateways: 1,
    late: 0,
    mix: { 'multitech-dot': 1 },
    region: 'US915',
    ...changes,
  };
}

const SILENT = { step: () => undefined, failed: (message: string, cause: unknown) => console.error(message, cause) };
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

interface Run {
  readonly report: SimulationReport;
  /** Of this run's fleet. */
  readonly least: number;
}

/** What a run has of its own. */
interface Own {
  readonly faults?: (index: number) => Partial<Faults>;
  /** The least mean of the frames, where not all devices are there from the beginning. */
  readonly least?: (report: SimulationReport) => number;
  /** What the run would have come to elsewhere. */
  readonly asPeer?: (report: SimulationReport) => SimulationReport;
}

/** @param ownOf by the seed of the run */
async function cellOf(
  what: string,
  limit: number | undefined,
  changes: Changes,
  ownOf: (seed: string) => Own = () => ({}),
): Promise<Cell> {
  const { devices, loss, lossUp = 0.1 } = changes;
  const count = Number(runsGiven ?? RUNS.find(([from]) => devices >= from)?.[1]);
  const runs: Run[] = [];
  for (let run = 0; run < count; run++) {
    const seed = `bench/${run}`;
    const { least, asPeer, faults } = ownOf(seed);
    const report = await simulate(settings({ ...changes, ...(faults === undefined ? {} : { faults }) }, seed), SILENT);
    runs.push({ report: asPeer?.(report) ?? report, least: least?.(report) ?? report.minimumFrames });
  }
  const reports = runs.map(({ report }) => report);
  const frames = mean(reports.map((report) => report.frames.total));
  const least = mean(runs.map((run) => run.least));
  const completed = total(reports.map((report) => report.completed));
  const isComplete = completed === devices * count;
  const cell: Cell = {
    what,
    devices,
    loss,
    lossUp,
    runs: count,
    frames: rounded(frames, 1),
    least: rounded(least, 1),
    ratio: rounded(frames / least, 3),
    limit,
    verdict: limit === undefined ? '' : !isComplete ? 'incomplete' : frames / least <= limit ? 'ok' : 'over',
    complete: `${completed}/${devices * count}`,
    sessions: rounded(mean(reports.map(({ sessions }) => sessions)), 1),
    seconds: Math.round(mean(reports.map((report) => report.setupSeconds + report.sessionSeconds))),
    falseSuccess: total(reports.map(({ falseSuccess }) => falseSuccess)),
    falseFailure: total(reports.map(({ falseFailure }) => falseFailure)),
  };
  if (!isJson) print(cell);
  return cell;
}

const WIDTHS = {
  devices: 8,
  loss: 6,
  lossUp: 7,
  runs: 5,
  frames: 8,
  least: 8,
  ratio: 7,
  limit: 6,
  verdict: 11,
} as const;
const MORE_WIDTHS = { complete: 14, sessions: 9, seconds: 8, falseSuccess: 13, falseFailure: 13 } as const;
const COLUMNS = Object.entries({ ...WIDTHS, ...MORE_WIDTHS }) as readonly (readonly [
  Exclude<keyof Cell, 'what'>,
  number,
])[];
const NAME_WIDTH = 34;

function head(title: string): void {
  if (isJson) return;
  console.log(`\n${title}`);
  console.log(`${'what'.padEnd(NAME_WIDTH)}${COLUMNS.map(([name, width]) => name.padStart(width)).join('')}`);
}

function print(cell: Cell): void {
  const values = COLUMNS.map(([name, width]) => String(cell[name] ?? '').padStart(width));
  console.log(`${cell.what.padEnd(NAME_WIDTH)}${values.join('')}`);
}

async function byLoss(): Promise<readonly Cell[]> {
  head('By loss');
  const cells: Cell[] = [];
  const stacks: readonly (readonly [BehaviourName, number])[] = [
    ['multitech-dot', LIMIT.truthful],
    ['loramac-node', LIMIT.loramac],
  ];
  for (const [name, limit] of stacks) {
    for (const devices of chosenDevices ?? [1, 10, 100, MANY]) {
      const isMany = devices >= MANY && !isGiven('full');
      for (const loss of chosenLosses ?? (isMany ? [LOSS_OF_MANY] : LOSSES)) {
        for (const lossUp of isMany ? [0.1] : [0, 0.1]) {
          cells.push(await cellOf(name, limit, { devices, loss, lossUp, mix: { [name]: 1 } }));
        }
      }
    }
  }
  return cells;
}

async function highLoss(): Promise<readonly Cell[]> {
  head('High loss');
  const cells: Cell[] = [];
  for (const loss of [0.4, 0.5]) cells.push(await cellOf('multitech-dot', LIMIT.high, { devices: 10, loss }));
  return cells;
}

/** As simulations switch late devices on: from this on, seconds after the order, within the time of the plain fragments. */
const LATE_FROM_S = 150;
const FRAME_S = 1.5;
/** The issue's own figure for the set-up: three uplinks, which come every minute. */
const SETUP_S = 180;
const LATE = 0.05;
const BOOTING = 0.02;

/**
 * A late device has its first chance three uplink intervals after it is switched on, and one that boots so long after that:
 * it has lost everything. The frames before that, one every 1.5 s from the session's first, are no use to it.
 */
async function withLate(): Promise<readonly Cell[]> {
  head('5 % of the devices are switched on during the broadcast; 2 % boot');
  const cells: Cell[] = [];
  for (const devices of chosenDevices ?? [10, 100]) {
    for (const booting of [0, BOOTING]) {
      const what = booting === 0 ? 'late' : 'late, and some boot';
      const own = (seed: string) => lateFleet(seed, devices, booting);
      cells.push(await cellOf(what, LIMIT.late, { devices, loss: 0.1, late: LATE }, own));
    }
  }
  return cells;
}

function lateFleet(seed: string, devices: number, booting: number): Own {
  const drawn = drawFleet({ seed, devices, late: LATE }, gatewayEuis(1));
  const rng = new Rng(seed).fork('boot');
  const boots = drawn.map(({ lateAt }) => {
    const at = 1 + rng.below(NB_FRAG);
    return rng.chance(booting) && lateAt === undefined ? at : undefined;
  });
  return {
    faults: (index: number): Partial<Faults> => ({ rebootAtFragment: boots[index] ?? null }),
    least: ({ setupSeconds }: SimulationReport): number =>
      leastFrames(
        NB_FRAG,
        drawn.map(({ lateAt }, index) => {
          const boot = boots[index];
          const onAtS = lateAt === undefined ? undefined : LATE_FROM_S + lateAt * NB_FRAG * FRAME_S - setupSeconds;
          const fromS = boot === undefined ? onAtS : boot * FRAME_S;
          return { loss: 0.1, misses: fromS === undefined ? 0 : Math.max(0, Math.floor((fromS + SETUP_S) / FRAME_S)) };
        }),
      ),
  };
}

function toTheEnd(report: SimulationReport, total: number, spacingMs: number): SimulationReport {
  const unsent = total - report.frames.total;
  const sessionSeconds = report.sessionSeconds + (unsent * spacingMs) / 1000;
  return { ...report, sessionSeconds, frames: { ...report.frames, total } };
}

/** Share of the campaigns in which a fixed policy should reach all devices. */
const PEER_PROBABILITY = 0.95;
const PEERS = [
  { what: 'ChirpStack: fixed parity, 5 s', pacing: { sleepMs: 5_000, paritySleepMs: 5_000 }, questions: 1 },
  { what: 'MultiTech: fixed parity', pacing: { sleepMs: 1_500, paritySleepMs: 3_000 }, questions: 0 },
] as const;

/**
 * What other servers do: as many parity fragments as were fixed beforehand, and one question at the end. They get the smallest
 * number with which all devices complete in 95 % of the campaigns, which nobody who runs them would know so well. The engine
 * stops at once when devices tell by themselves that they are complete; these do not, so that the rest is added.
 */
async function besidePeers(): Promise<readonly Cell[]> {
  head('Beside fixed policies');
  const cells: Cell[] = [];
  for (const devices of chosenDevices ?? [1, 10, 100]) {
    for (const loss of chosenLosses ?? LOSSES) {
      const ours = await cellOf('Airlift', undefined, { devices, loss });
      cells.push(ours);
      const parityFragments = enoughParity(NB_FRAG, loss, devices, PEER_PROBABILITY);
      for (const { what, pacing, questions } of PEERS) {
        const frames = NB_FRAG + parityFragments + questions;
        const asPeer = (report: SimulationReport) => toTheEnd(report, frames, pacing.paritySleepMs);
        cells.push(await cellOf(what, undefined, { devices, loss, parityFragments, ...pacing }, () => ({ asPeer })));
      }
    }
  }
  return cells;
}

const TABLES = { loss: byLoss, high: highLoss, late: withLate, peers: besidePeers } as const;

if (!isJson)
  console.log('Campaigns in the simulator: 1058 fragments, frames of all kinds over the least mean possible');
const cells: Record<string, readonly Cell[]> = {};
for (const [name, table] of Object.entries(TABLES)) if (tables.includes(name)) cells[name] = await table();
if (isJson) console.log(JSON.stringify({ bench: 'campaign', cells }, null, 2));
