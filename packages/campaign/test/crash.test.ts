import { Rng, sameOctets } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobPlan } from '../src/index.ts';
import { MemoryJobStore } from '../src/testing/index.ts';
import { type Death, DyingStore } from './support/dying-store.ts';
import type { Habits } from './support/fake-device.ts';
import { DOT_TRAITS, World, withRule } from './support/world.ts';

const NEVER = 1_000_000;

/** What happens to a job, and what runs it. */
interface Course {
  readonly seed: string;
  readonly kind: 'FOTA' | 'Message';
  readonly devices: readonly { readonly habits: Partial<Habits>; readonly rowRule?: 'v2r' }[];
  readonly launchDelayS: number | undefined;
  /** One process after the other dies at that one of its writes, from 1. */
  readonly fatal: readonly number[];
  readonly death: Death;
  /** Downlinks that waited on the network server are gone with the process. */
  readonly forgets: boolean;
}

/** Runs the job to its end and looks at what must hold however it went; how many writes the first process made. */
async function run(course: Course): Promise<number> {
  const { seed, kind, launchDelayS, death, forgets } = course;
  const where = `${seed}: ${kind}, writes ${course.fatal.join()}, ${death}, downlinks lost: ${forgets}`;
  const store = new MemoryJobStore();
  const fatal = [...course.fatal];
  const nextStore = (): DyingStore => new DyingStore(store, fatal.shift() ?? NEVER, death);
  const first = nextStore();
  let dying = first;
  const world = new World({ jobs: dying, seed });
  for (const { habits, rowRule } of course.devices) {
    world.device({ ...habits, codeRule: rowRule ?? 'v1' }, rowRule === undefined ? DOT_TRAITS : withRule(rowRule));
  }
  await world.engine.start();
  const image = world.imageOf(480);
  const plan = await (kind === 'FOTA'
    ? world.fotaPlan({ keepLog: false, launchDelayS }, image)
    : world.messagePlan({ launchDelayS, sessionTimeoutExponent: undefined }));
  const accepted = world.engine.accept(plan).catch(() => undefined);
  const restart = async (): Promise<void> => {
    if (!dying.dead) return;
    await world.pass(3_000);
    if (forgets) world.link.forgetQueues();
    dying = nextStore();
    // A process may die before it has taken up everything.
    await Promise.race([world.restart(dying), world.pass(10)]);
  };
  await Promise.race([accepted, world.pass(10)]);
  await restart();
  if ((await store.job(plan.filename)) === undefined) {
    // The caller was never told that it was accepted, and tries again.
    await Promise.race([world.engine.accept(plan).catch(() => undefined), world.pass(10)]);
  }
  await untilComplete(world, plan, restart, where);
  expect(first.dead, where).toBe(course.fatal.length > 0 && death !== 'refuses');
  await expectServed(world, plan, image, where);
  // Whatever happened, nothing is left open when the next process has started.
  await world.pass(60_000);
  await restart();
  await world.pass(60_000);
  expect([...world.link.groups.keys()], where).toEqual([]);
  if (death !== 'refuses') expect(world.errors(), where).toEqual([]);
  return first.writes;
}

async function expectServed(world: World, plan: JobPlan, image: Uint8Array, where: string): Promise<void> {
  const isFota = plan.kind === 'FOTA';
  for (const outcome of await world.outcomes(plan)) {
    // An uplink that is open at the start leaves it unknown whether a device came to listen to the message.
    expect(outcome, where).toMatch(isFota ? /^success crc64$/ : /^(success session-agreed|unverified no-answer)$/);
  }
  for (const device of world.devices) {
    const right = isFota ? image : Uint8Array.of(1, 2, 3);
    expect(device.image !== undefined && sameOctets(device.image, right), where).toBe(true);
    // The verdict is stored before the device hears of it, so its answers never differ.
    expect(device.checkAnswers, where).not.toContain(false);
  }
  const seen = world.progress.get(plan.jobId) ?? [];
  expect(seen.at(-1), where).toBe(100);
  expect(
    seen.toSorted((a, b) => a - b),
    where,
  ).toEqual(seen);
  // A frame that was sent again has a counter of its own.
  const counters = world.link.frames.map(({ groupId, fCnt }) => `${groupId} ${fCnt}`);
  expect(counters.length, where).toBeGreaterThan(0);
  expect(new Set(counters).size, where).toBe(counters.length);
}

async function untilComplete(world: World, plan: JobPlan, restart: () => Promise<void>, where: string): Promise<void> {
  for (let seconds = 0; seconds < 40_000; seconds += 2) {
    await restart();
    await world.look(plan);
    if ((await world.record(plan)).state.kind === 'complete') return;
    await world.pass(2_000);
  }
  throw new Error(`${where}: not complete: ${JSON.stringify(await world.record(plan))}`);
}

describe.each(['FOTA', 'Message'] as const)('a %s job', (kind) => {
  const usual = {
    seed: 'campaign',
    kind,
    devices: [
      { habits: { loss: 0.1 } },
      { habits: { loss: 0.2, status: 'last-number' } },
      { habits: { deviceClass: 'C', loss: 0.1 } },
    ],
    launchDelayS: 120,
  } as const;
  const devices =
    kind === 'FOTA' ? usual.devices : usual.devices.map(({ habits }) => ({ habits: { ...habits, loss: 0 } }));

  it.each([
    ['before', true],
    ['after', true],
    ['before', false],
    ['after', false],
    ['refuses', false],
  ] as const)(
    'comes to its end when its process dies %s any of its writes (downlinks lost: %s)',
    async (death, forgets) => {
      const course = { ...usual, devices, death, forgets };
      const writes = await run({ ...course, fatal: [] });
      expect(writes).toBeGreaterThan(kind === 'FOTA' ? 20 : 8);
      for (let fatal = 1; fatal <= writes; fatal++) await run({ ...course, fatal: [fatal] });
    },
    120_000,
  );
});

/** A job of devices that lose frames, answer late, or need other frames. */
function anyCourse(seed: string): Course {
  const rng = new Rng(seed);
  const kind = rng.chance(0.75) ? 'FOTA' : 'Message';
  const loss = () => (kind === 'FOTA' ? rng.between(0, 0.35) : 0);
  // Through with its set-up after the others, and where the launch is not fixed often after it.
  const late = { uplinkEveryS: 30, losesAnswers: 1 + rng.below(3), clockOffsetS: rng.chance(0.3) ? 60 : 0 };
  const devices: Course['devices'][number][] = [
    { habits: { loss: loss() } },
    { habits: { loss: loss(), deviceClass: 'C' } },
    { habits: { loss: loss(), ...(kind === 'FOTA' ? late : {}) } },
  ];
  if (rng.chance(0.5)) devices.push({ habits: { loss: loss() }, rowRule: 'v2r' });
  return {
    seed,
    kind,
    devices,
    launchDelayS: rng.chance(0.5) ? 200 : undefined,
    fatal: [],
    death: rng.chance(0.5) ? 'before' : 'after',
    forgets: rng.chance(0.5),
  };
}

describe('any job', () => {
  it.each(Array.from({ length: 10 }, (_, tenth) => tenth))(
    'comes to its end when its process dies at twenty random points, once or several times: %i',
    async (tenth) => {
      for (let n = 0; n < 20; n++) {
        const course = anyCourse(`crash ${tenth * 20 + n}`);
        const writes = await run(course);
        const rng = new Rng(course.seed).fork('fatal');
        const fatal = Array.from({ length: 1 + rng.below(3) }, () => 1 + rng.below(writes));
        await run({ ...course, fatal });
      }
    },
    60_000,
  );
});
