import { ParityRowCache } from '@airlift/applayer';
import { Rng } from '@airlift/kernel';
import { broadcast, leastMean } from '../test/support/parity-simulator.ts';
import { STACKS, type StackKind } from '../test/support/stacks.ts';

/**
 * Frames until every device is known to hold the image, over the least mean possible. One answer in ten is lost.
 * `--full` adds 1000 devices and more runs, `--loss=0.3`, `--devices=100` and `--stack=Zephyr` choose.
 */
const NB_FRAG = 1058;
/** Runs by number of devices: the more devices, the less chance decides. */
const RUNS = [
  [1000, 1],
  [100, 2],
  [10, 10],
  [1, 20],
] as const;
const full = process.argv.includes('--full');
const chosen = (name: string): string | undefined =>
  process.argv.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3);

const losses = chosen('loss')?.split(',').map(Number) ?? [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5];
const sizes = chosen('devices')?.split(',').map(Number) ?? (full ? [1, 10, 100, 1000] : [1, 10, 100]);
const names = chosen('stack')?.split(',') ?? ['by the book', 'LoRaMac-node'];

interface Cell {
  readonly stack: string;
  readonly loss: number;
  readonly devices: number;
  readonly runs: number;
  readonly least: number;
  readonly frames: number;
  readonly ratio: number;
  readonly ratioUntilComplete: number;
  readonly questionsToAll: number;
  readonly questionsToOne: number;
  readonly unproven: number;
  readonly falseSuccess: number;
}

function measure(kind: StackKind, loss: number, devices: number): Cell {
  const runs = Number(chosen('runs') ?? RUNS.find(([from]) => devices >= from)?.[1]) * (full ? 5 : 1);
  const rows = new ParityRowCache(Number(chosen('fragments') ?? NB_FRAG), kind.profile.fragmentation.rowRule);
  const sum = { frames: 0, complete: 0, all: 0, one: 0, unproven: 0, falseSuccess: 0 };
  for (let run = 0; run < runs; run++) {
    const rng = new Rng(`parity/${kind.name}/${loss}/${devices}/${run}`);
    const result = broadcast({ kind, rows, devices, loss: () => loss, answerLoss: 0.1, rng, baseline: true });
    sum.frames += result.frames;
    sum.complete += result.lastComplete;
    sum.all += result.questionsToAll;
    sum.one += result.questionsToOne;
    sum.unproven += devices - result.proven;
    sum.falseSuccess += result.falseSuccess;
  }
  const least = leastMean(rows.nbFrag, loss, devices);
  return {
    stack: kind.name,
    loss,
    devices,
    runs,
    least,
    frames: sum.frames / runs,
    ratio: sum.frames / runs / least,
    ratioUntilComplete: sum.complete / runs / least,
    questionsToAll: sum.all / runs,
    questionsToOne: sum.one / runs,
    unproven: sum.unproven,
    falseSuccess: sum.falseSuccess,
  };
}

const cells: Cell[] = [];
const isJson = process.argv.includes('--json');
if (!isJson)
  console.log('stack          loss     D runs   least  frames  ratio until-complete  to-all to-one unproven false');
for (const kind of STACKS.filter(({ name }) => names.includes(name))) {
  for (const loss of losses) {
    for (const devices of sizes) {
      const cell = measure(kind, loss, devices);
      cells.push(cell);
      if (isJson) continue;
      console.log(
        [
          cell.stack.padEnd(14),
          cell.loss.toFixed(2),
          String(cell.devices).padStart(5),
          String(cell.runs).padStart(4),
          cell.least.toFixed(1).padStart(7),
          cell.frames.toFixed(1).padStart(7),
          cell.ratio.toFixed(4),
          cell.ratioUntilComplete.toFixed(4).padStart(14),
          cell.questionsToAll.toFixed(1).padStart(7),
          cell.questionsToOne.toFixed(1).padStart(6),
          String(cell.unproven).padStart(8),
          String(cell.falseSuccess).padStart(5),
        ].join(' '),
      );
    }
  }
}
if (isJson) console.log(JSON.stringify(cells));
