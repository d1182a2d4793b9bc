import { steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { Occupancy } from '../src/engine/occupancy.ts';
import { SAMPLE_AT, sampleEui } from '../src/testing/index.ts';

const DEVICE = sampleEui(1);
const after = (ms: number) => steadyMs(SAMPLE_AT + ms);

describe('a device', () => {
  it('that no job has is free', () => {
    const occupancy = new Occupancy();
    expect(occupancy.holdOf(DEVICE, 'one', SAMPLE_AT)).toBeUndefined();
    expect(occupancy.jobOf(DEVICE)).toBeUndefined();
  });

  it('that a job has is held for every other, without an end', () => {
    const occupancy = new Occupancy();
    occupancy.claim(DEVICE, 'one', 'fota_1');
    expect(occupancy.holdOf(DEVICE, 'two', after(1e9))).toEqual({ by: 'fota_1', until: undefined });
    expect(occupancy.holdOf(DEVICE, 'one', SAMPLE_AT)).toBeUndefined();
    expect(occupancy.holdOf(sampleEui(2), 'two', SAMPLE_AT)).toBeUndefined();
    expect(occupancy.jobOf(DEVICE)).toBe('one');
  });

  it('that was let go is held until its session is over', () => {
    const occupancy = new Occupancy();
    occupancy.claim(DEVICE, 'one', 'fota_1');
    occupancy.letGo(DEVICE, 'one', 'fota_1', after(5_000));
    expect(occupancy.holdOf(DEVICE, 'two', after(4_999))).toEqual({ by: 'fota_1', until: after(5_000) });
    expect(occupancy.holdOf(DEVICE, 'two', after(5_000))).toBeUndefined();
    // What it says until another job has it is still meant for this one.
    expect(occupancy.jobOf(DEVICE)).toBe('one');
  });

  it('that was in no session is free at once', () => {
    const occupancy = new Occupancy();
    occupancy.claim(DEVICE, 'one', 'fota_1');
    occupancy.letGo(DEVICE, 'one', 'fota_1', undefined);
    expect(occupancy.holdOf(DEVICE, 'two', SAMPLE_AT)).toBeUndefined();
    expect(occupancy.jobOf(DEVICE)).toBeUndefined();
  });

  it('that another job has taken over is not let go by the one before', () => {
    const occupancy = new Occupancy();
    occupancy.claim(DEVICE, 'one', 'fota_1');
    occupancy.letGo(DEVICE, 'one', 'fota_1', after(5_000));
    occupancy.claim(DEVICE, 'two', 'fota_2');
    for (const freeAt of [undefined, after(9_000)]) occupancy.letGo(DEVICE, 'one', 'fota_1', freeAt);
    expect(occupancy.holdOf(DEVICE, 'one', SAMPLE_AT)).toEqual({ by: 'fota_2', until: undefined });
    expect(occupancy.jobOf(DEVICE)).toBe('two');
  });

  it('of a job that is over when the server starts is held by its session all the same', () => {
    const occupancy = new Occupancy();
    occupancy.letGo(DEVICE, 'one', 'fota_1', after(5_000));
    expect(occupancy.holdOf(DEVICE, 'two', SAMPLE_AT)).toEqual({ by: 'fota_1', until: after(5_000) });
  });
});
