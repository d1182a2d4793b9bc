import { crc32 } from 'node:zlib';
import { littleEndian } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { COMMON_TRAITS, NODE_TRAITS, World } from './support/world.ts';

/** Devices that tell nothing but the CRC-32 of the finished file. */
const REPORTS = { crc: 'none', status: 'silent', fileReport: 'right' } as const;

const reportOf = (file: Uint8Array): Uint8Array => Uint8Array.of(0x05, ...littleEndian(crc32(file), 4));

describe('a report of the finished file', () => {
  it('proves the image, whatever the profile of the device', async () => {
    const world = new World();
    world.device(REPORTS, NODE_TRAITS);
    world.device(REPORTS, COMMON_TRAITS);
    world.device({ ...REPORTS, fileReport: 'wrong' }, NODE_TRAITS);
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['success crc32', 'success crc32', 'failed integrity-mismatch']);
    // Nobody was left to ask.
    expect((await world.jobs.ledger(plan.jobId)).status).toBeLessThanOrEqual(1);
    expect(world.errors()).toEqual([]);
  });

  it('of an earlier file does not fail a device that is receiving another', async () => {
    const world = new World();
    const device = world.device(REPORTS, NODE_TRAITS);
    await world.engine.start();
    const earlier = world.imageOf(300);
    const first = await world.fotaPlan({}, earlier);
    await world.engine.accept(first);
    await world.untilComplete(first);
    const plan = await world.fotaPlan({}, world.imageOf(700));
    await world.engine.accept(plan);
    const sent = async (): Promise<number> => (await world.record(plan)).sessions.at(-1)?.sent ?? 0;
    while ((await sent()) < 3) await world.pass(500);
    await world.link.uplink(device.devEui, 201, reportOf(earlier));
    expect((await world.record(plan)).devices[0]?.state.kind).toBe('receiving');
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['success crc32']);
  });

  it('that comes before the last fragment fails nobody', async () => {
    const world = new World();
    const device = world.device(REPORTS, NODE_TRAITS);
    await world.engine.start();
    const plan = await world.fotaPlan({}, world.imageOf(700));
    await world.engine.accept(plan);
    const sent = async (): Promise<number> => (await world.record(plan)).sessions.at(-1)?.sent ?? 0;
    while ((await sent()) < 3) await world.pass(500);
    await world.link.uplink(device.devEui, 201, reportOf(world.imageOf(10)));
    await world.untilComplete(plan);
    expect(await world.outcomes(plan)).toEqual(['success crc32']);
  });
});
