import { sameOctets } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { World } from './support/world.ts';

describe('an image for three devices', () => {
  it('arrives, is verified and ends the job at exactly 100', async () => {
    const world = new World();
    for (let n = 0; n < 3; n++) world.device({ loss: 0.1 });
    await world.engine.start();
    const image = world.imageOf(960);
    const plan = await world.fotaPlan({}, image);
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    expect(world.errors()).toEqual([]);
    expect(await world.outcomes(plan)).toEqual(['success crc64', 'success crc64', 'success crc64']);
    expect(world.devices.map((device) => device.image !== undefined && sameOctets(device.image, image))).toEqual([
      true,
      true,
      true,
    ]);
    expect(world.devices.map((device) => device.checkAnswers)).toEqual([[true], [true], [true]]);
    const seen = world.progress.get(plan.jobId) ?? [];
    expect(seen.at(-1)).toBe(100);
    expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
    expect(seen.filter((percent) => percent === 100)).toHaveLength(1);
  });
});
