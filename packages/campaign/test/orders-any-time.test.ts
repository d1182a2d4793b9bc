import { Rng } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobPlan } from '../src/index.ts';
import { BOOK_TRAITS, DOT_TRAITS, NODE_TRAITS, World } from './support/world.ts';

const ORDERS = ['pause', 'resume', 'approve', 'abort'] as const;

/** Six devices of the makes that a job meets. */
function populate(world: World, rng: Rng): void {
  for (let n = 0; n < 6; n++) {
    const deviceClass = rng.chance(0.3) ? 'C' : 'A';
    const loss = rng.chance(0.5) ? 0.2 : 0;
    const clockOffsetS = rng.chance(0.2) ? 30 : 0;
    const losesAnswers = rng.below(3);
    const habits = { deviceClass, loss, clockOffsetS, losesAnswers } as const;
    const make = rng.below(4);
    if (make === 0) world.device({ ...habits, crc: 'none' }, BOOK_TRAITS);
    else if (make === 1) world.device({ ...habits, crc: 'none', status: 'last-number' }, NODE_TRAITS);
    else if (make === 2)
      world.device({ ...habits, joins: rng.chance(0.7), crc: 'none', status: 'silent' }, BOOK_TRAITS);
    else world.device(habits, DOT_TRAITS);
  }
}

async function isPaused(world: World, plan: JobPlan): Promise<boolean> {
  const { state } = await world.record(plan);
  return state.kind === 'running' && state.control.kind === 'paused';
}

describe('a process that ends together with a job', () => {
  it.each([
    [2, 'waiting'],
    [12, 'running'],
  ])('leaves the next job of its devices to the one that follows: %i devices', async (count, kind) => {
    const world = new World();
    for (let n = 0; n < count; n++) world.device();
    await world.engine.start();
    const shared = world.devices.slice(0, 1).map(({ devEui }) => devEui);
    const plan = await world.fotaPlan({ devEuis: shared });
    const next = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.engine.accept(next);
    await world.pass(30_000);
    expect((await world.record(next)).state.kind).toBe(kind);
    expect((await world.record(next)).devices[0]?.state.kind).toBe('held');
    await world.engine.order(plan.filename, 'abort');
    await world.engine.stop();
    await world.restart();
    await world.untilComplete(next);
    expect(await world.outcomes(next)).toEqual(world.devices.map(() => 'success crc64'));
  });
});

describe('orders, restarts and gateways that come and go at any time', () => {
  it.each(Array.from({ length: 24 }, (_, index) => index))('leave no job without an end: %i', async (seed) => {
    const rng = new Rng(`orders ${seed}`);
    const world = new World({ seed: `orders ${seed}` });
    populate(world, rng);
    await world.engine.start();
    const waves = rng.chance(0.5) ? { sizes: [2, 2], leastSuccess: 0.5, needsApproval: rng.chance(0.5) } : undefined;
    const launchDelayS = rng.chance(0.5) ? undefined : 60;
    const half = world.devices.slice(rng.below(4)).map(({ devEui }) => devEui);
    const plans = [
      await world.fotaPlan({ waves, launchDelayS }),
      await world.fotaPlan({ devEuis: half, launchDelayS }, world.imageOf(500)),
      await world.messagePlan({
        launchDelayS,
        transmissions: 1 + rng.below(3),
        confirmPort: rng.chance(0.5) ? 1 : undefined,
        sessionTimeoutExponent: rng.chance(0.5) ? undefined : rng.below(9),
      }),
    ];
    for (const plan of plans) await world.engine.accept(plan);
    for (let n = 0; n < 40; n++) {
      await world.pass(1 + rng.below(30_000));
      const plan = plans[rng.below(plans.length)];
      if (plan === undefined) continue;
      // Aborted seldom, so that most jobs live long.
      const order = ORDERS[rng.below(rng.chance(0.1) ? 4 : 3)] ?? 'pause';
      await world.engine.order(plan.filename, order);
      if (rng.chance(0.1)) {
        await world.engine.stop();
        await world.restart();
      }
      if (rng.chance(0.1)) await world.devices[rng.below(6)]?.restart();
      if (rng.chance(0.15)) world.link.canSend = !world.link.canSend;
      if (!(await isPaused(world, plan))) continue;
      // What was handed to the network server goes out; nothing follows it.
      await world.pass(2_000);
      const own = () => world.link.frames.filter(({ groupId }) => groupId.startsWith(plan.jobId)).length;
      const before = own();
      await world.pass(rng.below(40_000));
      expect(own()).toBe(before);
    }
    world.link.canSend = true;
    for (let n = 0; n < 400 && world.engine.unfinished().length > 0; n++) {
      for (const { plan } of world.engine.unfinished()) {
        await world.engine.order(plan.filename, 'resume');
        await world.engine.order(plan.filename, 'approve');
      }
      await world.pass(300_000);
    }
    expect(world.engine.unfinished().map(({ plan, state }) => [plan.filename, state])).toEqual([]);
    for (const plan of plans) {
      const { devices } = await world.report(plan);
      for (const { outcome, reason } of devices) {
        expect(['success', 'unverified', 'failed', 'skipped']).toContain(outcome);
        expect(outcome === 'success').toBe(reason === undefined);
      }
    }
    await world.pass(60_000);
    expect([...world.link.groups.keys()]).toEqual([]);
    expect(world.errors()).toEqual([]);
  });
});
