import { describe, expect, it } from 'vitest';
import { World } from './support/world.ts';

describe('a message', () => {
  it('reaches the devices in one frame, and the job ends at once', async () => {
    const world = new World();
    for (let n = 0; n < 3; n++) world.device();
    await world.engine.start();
    const plan = await world.messagePlan();
    await world.engine.accept(plan);
    await world.pass(119_000);
    expect(await world.report(plan)).toMatchObject({ phase: 'SETUP', percentComplete: 10 });
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(Array.from({ length: 3 }, () => 'success session-agreed'));
    expect(world.link.frames).toHaveLength(1);
    expect(world.link.frames[0]).toMatchObject({ fPort: 10, payload: Uint8Array.of(1, 2, 3), fCnt: 1 });
    expect(world.devices.map(({ image }) => image)).toEqual(Array.from({ length: 3 }, () => Uint8Array.of(1, 2, 3)));
    const { message, plain, status } = await world.jobs.ledger(plan.jobId);
    expect({ message, plain, status }).toEqual({ message: 1, plain: 0, status: 0 });
    expect(world.clock.now() - plan.setupAt).toBeLessThan(128_000);
    expect(world.errors()).toEqual([]);
  });

  it('fails for those that were not ready, and for no other', async () => {
    const world = new World();
    world.device();
    world.device({ acceptsGroup: false });
    world.device({ joins: false });
    const restarted = world.device();
    await world.engine.start();
    const plan = await world.messagePlan();
    await world.engine.accept(plan);
    await world.pass(122_000);
    await restarted.restart();
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([
      'success session-agreed',
      'failed group-refused',
      'failed never-joined',
      'failed restarted',
    ]);
    expect(world.link.closedGroups.size).toBe(1);
  });

  it('that no gateway can send fails as not sent, when its session is over', async () => {
    const world = new World();
    world.device();
    world.link.canSend = false;
    await world.engine.start();
    const plan = await world.messagePlan({ sessionTimeoutExponent: 6 });
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['failed not-sent']);
    expect(world.clock.now() - plan.setupAt).toBeLessThan(190_000);
  });

  it.each([2, 3])('in a session of exponent %i is heard all the same', async (sessionTimeoutExponent) => {
    const world = new World();
    world.device();
    await world.engine.start();
    const plan = await world.messagePlan({ sessionTimeoutExponent });
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['success session-agreed']);
    expect(world.devices[0]?.image).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('that nobody could take goes to its end at launch', async () => {
    const world = new World();
    world.device({ joins: false });
    await world.engine.start();
    const plan = await world.messagePlan();
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['failed never-joined']);
    expect(world.link.frames).toEqual([]);
  });
});
