import { describe, expect, it } from 'vitest';
import { FifoLock } from '../src/fifo-lock.ts';

describe('FifoLock', () => {
  it('lets one in at a time, in order', async () => {
    const lock = new FifoLock();
    const seen: string[] = [];
    const work = (name: string) =>
      lock.run(async () => {
        seen.push(`${name} in`);
        await Promise.resolve();
        await Promise.resolve();
        seen.push(`${name} out`);
      });
    await Promise.all([work('a'), work('b'), work('c')]);
    await work('d');
    expect(seen).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out', 'd in', 'd out']);
  });

  it('goes on after a failure', async () => {
    const lock = new FifoLock();
    const failing = lock.run(() => Promise.reject(new Error('no')));
    const next = lock.run(() => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('lets the event loop turn while many wait', async () => {
    const lock = new FifoLock();
    let turns = 0;
    let over = false;
    const count = (): void => {
      turns += 1;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(Array.from({ length: 5000 }, () => lock.run(() => Promise.resolve())));
    over = true;
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  it('takes many waiters', async () => {
    const lock = new FifoLock();
    let inside = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20_000 }, (_, i) =>
        lock.run(async () => {
          inside += 1;
          most = Math.max(most, inside);
          order.push(i);
          await Promise.resolve();
          inside -= 1;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(order).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  });
});
