import { BEHAVIOURS, type BehaviourName } from '@airlift/fleet';
import { Rng } from '@airlift/kernel';
import type { SimulationReport } from '../src/simulation/simulation-report.ts';
import type { SimulationSettings } from '../src/simulation/simulation-settings.ts';
import { simulate } from '../src/simulation.ts';

/**
 * Whole campaigns in the simulator: frames to the group until the job is over, all kinds counted, over the least mean
 * possible (`minimumFrames`), beside the limits that this project has set itself. `--runs=N` for each cell,
 * `--cells=loss,late,peers` chooses tables, `--full` adds 1000 devices, `--json` prints JSON.
 */
const chosen = (name: string): string | undefined =>
  process.argv.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3);
const runs = Number(chosen('runs') ?? 3);
const tables = chosen('cells')?.split(',') ?? ['loss', 'late', 'peers'];
const isFull = process.argv.includes('--full');

/** 1058 fragments at the data rate that US915 has for multicast. */
const IMAGE_OCTETS = 252_700;
/** 252 fragments: fixed policies are tried many times over. */
const SMALL_IMAGE_OCTETS = 60_000;

interface Cell {
  readonly table: string;
  readonly what: string;
  readonly devices: number;
  readonly loss: number;
  readonly complete: string;
  readonly frames: number;
  readonly least: number;
  readonly ratio: number;
  readonly limit: number;
  readonly sessions: number;
  readonly seconds: number;
  readonly falseSuccess: number;
  readonly falseFailure: number;
}

function settings(more: Partial<SimulationSettings>): SimulationSettings {
  const octets = more.image?.length ?? IMAGE_OCTETS;
  return {
    devices: 10,
    seed: 'bench',
    image: more.image ?? new Rng('bench image').octets(octets),
    loss: 0.1,
    lossUp: 0.1,
    burstFrames: 1,
    gateways: 1,
    late: 0,
    mix: { 'multitech-dot': 1 },
    region: 'US915',
    ...more,
  };
}

const SILENT = { step: () => undefined, failed: (message: string, cause: unknown) => console.error(message, cause) };

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

async function campaigns(more: Partial<SimulationSettings>): Promise<readonly SimulationReport[]> {
  const reports: SimulationReport[] = [];
  for (let run = 0; run < runs; run++)
    reports.push(await simulate(settings({ ...more, seed: `bench/${run}` }), SILENT));
  return reports;
}

function cellOf(
  table: string,
  what: string,
  limit: number,
  { devices = 10, loss = 0.1 }: Partial<SimulationSettings>,
  reports: readonly SimulationReport[],
): Cell {
  const frames = mean(reports.map((report) => report.frames.total));
  const least = mean(reports.map((report) => report.minimumFrames));
  return {
    table,
    what,
    devices,
    loss,
    complete: `${total(reports.map(({ completed }) => completed))}/${devices * reports.length}`,
    frames: Math.round(frames),
    least: Math.round(least),
    ratio: Math.round((1000 * frames) / least) / 1000,
    limit,
    sessions: Math.round(10 * mean(reports.map(({ sessions }) => sessions))) / 10,
    seconds: Math.round(mean(reports.map((report) => report.setupSeconds + report.sessionSeconds))),
    falseSuccess: total(reports.map(({ falseSuccess }) => falseSuccess)),
    falseFailure: total(reports.map(({ falseFailure }) => falseFailure)),
  };
}

async function byLoss(): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  const stacks: readonly (readonly [BehaviourName, number])[] = [
    ['multitech-dot', 1.03],
    ['loramac-node', 1.05],
  ];
  for (const [name, limit] of stacks) {
    for (const devices of isFull ? [1, 10, 100, 1000] : [1, 10, 100]) {
      for (const loss of [0.05, 0.1, 0.2, 0.3]) {
        const more: Partial<SimulationSettings> = { devices, loss, mix: { [name]: 1 } };
        cells.push(cellOf('loss', BEHAVIOURS[name].name, limit, more, await campaigns(more)));
      }
    }
  }
  for (const loss of [0.4, 0.5]) {
    const more: Partial<SimulationSettings> = { devices: 10, loss };
    cells.push(cellOf('loss', 'multitech-dot', 1.05, more, await campaigns(more)));
  }
  return cells;
}

async function withLate(): Promise<readonly Cell[]> {
  const more: Partial<SimulationSettings> = { devices: 100, late: 0.05 };
  return [cellOf('late', '5 % of the devices come late', 1.06, more, await campaigns(more))];
}

/** What ChirpStack and MultiTech's gateways do: as many parity fragments as were fixed, and one question. */
const PEERS = [
  ['ChirpStack: fixed redundancy, 5 s', { sleepMs: 5_000, paritySleepMs: 5_000 }],
  ['MultiTech: fixed parity', {}],
] as const;
const SHARE_STEP = 0.02;

async function besidePeers(): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  const image = new Rng('bench image').octets(SMALL_IMAGE_OCTETS);
  for (const loss of [0.05, 0.1, 0.2]) {
    for (const devices of [10, 100]) {
      const more: Partial<SimulationSettings> = { devices, loss, image };
      cells.push(cellOf('peers', 'Airlift', Number.NaN, more, await campaigns(more)));
      for (const [what, pacing] of PEERS) {
        cells.push(cellOf('peers', what, Number.NaN, more, await withEnoughParity({ ...more, ...pacing })));
      }
    }
  }
  return cells;
}

/** The least fixed share of parity with which all devices are complete in every run. */
async function withEnoughParity(more: Partial<SimulationSettings>): Promise<readonly SimulationReport[]> {
  const { loss = 0.1, devices = 10, image } = more;
  const nbFrag = Math.ceil((image?.length ?? IMAGE_OCTETS) / 239);
  for (let share = loss / (1 - loss); ; share += SHARE_STEP) {
    const reports = await campaigns({ ...more, parityFragments: Math.ceil(nbFrag * share) });
    if (reports.every(({ completed }) => completed === devices) || share > 3) return reports;
  }
}

function isComplete(share: string): boolean {
  const [done, all] = share.split('/');
  return done === all;
}

const cells: Cell[] = [];
if (tables.includes('loss')) cells.push(...(await byLoss()));
if (tables.includes('late')) cells.push(...(await withLate()));
if (tables.includes('peers')) cells.push(...(await besidePeers()));

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bench: 'campaign', runs, cells }, null, 2));
} else {
  console.log(`Campaigns in the simulator, ${runs} runs a cell, one answer in ten lost`);
  for (const table of tables) {
    const own = cells.filter((cell) => cell.table === table);
    if (own.length === 0) continue;
    console.table(
      own.map(({ table: _, limit, ratio, ...cell }) => ({
        ...cell,
        ratio,
        ...(Number.isNaN(limit) ? {} : { limit, within: ratio <= limit && isComplete(cell.complete) ? 'yes' : 'no' }),
      })),
    );
  }
}
