import { BEHAVIOURS, type BehaviourName, type Faults } from '@airlift/fleet';
import { Rng } from '@airlift/kernel';
import type { SimulatedDevice } from '../src/simulation/simulation-report.ts';
import type { SimulationSettings } from '../src/simulation/simulation-settings.ts';
import { simulate } from '../src/simulation.ts';
import { isGiven, option } from './options.ts';

/**
 * What the server says of devices beside the bytes that they hold, over every behaviour and losses of 0 to 50 % both ways:
 * campaigns drawn at random, every other one with devices that lie, die, reset or fall silent, some with late devices, some
 * with profiles that the server is not told. `--verdicts 20000` for the full count, `--from N` begins at that campaign,
 * `--only N` runs that one and shows every device, `--json` prints JSON.
 */
const only = option('only');
const from = Number(only ?? option('from') ?? 0);
const verdicts = Number(option('verdicts') ?? 2_000);

const DEVICES = 40;
const NAMES = Object.keys(BEHAVIOURS) as readonly BehaviourName[];
const LOSSES = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5];
const IMAGE_OCTETS = [180, 900, 5_000, 12_000, 30_000, 70_000];
/** One of these is drawn for a device that has a fault. */
const KINDS: readonly ((rng: Rng) => Partial<Faults>)[] = [
  (rng) => ({ answersLeft: whole(rng, 0, 12) }),
  (rng) => ({ deafFromFragment: whole(rng, 1, 60) }),
  (rng) => ({ answerLoss: 0.3 + rng.unit() / 2 }),
  (rng) => ({ answersLateS: whole(rng, 2, 90) }),
  (rng) => ({ answersAgainS: whole(rng, 1, 120) }),
  () => ({ lies: ['swapped-counts'] }),
  () => ({ lies: ['too-many'] }),
  () => ({ lies: ['other-index'] }),
  () => ({ lies: ['other-group'] }),
  () => ({ memoryBitStuck: true }),
  () => ({ wrongCrc: true }),
  () => ({ wrongGenAppKey: true }),
  (rng) => ({ rebootAtFragment: whole(rng, 1, 60) }),
  (rng) => ({ rebootAtS: whole(rng, 30, 1_200) }),
  (rng) => ({ outOfReach: { fromS: whole(rng, 60, 900), untilS: rng.chance(0.5) ? null : whole(rng, 900, 3_000) } }),
  (rng) => ({ unheard: { fromS: whole(rng, 60, 900), untilS: rng.chance(0.5) ? null : whole(rng, 900, 3_000) } }),
  (rng) => ({ sessionUplinkIntervalS: whole(rng, 5, 60) }),
  () => ({ silentInSetup: true }),
];
const FAULTY_SHARE = 0.4;

interface Contradiction {
  readonly campaign: number;
  readonly place: number;
  readonly behaviour: string;
  readonly status: string;
  readonly verifiedBy: string | null;
  readonly reason: string | null;
  readonly faults: Partial<Faults>;
  readonly settings: string;
}

function whole(rng: Rng, low: number, high: number): number {
  return Math.round(rng.between(low, high));
}

function picked<T>(all: readonly T[], rng: Rng): T {
  const one = all[rng.below(all.length)];
  if (one === undefined) throw new Error('nothing to choose from');
  return one;
}

function draw(campaign: number): SimulationSettings & { readonly faults: (index: number) => Partial<Faults> } {
  const seed = `verdicts/${campaign}`;
  const rng = new Rng(seed);
  const hasFaults = rng.chance(0.5);
  const faults = new Map<number, Partial<Faults>>();
  for (let index = 0; index < DEVICES; index++) {
    const own = rng.fork(`faults/${index}`);
    if (own.chance(FAULTY_SHARE)) faults.set(index, picked(KINDS, own)(own));
  }
  return {
    devices: DEVICES,
    seed,
    image: rng.fork('image').octets(picked(IMAGE_OCTETS, rng)),
    loss: picked(LOSSES, rng),
    lossUp: picked(LOSSES, rng),
    burstFrames: rng.chance(0.2) ? 4 : 1,
    gateways: rng.chance(0.2) ? 2 : 1,
    late: rng.chance(0.2) ? 0.1 : 0,
    mix: Object.fromEntries(NAMES.map((name) => [name, 1])),
    region: rng.chance(0.2) ? 'EU868' : 'US915',
    hidesProfiles: rng.chance(0.2),
    faults: (index) => (hasFaults ? (faults.get(index) ?? {}) : {}),
  };
}

function summary({ image, faults: _, mix: __, ...rest }: SimulationSettings): string {
  return JSON.stringify({ octets: image.length, ...rest });
}

/** Success without the image, or failure with it; a device whose own check fails has no use for the image that it holds. */
function contradicts({ status, identical }: SimulatedDevice, { wrongCrc, wrongGenAppKey }: Partial<Faults>): boolean {
  const failsItself = wrongCrc === true || wrongGenAppKey === true;
  return (status === 'success' && !identical) || (status === 'failed' && identical && !failsItself);
}

const found: Contradiction[] = [];
const counts = new Map<string, number>();
const troubles: string[] = [];
let judged = 0;
const last = only === undefined ? Number.POSITIVE_INFINITY : from;
for (let campaign = from; judged < verdicts && campaign <= last; campaign++) {
  const settings = draw(campaign);
  const trouble = (message: string): void => {
    troubles.push(`campaign ${campaign}: ${message}`);
  };
  try {
    const { perDevice } = await simulate(settings, {
      step: () => undefined,
      failed: (message, cause) => trouble(`${message}: ${String(cause)}`),
    });
    for (const [place, device] of perDevice.entries()) {
      judged += 1;
      const { behaviour, status, verifiedBy, reason, identical } = device;
      const key = `${status} ${verifiedBy ?? reason ?? ''}, ${identical ? 'identical' : 'not identical'}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      const faults = settings.faults(place);
      if (only !== undefined) console.log(place, behaviour, key, JSON.stringify(faults));
      if (!contradicts(device, faults)) continue;
      found.push({ campaign, place, behaviour, status, verifiedBy, reason, faults, settings: summary(settings) });
    }
  } catch (error) {
    trouble(String(error));
  }
}

const falseSuccess = found.filter(({ status }) => status === 'success').length;
const falseFailure = found.length - falseSuccess;
if (isGiven('json')) {
  const result = { bench: 'verdicts', judged, falseSuccess, falseFailure, counts: Object.fromEntries(counts) };
  console.log(JSON.stringify({ ...result, found, troubles }, null, 2));
} else {
  console.log(`${judged} verdicts: ${falseSuccess} false successes, ${falseFailure} false failures`);
  for (const [key, count] of [...counts].sort(([, a], [, b]) => b - a)) console.log(String(count).padStart(7), key);
  for (const one of found) console.log(JSON.stringify(one));
  for (const one of troubles) console.log(one);
}
if (falseSuccess > 0) process.exitCode = 1;
