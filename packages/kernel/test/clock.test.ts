import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  after,
  BugError,
  DriftingClock,
  HeldDeviceTime,
  later,
  OffsetCalendar,
  pause,
  type RealMs,
  realMs,
  ScaledClock,
  SystemClock,
  steadyMs,
  utcMs,
  VirtualClock,
} from '../src/index.ts';

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

describe('ScaledClock', () => {
  it('agrees with another of the same scale and anchor', () => {
    const real = new VirtualClock<RealMs>();
    const anchor = realMs(real.now() - 60_000);
    const one = new ScaledClock(real, { scale: 60, anchor });
    const other = new ScaledClock(real, { scale: 60, anchor });
    expect(one.now()).toBe(other.now());
    expect(one.now()).toBe(anchor + 60 * 60_000);
  });

  it('fires when its own time has come', async () => {
    const real = new VirtualClock<RealMs>();
    const clock = new ScaledClock(real, { scale: 1000 });
    const at = later(clock.now(), 20_000);
    let firedAt: number | undefined;
    clock.setTimer(at, () => {
      firedAt = clock.now();
    });
    await real.advance(19);
    expect(firedAt).toBeUndefined();
    await real.advance(1);
    expect(firedAt).toBe(at);
  });
});

describe('SystemClock', () => {
  const HOUR_MS = 3_600_000;

  it('runs on while the date steps, and tells how far it has stepped', () => {
    const machine = { wall: 1_000_000, monotonic: 77 };
    const time = { wallMs: () => machine.wall, monotonicMs: () => machine.monotonic };
    const clock = new SystemClock(time);
    expect(clock.now()).toBe(1_000_000);
    for (const step of [HOUR_MS, -2 * HOUR_MS, 5]) {
      machine.wall += step + 10;
      machine.monotonic += 10;
    }
    expect(clock.now()).toBe(1_000_030);
    // A few milliseconds may come from reading two times one after the other.
    expect(Math.abs(clock.dateOffsetMs() + HOUR_MS)).toBeLessThan(50);
    const steady = clock.dateOffsetMs();
    machine.wall += 3;
    expect(clock.dateOffsetMs()).toBe(steady);
  });

  it('takes up the time of an earlier process, and never goes back behind it', () => {
    const time = { wallMs: () => 9 * HOUR_MS, monotonicMs: () => 0 };
    const kept = { dateOffsetMs: HOUR_MS, passed: realMs(7 * HOUR_MS) };
    const clock = new SystemClock(time);
    clock.takeUp(kept);
    expect([clock.now(), clock.dateOffsetMs()]).toEqual([8 * HOUR_MS, HOUR_MS]);
    const reset = new SystemClock({ ...time, wallMs: () => 0 });
    reset.takeUp(kept);
    expect([reset.now(), reset.dateOffsetMs()]).toEqual([7 * HOUR_MS, -7 * HOUR_MS]);
  });

  it('never fires before its own time has come', async () => {
    const clock = new SystemClock();
    const at = later(clock.now(), 20);
    const firedAt = await new Promise<number>((resolve) => {
      clock.setTimer(at, () => resolve(clock.now()));
    });
    expect(firedAt).toBeGreaterThanOrEqual(at);
  });
});

describe('HeldDeviceTime', () => {
  const HOUR_MS = 3_600_000;
  const at = steadyMs(Date.UTC(2026, 5, 1));

  it('follows the date while nobody relies on it, and stays where it is while somebody does', () => {
    const calendar = new OffsetCalendar();
    const time = new HeldDeviceTime(calendar);
    const before = time.gpsOf(at);
    calendar.setOffset(HOUR_MS);
    expect(time.gpsOf(at)).toBe(before + HOUR_MS);
    time.keepFor('one');
    time.keepFor('other');
    calendar.setOffset(-HOUR_MS);
    time.letGo('one');
    expect(time.gpsOf(at)).toBe(before + HOUR_MS);
    expect(time.instantOf(time.gpsOf(at))).toBe(at);
    time.letGo('other');
    expect(time.gpsOf(at)).toBe(before - HOUR_MS);
  });

  it('takes up the scale that an earlier process kept', () => {
    const calendar = new OffsetCalendar(HOUR_MS);
    const time = new HeldDeviceTime(calendar, 0);
    expect(time.gpsOf(at)).toBe(new HeldDeviceTime(new OffsetCalendar()).gpsOf(at));
    time.letGo('start');
    expect(time.offsetMs).toBe(HOUR_MS);
  });
});
