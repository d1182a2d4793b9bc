import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterBlock } from '../src/counter-block.ts';

/** A mark like a store's, kept over restarts. */
class Mark {
  next: number;
  reservations = 0;

  constructor(next: number) {
    this.next = next;
  }

  reserve = async (count: number): Promise<number> => {
    await Promise.resolve();
    this.reservations += 1;
    const first = this.next;
    this.next += count;
    return first;
  };
}

describe('a block of counters', () => {
  it('hands out one after the other, to many who ask at the same time', async () => {
    const mark = new Mark(0xffff);
    const block = new CounterBlock(8, mark.reserve);
    const taken = await Promise.all(Array.from({ length: 20 }, () => block.take()));
    expect(taken).toEqual(Array.from({ length: 20 }, (_, i) => 0xffff + i));
    expect(mark.reservations).toBe(3);
  });

  it('never repeats one over restarts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 16 }),
        fc.nat({ max: 0x1_0000 }),
        async (lives, blockSize, first) => {
          const mark = new Mark(first);
          const taken: number[] = [];
          for (const count of lives) {
            const block = new CounterBlock(blockSize, mark.reserve);
            for (let i = 0; i < count; i++) taken.push((await block.take()) ?? -1);
          }
          expect([...new Set(taken)].sort((a, b) => a - b)).toEqual(taken);
          expect(taken[0] ?? first).toBe(first);
        },
      ),
    );
  });

  it('has none when what it counts for is gone, and asks again', async () => {
    let gone = true;
    const block = new CounterBlock(4, () => Promise.resolve(gone ? undefined : 100));
    expect(await block.take()).toBeUndefined();
    gone = false;
    expect(await block.take()).toBe(100);
  });

  it('goes on after a reservation that failed', async () => {
    let attempts = 0;
    const block = new CounterBlock(4, () =>
      attempts++ === 0 ? Promise.reject(new Error('disk full')) : Promise.resolve(8),
    );
    const [first, second] = await Promise.allSettled([block.take(), block.take()]);
    expect(first?.status).toBe('rejected');
    expect(second).toEqual({ status: 'fulfilled', value: 8 });
  });
});
