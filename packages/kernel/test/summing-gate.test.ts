import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Sum, SummingGate, VirtualClock } from '../src/index.ts';

interface Line {
  readonly source: string | undefined;
  readonly count: number;
}

let clock: VirtualClock;
let passed: Line[];
let sums: Sum<string>[];
let gate: SummingGate<string>;

beforeEach(() => {
  clock = new VirtualClock();
  passed = [];
  sums = [];
  gate = new SummingGate<string>({
    clock,
    pass: (entry, count) => passed.push({ source: entry, count }),
    sum: (sum) => sums.push(sum),
  });
});

describe('a summing gate', () => {
  it('passes the first at once and tells the others as one sum a minute', async () => {
    for (let second = 0; second < 180; second++) {
      for (let i = 0; i < 100; i++) gate.take('wrong key', 'A', 'A');
      await clock.advance(1_000);
    }
    expect(passed).toEqual([{ source: 'A', count: 1 }]);
    expect(sums).toEqual([
      { sample: 'A', source: 'A', count: 5_999, spanMs: 60_000 },
      { sample: 'A', source: 'A', count: 6_000, spanMs: 60_000 },
      { sample: 'A', source: 'A', count: 6_000, spanMs: 60_000 },
    ]);
  });

  it('tells kinds and sources apart, and needs no timer when all is quiet', async () => {
    for (const kind of ['wrong key', 'used nonce']) {
      for (const source of ['A', 'B']) gate.take(kind, source, source);
    }
    expect(passed).toHaveLength(4);
    await clock.advance(60_000);
    expect(sums).toEqual([]);
    expect(clock.nextAt()).toBeUndefined();
    gate.take('wrong key', 'A', 'A');
    expect(passed).toHaveLength(5);
  });

  it('writes a bounded number of lines however many sources are invented', async () => {
    for (let i = 0; i < 50_000; i++) gate.take('wrong key', `invented ${i}`, `invented ${i}`);
    await clock.advance(60_000);
    expect(passed).toHaveLength(32);
    expect(sums).toEqual([{ sample: 'invented 49999', source: undefined, count: 49_968, spanMs: 60_000 }]);
  });

  it('does not let the inventions of one kind hide another kind', () => {
    for (let i = 0; i < 1_000; i++) gate.take('wrong key', `invented ${i}`, 'x');
    gate.take('disk full', 'A', 'A');
    expect(passed.at(-1)).toEqual({ source: 'A', count: 1 });
  });

  it('tells the rest when it is flushed, and leaves no timer', () => {
    for (let i = 0; i < 10; i++) gate.take('wrong key', 'A', 'A');
    gate.flush();
    gate.flush();
    expect(sums.map(({ count }) => count)).toEqual([9]);
    expect(clock.nextAt()).toBeUndefined();
  });

  it('counts every entry in exactly one line, whatever comes when', async () => {
    const step = fc.record({
      kind: fc.constantFrom('one', 'two'),
      source: fc.nat({ max: 60 }),
      count: fc.integer({ min: 1, max: 300 }),
      restMs: fc.constantFrom(0, 0, 0, 5_000, 61_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
        passed.length = 0;
        sums.length = 0;
        let taken = 0;
        for (const { kind, source, count, restMs } of steps) {
          gate.take(kind, String(source), String(source), count);
          taken += count;
          await clock.advance(restMs);
        }
        gate.flush();
        expect([...passed, ...sums].reduce((all, { count }) => all + count, 0)).toBe(taken);
      }),
      { numRuns: 50 },
    );
  });
});
