import { gpsFromUtc, gpsMs, gpsSecondsU32, toHex, utcMs } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerClock } from '../src/clock-answer.ts';

const NOW = gpsFromUtc(utcMs(Date.UTC(2026, 0, 1)));
const NOW_S = gpsSecondsU32(NOW);
/** GPS seconds of 1970-01-01 modulo 2^32: where a device without time begins to count. */
const BOOT_S = 3_979_002_496;

const correction = (deviceTimeS: number, asksDeviceTime = false, token = 5): number | 'leave-to-mac' => {
  const answer = answerClock({ deviceTimeS, token }, NOW, asksDeviceTime);
  if (answer.kind === 'leave-to-mac') return answer.kind;
  expect(answer.payload).toHaveLength(6);
  expect(answer.payload[0]).toBe(1);
  expect(answer.payload[5]).toBe(token);
  expect(answer.replacesDeviceTime).toBe(asksDeviceTime);
  return new DataView(answer.payload.buffer, answer.payload.byteOffset).getInt32(1, true);
};

describe('a device that asks for the time', () => {
  it('after boot, in 1970, is told the seconds since then', () => {
    const uptime = 37;
    const told = correction(BOOT_S + uptime);
    expect(told).toBe(NOW_S - (BOOT_S + uptime) + 2 ** 32);
    expect((BOOT_S + uptime + Number(told)) % 2 ** 32).toBe(NOW_S);
    // As a device with a clock of seconds since 1970 sees it: the present, in GPS time.
    expect(Number(told)).toBe(Date.UTC(2026, 0, 1) / 1000 + 18 - uptime);
  });

  it('is answered even when nothing is to correct: it asks until it is', () => {
    expect(correction(NOW_S)).toBe(0);
    expect(toHex(answerOf(NOW_S, 0))).toBe('010000000000');
  });

  it('may be ahead', () => {
    expect(correction(NOW_S + 18)).toBe(-18);
    expect(toHex(answerOf(NOW_S + 18, 15))).toBe('01eeffffff0f');
  });

  it('is corrected by what fits into 32 bits, whatever it says', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.nat(15), (deviceTimeS, token) => {
        const told = Number(correction(deviceTimeS, false, token));
        expect(Math.abs(told)).toBeLessThanOrEqual(2 ** 31);
        expect((deviceTimeS + told + 2 ** 32) % 2 ** 32).toBe(NOW_S);
      }),
    );
  });

  it('across the roll-over of its counter is told the short way', () => {
    const received = gpsMs((2 ** 32 + 10) * 1000);
    const answer = answerClock({ deviceTimeS: 2 ** 32 - 5, token: 0 }, received, false);
    expect(answer).toMatchObject({ kind: 'send' });
    if (answer.kind === 'send') expect(toHex(answer.payload)).toBe('010f00000000');
  });

  it('is taken at the second in which the uplink was received', () => {
    const at = (ms: number) => answerClock({ deviceTimeS: NOW_S, token: 0 }, gpsMs(NOW + ms), false);
    expect(at(999)).toEqual(at(0));
    expect(at(1_000)).not.toEqual(at(0));
  });
});

describe('a device that asks on both layers', () => {
  it('is set by DeviceTimeAns alone: a second answer would correct it twice', () => {
    expect(correction(BOOT_S, true)).toBe('leave-to-mac');
    expect(correction(NOW_S - 2, true)).toBe('leave-to-mac');
    expect(correction(NOW_S + 2, true)).toBe('leave-to-mac');
  });

  it.each([-1, 0, 1])('is answered by AppTimeAns alone at an error of %i s, since it asks until it is', (error) => {
    expect(Number(correction(NOW_S + error, true)) + error).toBe(0);
  });
});

function answerOf(deviceTimeS: number, token: number): Uint8Array {
  const answer = answerClock({ deviceTimeS, token }, NOW, false);
  if (answer.kind !== 'send') throw new Error('no answer');
  return answer.payload;
}
