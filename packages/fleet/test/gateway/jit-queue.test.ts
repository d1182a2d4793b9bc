import { utcMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { ConcentratorCounter } from '../../src/gateway/concentrator-counter.ts';
import { JitQueue, type JitRequest, SX1301_FORWARDER, SX1302_FORWARDER } from '../../src/gateway/jit-queue.ts';

const NOW = 7_000_000_000;
const order = (inUs: number | undefined, airtimeUs = 100_000): JitRequest<string> => ({
  frame: 'f',
  airtimeUs,
  ...(inUs === undefined ? {} : { startUs: NOW + inUs }),
});

describe.each([SX1302_FORWARDER, SX1301_FORWARDER])('timing of $name', (model) => {
  it.each([
    [model.leadUs, 'TOO_LATE'],
    [0, 'TOO_LATE'],
    [model.leadUs + 1, 'queued'],
    [512_000_000, 'queued'],
    [512_000_001, 'TOO_EARLY'],
    // A start that passed a moment ago lies a whole turn of the counter ahead.
    [2 ** 32 - 1000, 'TOO_EARLY'],
  ])('%i us ahead: %s', (inUs, expected) => {
    const result = new JitQueue<string>(model).enqueue(NOW, order(inUs));
    expect(typeof result === 'string' ? result : 'queued').toBe(expected);
  });

  const before = model.preDelayUs + 1_000;
  it.each([
    ['the same instant', 10_000_000, 100_000, 'COLLISION_PACKET'],
    ['inside', 10_050_000, 10, 'COLLISION_PACKET'],
    ['right behind', 10_100_000 + before, 10, 'COLLISION_PACKET'],
    ['just behind', 10_100_000 + before + 1, 10, 'queued'],
    ['right before', 10_000_000 - before - 20_000, 20_000, 'COLLISION_PACKET'],
    ['just before', 10_000_000 - before - 20_001, 20_000, 'queued'],
    ['around', 9_900_000, 1_000_000, 'COLLISION_PACKET'],
  ])('beside a frame of 100 ms at 10 s: %s', (_, inUs, airtimeUs, expected) => {
    const queue = new JitQueue<string>(model);
    queue.enqueue(NOW, order(10_000_000));
    const result = queue.enqueue(NOW, order(inUs, airtimeUs));
    expect(typeof result === 'string' ? result : 'queued').toBe(expected);
  });

  it('puts "immediately" at its lead, then behind what is queued, into the first gap long enough', () => {
    const queue = new JitQueue<string>(model);
    const startOf = (airtimeUs: number): number => {
      const entry = queue.enqueue(NOW, order(undefined, airtimeUs));
      if (typeof entry === 'string') throw new Error(entry);
      return entry.startUs - NOW;
    };
    expect(startOf(100_000)).toBe(model.immediateUs);
    const second = startOf(100_000);
    expect(second).toBe(model.immediateUs + 100_000 + model.preDelayUs + 2_000);
    queue.enqueue(NOW, order(3_000_000, 100_000));
    expect(startOf(2_700_000)).toBeGreaterThan(3_100_000);
    expect(startOf(10_000)).toBeLessThan(3_000_000);
  });
});

it('holds 32 frames', () => {
  const queue = new JitQueue<string>(SX1302_FORWARDER);
  for (let i = 1; i <= 32; i++) expect(typeof queue.enqueue(NOW, order(i * 1_000_000))).toBe('object');
  expect(queue.enqueue(NOW, order(40_000_000))).toBe('COLLISION_PACKET');
  expect(typeof queue.enqueue(NOW + 1_200_000, order(40_000_000))).toBe('object');
});

it('keeps a frame until it has left the air', () => {
  const queue = new JitQueue<string>(SX1302_FORWARDER);
  queue.enqueue(NOW, order(100_000, 1_000_000));
  expect(queue.enqueue(NOW + 500_000, { startUs: NOW + 600_000, airtimeUs: 1000, frame: 'g' })).toBe(
    'COLLISION_PACKET',
  );
  expect(queue.length(NOW + 1_099_999)).toBe(1);
  expect(queue.length(NOW + 1_100_000)).toBe(0);
});

describe('ConcentratorCounter', () => {
  const counter = new ConcentratorCounter(utcMs(1_000), 2 ** 32 - 500);

  it('wraps on the wire only', () => {
    expect(counter.tmstAt(utcMs(1_000))).toBe(2 ** 32 - 500);
    expect(counter.tmstAt(utcMs(1_000.5))).toBe(0);
    expect(counter.tmstAt(utcMs(2_000))).toBe(999_500);
    expect(counter.at(utcMs(2_000))).toBe(2 ** 32 + 999_500);
  });

  it('finds the instant of a tmst before and after the wrap', () => {
    const now = counter.at(utcMs(1_000));
    const late = counter.unwrap(2 ** 32 - 1, now);
    const wrapped = counter.unwrap(999_500, now);
    expect(late - now).toBe(499);
    expect(counter.instantOf(wrapped)).toBe(2_000);
    expect(counter.unwrap(2 ** 32 - 501, now) - now).toBe(2 ** 32 - 1);
  });
});
