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

  it('is never said to have reached a device that was not listening yet', async () => {
    let lateOnes = 0;
    for (let n = 0; n < 60; n++) {
      const world = new World({ seed: `late ${n}` });
      world.device();
      const late = world.device({ uplinkEveryS: 30, losesAnswers: 1 + (n % 2) });
      world.device({ deviceClass: 'C' });
      await world.engine.start();
      const plan = await world.messagePlan({ launchDelayS: undefined, sessionTimeoutExponent: undefined });
      await world.engine.accept(plan);
      await world.untilComplete(plan);
      const outcomes = await world.outcomes(plan);
      const agreed = 'success session-agreed';
      expect(outcomes, `seed ${n}`).toEqual([
        agreed,
        expect.stringMatching(/^(success session-agreed|unverified no-answer)$/),
        agreed,
      ]);
      world.devices.forEach((device, place) => {
        if (outcomes[place] === agreed) expect(device.image, `seed ${n}, device ${place + 1}`).toBeDefined();
      });
      const launchAt = plan.setupAt + 50_000;
      const asked = world.link.sentTo.get(late.devEui) ?? [];
      if (asked.some(({ fPort, at }) => fPort === 200 && at > launchAt)) lateOnes += 1;
    }
    expect(lateOnes).toBeGreaterThan(5);
  });

  it('of which a device had an uplink open at the start is not said to have failed there', async () => {
    const world = new World();
    const device = world.device({ uplinkEveryS: 0 });
    await world.engine.start();
    const plan = await world.messagePlan();
    await world.engine.accept(plan);
    await world.pass(1_000);
    await device.beatOnce();
    await world.pass(117_500);
    await device.beatOnce();
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['unverified no-answer']);
  });
});
