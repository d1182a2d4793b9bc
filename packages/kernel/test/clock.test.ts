import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { after, BugError, DriftingClock, pause, SystemClock, utcMs, VirtualClock } from '../src/index.ts';

const START = utcMs(1_000_000);

describe('VirtualClock', () => {
  it('fires in the order of the instants, and those of one instant in the order in which they were set', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 60 }), async (delays) => {
        const clock = new VirtualClock(START);
        const fired: number[] = [];
        delays.forEach((delay, index) => {
          after(clock, delay, () => fired.push(index));
        });
        await clock.advance(50);
        const expected = delays.map((delay, index) => ({ delay, index })).sort((a, b) => a.delay - b.delay);
        expect(fired).toEqual(expected.map(({ index }) => index));
      }),
    );
  });

  it('fires nothing that was cancelled, and nothing that lies ahead', async () => {
    const clock = new VirtualClock(START);
    const fired: string[] = [];
    const timer = after(clock, 10, () => fired.push('cancelled'));
    after(clock, 20, () => fired.push('due'));
    after(clock, 21, () => fired.push('ahead'));
    timer.cancel();
    await clock.advance(20);
    expect(fired).toEqual(['due']);
    expect(clock.now()).toBe(START + 20);
    expect(clock.nextAt()).toBe(START + 21);
  });

  it('lets promises settle between timers', async () => {
    const clock = new VirtualClock(START);
    const seen: number[] = [];
    const walk = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await pause(clock, 5);
        seen.push(clock.now() - START);
      }
    };
    void walk();
    await clock.advance(100);
    expect(seen).toEqual([5, 10, 15]);
  });

  it('notices timers that re-arm without time moving on', async () => {
    const clock = new VirtualClock(START);
    const again = (): void => {
      clock.setTimer(clock.now(), again);
    };
    again();
    await expect(clock.advance(1)).rejects.toThrow(BugError);
  }, 60_000);

  it('treats instants in the past as due now', () => {
    const clock = new VirtualClock(START);
    let firedAt = 0;
    clock.setTimer(utcMs(START - 5), () => {
      firedAt = clock.now();
    });
    expect(clock.fireNext()).toBe(true);
    expect(firedAt).toBe(START);
    expect(clock.fireNext()).toBe(false);
  });
});

describe('DriftingClock', () => {
  it('gains, is corrected, and wakes by its own time', async () => {
    const base = new VirtualClock(START);
    const own = new DriftingClock(base, { offsetMs: 500, driftPpm: 1000 });
    expect(own.now() - base.now()).toBe(500);
    await base.advance(100_000);
    expect(own.now() - base.now()).toBeCloseTo(600, 6);
    own.correct(-600);
    expect(own.now()).toBeCloseTo(base.now(), 6);
    let woken = 0;
    after(own, 1_001, () => {
      woken = base.now();
    });
    const set = base.now();
    await base.advance(2_000);
    expect(woken - set).toBeCloseTo(1_000, 6);
  });
});

describe('SystemClock', () => {
  it('agrees with another of the same scale and anchor', () => {
    const anchor = utcMs(Date.now() - 60_000);
    const one = new SystemClock({ scale: 60, anchor });
    const other = new SystemClock({ scale: 60, anchor });
    expect(Math.abs(one.now() - other.now())).toBeLessThan(60 * 1_000);
    expect(one.now()).toBeGreaterThanOrEqual(anchor + 60 * 60_000);
  });

  it('never fires before its own time has come', async () => {
    const clock = new SystemClock({ scale: 1000 });
    const at = utcMs(clock.now() + 20_000);
    const firedAt = await new Promise<number>((resolve) => {
      clock.setTimer(at, () => resolve(clock.now()));
    });
    expect(firedAt).toBeGreaterThanOrEqual(at);
  });
});
