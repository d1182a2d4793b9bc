import { Rng, sameOctets } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobPlan } from '../src/index.ts';
import type { FakeDevice, Habits } from './support/fake-device.ts';
import { SECOND_TRAITS, World } from './support/world.ts';

const keys = new Rng('root keys of version 2');
const SUCCESS = 'success block-mic';

/** A device of version 2 with a root key of its own. */
function second(world: World, habits: Partial<Habits> = {}): FakeDevice {
  return world.device({ version: 2, codeRule: 'v2r', genAppKey: keys.octets(16), ...habits }, SECOND_TRAITS);
}

async function run(world: World, octetCount = 960): Promise<{ readonly plan: JobPlan; readonly image: Uint8Array }> {
  const image = world.imageOf(octetCount);
  const plan = await world.fotaPlan({}, image);
  await world.engine.accept(plan);
  await world.untilComplete(plan);
  // Devices go on reporting until they hear the answer.
  await world.pass(120_000);
  expect(world.errors()).toEqual([]);
  return { plan, image };
}

describe('devices of version 2', () => {
  it('check the block with the key of their own, and are answered when they report it', async () => {
    const world = new World();
    for (let n = 0; n < 3; n++) second(world, { loss: 0.15 });
    await world.engine.start();
    const { plan, image } = await run(world);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS, SUCCESS]);
    for (const device of world.devices) {
      expect(device.image !== undefined && sameOctets(device.image, image)).toBe(true);
      expect(device.blockAnswers).toBe(1);
      expect(device.blockReports).toBe(1);
      expect(device.sessionCnts).toEqual([0]);
    }
  });

  it('report the block until they are answered, the job long being over', async () => {
    const world = new World();
    const device = second(world, { losesReports: 3, status: 'silent' });
    await world.engine.start();
    const { plan } = await run(world);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
    expect(device.blockReports).toBe(4);
    expect(device.blockAnswers).toBe(1);
    // The answer was lost: it reports once more, and is answered again.
    await world.link.uplink(device.devEui, 201, Uint8Array.of(0x04, 0x00));
    await world.pass(5_000);
    expect(device.blockAnswers).toBe(2);
  });

  it('are believed their status answers as well, which tell of the check', async () => {
    const world = new World();
    second(world, { losesReports: 1_000 });
    second(world, { losesReports: 1_000, crc: 'wrong' });
    await world.engine.start();
    const { plan } = await run(world);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, 'failed integrity-mismatch']);
  });

  it('fail when the MIC of their block is wrong, and stop saying so', async () => {
    const world = new World();
    const bad = second(world, { crc: 'wrong' });
    second(world);
    await world.engine.start();
    const { plan } = await run(world);
    expect(await world.outcomes(plan)).toEqual(['failed integrity-mismatch', SUCCESS]);
    expect(bad.blockReports).toBe(1);
    expect(bad.blockAnswers).toBe(1);
  });

  it('never see a SessionCnt twice, from job to job and after a restart of their own', async () => {
    const world = new World();
    const device = second(world);
    second(world);
    await world.engine.start();
    await run(world);
    const image = world.imageOf(2_000);
    const plan = await world.fotaPlan({}, image);
    await world.engine.accept(plan);
    const sent = async (): Promise<number> => (await world.record(plan)).sessions.at(-1)?.sent ?? 0;
    while ((await sent()) < 3) await world.pass(1_000);
    await device.restart();
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, SUCCESS]);
    for (const { sessionCnts } of world.devices) {
      expect(sessionCnts.toSorted((a, b) => a - b)).toEqual(sessionCnts);
      expect(new Set(sessionCnts).size).toBe(sessionCnts.length);
    }
    expect(device.sessionCnts.length).toBeGreaterThanOrEqual(3);
  });

  it('that remember a SessionCnt of another server are asked with a higher one', async () => {
    const world = new World();
    const device = second(world, { sessionCntUsed: 5 });
    await world.engine.start();
    const { plan } = await run(world);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
    expect(device.sessionCnts.length).toBe(2);
    expect(device.sessionCnts.at(-1)).toBeGreaterThan(5);
  });

  it('that remember a far higher SessionCnt fail as refusing', async () => {
    const world = new World();
    second(world, { sessionCntUsed: 60_000 });
    second(world);
    await world.engine.start();
    const { plan } = await run(world);
    expect(await world.outcomes(plan)).toEqual(['failed fragmentation-refused', SUCCESS]);
  });

  it('set a wrong clock, and are told a start that they missed anew', async () => {
    const world = new World();
    const device = second(world, { clockOffsetS: 500 });
    await world.engine.start();
    const { plan } = await run(world);
    expect(device.resyncsAsked).toBeGreaterThan(0);
    expect(await world.outcomes(plan)).toEqual([SUCCESS]);
  });

  it('are served beside devices of version 1 of other rows, in sessions side by side', async () => {
    const world = new World();
    second(world, { loss: 0.1 });
    world.device({ loss: 0.1 });
    await world.engine.start();
    const { plan } = await run(world);
    expect(await world.outcomes(plan)).toEqual([SUCCESS, 'success crc64']);
    expect(world.link.closedGroups.size).toBe(2);
  });
});
