import { CallerError, sameOctets } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobChange } from '../src/index.ts';
import { MemoryJobStore } from '../src/testing/index.ts';
import { World } from './support/world.ts';

class FillableStore extends MemoryJobStore {
  full = false;

  override save(jobId: string, version: number, change: JobChange): Promise<boolean> {
    if (this.full) return Promise.reject(new CallerError('storage-full', 'there is not enough storage space'));
    return super.save(jobId, version, change);
  }
}

describe('a job whose disk fills up during the broadcast', () => {
  it('waits, however long it takes, and goes on where it was', async () => {
    const jobs = new FillableStore();
    const world = new World({ jobs });
    world.device({ loss: 0.1 });
    world.device({ deviceClass: 'C', loss: 0.1 });
    await world.engine.start();
    const image = world.imageOf(4_800);
    const plan = await world.fotaPlan({}, image);
    await world.engine.accept(plan);
    const sent = async (): Promise<number> => {
      return (await world.record(plan)).sessions.at(-1)?.sent ?? 0;
    };
    while ((await sent()) < 2) await world.pass(500);

    jobs.full = true;
    const before = await sent();
    // Longer than anything else that fails is tried again.
    await world.pass(150_000);
    expect(await sent()).toBe(before);
    jobs.full = false;
    await world.pass(15_000);
    expect(await sent()).toBeGreaterThan(before);

    while ((await world.record(plan)).state.kind !== 'complete') await world.pass(2_000);
    expect(await world.outcomes(plan)).toEqual(['success crc64', 'success crc64']);
    for (const { image: held } of world.devices) expect(held !== undefined && sameOctets(held, image)).toBe(true);
  });
});
