import { sameOctets } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobPlan } from '../src/index.ts';
import { MemoryJobStore } from '../src/testing/index.ts';
import { type Death, DyingStore } from './support/dying-store.ts';
import { World } from './support/world.ts';

const NEVER = 1_000_000;

/** A job whose process dies at write number `fatal` and is started again; how many writes an undisturbed one takes. */
async function run(fatal: number, death: Death, kind: 'FOTA' | 'Message', forgets: boolean): Promise<number> {
  const store = new MemoryJobStore();
  const dying = new DyingStore(store, fatal, death);
  const world = new World({ jobs: dying });
  world.device({ loss: 0.1 });
  world.device({ loss: 0.2, status: 'last-number' });
  world.device({ deviceClass: 'C', loss: 0.1 });
  await world.engine.start();
  const image = world.imageOf(480);
  const plan = kind === 'FOTA' ? await world.fotaPlan({ keepLog: false }, image) : await world.messagePlan({});
  const accepted = world.engine.accept(plan).catch(() => undefined);
  const restart = async (): Promise<void> => {
    if (!dying.dead || world.engineDied) return;
    await world.pass(3_000);
    if (forgets) world.link.forgetQueues();
    world.engineDied = true;
    await world.restart(store);
  };
  await Promise.race([accepted, world.pass(10)]);
  await restart();
  if ((await store.job(plan.filename)) === undefined) {
    // The caller was never told that it was accepted, and tries again.
    await world.engine.accept(plan);
  }
  await untilComplete(world, plan, restart);
  const where = `write ${fatal}, ${death}, ${kind}`;
  const outcomes = await world.outcomes(plan);
  if (kind === 'FOTA') {
    expect(outcomes, where).toEqual(['success crc64', 'success crc64', 'success crc64']);
    for (const device of world.devices) {
      expect(device.image !== undefined && sameOctets(device.image, image), where).toBe(true);
      // The verdict is stored before the device hears of it, so its answers never differ.
      expect(
        device.checkAnswers.every((answer) => answer),
        where,
      ).toBe(true);
    }
  } else {
    expect(outcomes, where).toEqual(Array.from({ length: 3 }, () => 'success session-agreed'));
    expect(
      world.devices.map((device) => device.image?.length),
      where,
    ).toEqual([3, 3, 3]);
  }
  const seen = world.progress.get(plan.jobId) ?? [];
  expect(seen.at(-1), where).toBe(100);
  expect(
    seen.toSorted((a, b) => a - b),
    where,
  ).toEqual(seen);
  // Whatever happened, nothing is left open when the next process has started.
  await world.pass(60_000);
  await restart();
  await world.pass(60_000);
  expect([...world.link.groups.keys()], where).toEqual([]);
  if (death !== 'refuses') expect(world.errors(), where).toEqual([]);
  return dying.writes;
}

async function untilComplete(world: World, plan: JobPlan, restart: () => Promise<void>): Promise<void> {
  for (let seconds = 0; seconds < 40_000; seconds += 2) {
    await restart();
    await world.look(plan);
    if ((await world.record(plan)).state.kind === 'complete') return;
    await world.pass(2_000);
  }
  throw new Error(`not complete: ${JSON.stringify(await world.record(plan))}`);
}

describe.each(['FOTA', 'Message'] as const)('a %s job', (kind) => {
  it.each([
    ['before', true],
    ['after', true],
    ['before', false],
    ['after', false],
    ['refuses', false],
  ] as const)(
    'comes to its end when its process dies %s any of its writes (downlinks lost: %s)',
    async (death, forgets) => {
      const writes = await run(NEVER, death, kind, forgets);
      expect(writes).toBeGreaterThan(kind === 'FOTA' ? 20 : 8);
      for (let fatal = 1; fatal <= writes; fatal++) await run(fatal, death, kind, forgets);
    },
    120_000,
  );
});
