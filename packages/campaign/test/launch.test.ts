import type { SteadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobPlan } from '../src/index.ts';
import { BOOK_TRAITS, World } from './support/world.ts';

/** Starts a job whose launch nobody fixed; resolves when it is over. */
async function served(world: World, octetCount = 2_000): Promise<JobPlan> {
  await world.engine.start();
  const plan = await world.fotaPlan({ launchDelayS: undefined }, world.imageOf(octetCount));
  await world.engine.accept(plan);
  await world.untilComplete(plan);
  expect(world.errors()).toEqual([]);
  return plan;
}

/** Seconds from the set-up to the first fragment. */
function firstFrameS(world: World, plan: JobPlan): number {
  return ((world.link.frames[0]?.at ?? (Number.POSITIVE_INFINITY as SteadyMs)) - plan.setupAt) / 1000;
}

const BOOK = { crc: 'none', status: 'counts' } as const;

describe('a launch that nobody fixed', () => {
  it('comes within seconds for devices that listen all the time', async () => {
    const world = new World();
    for (let n = 0; n < 3; n++) world.device({ deviceClass: 'C', uplinkEveryS: 0 });
    const plan = await served(world);
    expect(firstFrameS(world, plan)).toBeLessThan(25);
    expect(await world.outcomes(plan)).toEqual(Array.from({ length: 3 }, () => 'success crc64'));
  });

  it('gives devices of class A their uplinks, and no longer than they need', async () => {
    const world = new World();
    for (let n = 0; n < 3; n++) world.device({ uplinkEveryS: 20 });
    const plan = await served(world);
    expect(firstFrameS(world, plan)).toBeGreaterThanOrEqual(50);
    expect(firstFrameS(world, plan)).toBeLessThan(120);
  });

  it('waits for devices that are on their way, and they miss nothing', async () => {
    let waited = 0;
    for (let n = 0; n < 20; n++) {
      const world = new World({ seed: `gather ${n}` });
      world.device(BOOK, BOOK_TRAITS);
      world.device({ ...BOOK, uplinkEveryS: 35, losesAnswers: 2 }, BOOK_TRAITS);
      world.device({ ...BOOK, deviceClass: 'C' }, BOOK_TRAITS);
      const plan = await served(world, 960);
      const success = 'success status-nothing-missing';
      expect(await world.outcomes(plan), `seed ${n}`).toEqual([success, success, success]);
      expect(await world.jobs.ledger(plan.jobId), `seed ${n}`).toMatchObject({ plain: 10, parity: 0 });
      expect(world.link.closedGroups.size, `seed ${n}`).toBe(1);
      if (firstFrameS(world, plan) > 60) waited += 1;
    }
    expect(waited).toBeGreaterThan(5);
  });

  /** Of sixty devices so many are heard and never get through their set-up. */
  async function launchedWithout(stragglers: number): Promise<number> {
    const world = new World();
    for (let n = 0; n < 60; n++) {
      world.device({ deviceClass: 'C', uplinkEveryS: 10, losesAnswers: n < stragglers ? 1_000 : 0 });
    }
    return firstFrameS(world, await served(world, 480));
  }

  it('does not wait for one in a hundred, and does for more', async () => {
    const [one, two] = [await launchedWithout(1), await launchedWithout(2)];
    expect(one).toBeLessThan(60);
    expect(two).toBeGreaterThan(60);
    expect(two).toBeLessThan(200);
  });

  it('waits its time for somebody to come, and ends when nobody does', async () => {
    const world = new World();
    world.device({ joins: false });
    const plan = await served(world);
    expect(await world.outcomes(plan)).toEqual(['failed never-joined']);
    expect(world.link.frames).toEqual([]);
    expect((world.clock.now() - plan.setupAt) / 1000).toBeLessThan(600);
  });
});

describe('a launch that a caller fixed', () => {
  it('comes then, and who is late joins what is left', async () => {
    const world = new World();
    world.device();
    const late = world.device({ uplinkEveryS: 50, losesAnswers: 2 });
    await world.engine.start();
    const plan = await world.fotaPlan({ launchDelayS: 60 }, world.imageOf(2_000));
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(firstFrameS(world, plan)).toBeGreaterThanOrEqual(60);
    expect(firstFrameS(world, plan)).toBeLessThan(70);
    expect(await world.outcomes(plan)).toEqual(['success crc64', 'success crc64']);
    expect(late.image).toBeDefined();
  });
});
