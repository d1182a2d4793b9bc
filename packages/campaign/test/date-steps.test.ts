import { utcMs } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { World } from './support/world.ts';

const HOUR_MS = 3_600_000;

/** A started engine with one device and a job for in an hour. */
async function scheduled() {
  const world = new World();
  world.device();
  await world.engine.start();
  const plan = await world.fotaPlan({ scheduledAt: utcMs(world.clock.now() + HOUR_MS) });
  await world.engine.accept(plan);
  await world.pass(1_000);
  const kind = async () => (await world.record(plan)).state.kind;
  return { world, plan, kind };
}

describe('a step of the date', () => {
  it('ahead begins what has become due by it', async () => {
    const { world, kind } = await scheduled();
    expect(await kind()).toBe('scheduled');
    world.calendar.setOffset(HOUR_MS);
    await world.pass(1_000);
    expect(await kind()).toBe('running');
  });

  it('back puts off what has not begun', async () => {
    const { world, kind } = await scheduled();
    world.calendar.setOffset(-HOUR_MS);
    await world.pass(HOUR_MS + 10_000);
    expect(await kind()).toBe('scheduled');
    await world.pass(HOUR_MS);
    expect(await kind()).not.toBe('scheduled');
  });

  it('at any moment of a job under way changes nothing about it', async () => {
    const run = async (steps: readonly { readonly afterMs: number; readonly offsetMs: number }[]) => {
      const world = new World();
      world.device();
      await world.engine.start();
      const plan = await world.fotaPlan();
      await world.engine.accept(plan);
      for (const { afterMs, offsetMs } of steps) {
        await world.pass(afterMs);
        // Before the set-up the date still decides when it begins.
        if ((await world.record(plan)).state.kind !== 'scheduled') world.calendar.setOffset(offsetMs);
      }
      await world.untilComplete(plan);
      const { state } = await world.record(plan);
      return { outcomes: await world.outcomes(plan), frames: await world.jobs.ledger(plan.jobId), state };
    };
    const undisturbed = await run([]);
    const hours = fc.integer({ min: -48, max: 48 }).map((count) => count * HOUR_MS);
    const step = fc.record({ afterMs: fc.integer({ min: 1, max: 60_000 }), offsetMs: hours });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        expect(await run(steps)).toEqual(undisturbed);
      }),
      { numRuns: 25 },
    );
  });
});
