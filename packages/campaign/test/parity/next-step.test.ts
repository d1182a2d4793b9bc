import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/evidence/index.ts';
import {
  type NextStep,
  nextStep,
  type ParityDevice,
  type ParitySituation,
  silentAfter,
} from '../../src/parity/index.ts';

const DONE: Finding = { kind: 'complete', proof: 'status-nothing-missing', errorRate: 0 };
const lacks = (missing: number, at = 100, lossRate = 0.1): Finding => ({
  kind: 'incomplete',
  memory: 'enough',
  reception: { at, missing: { atLeast: missing, likely: missing, atMost: missing }, heardAtLeast: 0, lossRate },
});
const device = (found: Finding | undefined, more: Partial<ParityDevice> = {}): ParityDevice => ({
  id: 'a',
  found,
  missedAnswers: 0,
  heardSince: false,
  ...more,
});
const step = (devices: readonly ParityDevice[], more: Partial<ParitySituation> = {}): NextStep =>
  nextStep({
    nbFrag: 100,
    sent: 100,
    repeats: 0,
    lastNumber: 16_383,
    devices,
    askedAt: 100,
    isRoundOpen: false,
    priorLoss: undefined,
    answerLoss: 0.1,
    costs: { frameMs: 1500, answerWindowMs: 16_000, unicastIsPrompt: true },
    ...more,
  });
const upTo = (next: NextStep): number => (next.do === 'send' ? next.upTo : 0);

describe('the next step', () => {
  it('is the plain fragments, then at once the question', () => {
    expect(step([device(undefined)], { sent: 0, askedAt: undefined })).toEqual({ do: 'send', upTo: 100 });
    expect(step([device(undefined)], { askedAt: undefined })).toEqual({ do: 'ask-all' });
    expect(step([device(undefined)], { askedAt: undefined, priorLoss: 0 })).toEqual({ do: 'ask-all' });
  });

  it('sends what is known to be needed before the first question', () => {
    const next = upTo(step([device(undefined)], { askedAt: undefined, priorLoss: 0.1 }));
    expect(next).toBeGreaterThan(103);
    expect(next).toBeLessThan(111);
  });

  it('guesses at the losses of a device that is heard and says nothing of use, and more with every vain question', () => {
    const vain = (missedAnswers: number, more: Partial<ParityDevice> = {}): NextStep =>
      step([device(undefined, { missedAnswers, heardSince: true, ...more })]);
    expect(vain(2)).toMatchObject({ do: 'ask-each' });
    const [once, twice, often] = [upTo(vain(3)), upTo(vain(6)), upTo(vain(20))];
    expect(once).toBeGreaterThan(105);
    expect(twice).toBeGreaterThan(once + 5);
    expect(often).toBeGreaterThan(twice);
    expect(often).toBeLessThan(150);
    // One of which nothing is heard gets none, and where losses are known they are the better guess.
    expect(vain(3, { heardSince: false })).toMatchObject({ do: 'ask-each' });
    const known = step([device(undefined, { missedAnswers: 6, heardSince: true })], { priorLoss: 0.01 });
    expect(upTo(known)).toBeLessThan(105);
  });

  it('is the end when all is known', () => {
    expect(step([device(DONE)])).toEqual({ do: 'end', why: 'all-known', givenUp: [] });
    const exhausted: Finding = { ...(lacks(30) as Finding & { kind: 'incomplete' }), memory: 'exhausted' };
    expect(step([device(DONE), device(exhausted), device({ kind: 'no-session' })])).toEqual({
      do: 'end',
      why: 'all-known',
      givenUp: [
        { device: 'a', why: 'beyond-memory' },
        { device: 'a', why: 'no-session' },
      ],
    });
  });

  it('sends what the neediest device lacks, its losses and hardly more', () => {
    const next = upTo(step([device(DONE), device(lacks(2)), device(lacks(10))]));
    expect(next).toBeGreaterThanOrEqual(111);
    expect(next).toBeLessThanOrEqual(114);
  });

  it('asks one device alone when that is cheaper, and all when it cannot be reached at any moment', () => {
    const devices = [device(DONE), { ...device(lacks(1, 100)), id: 'b' }];
    expect(step(devices, { sent: 110 })).toEqual({ do: 'ask-each', devices: ['b'] });
    const costs = { frameMs: 1500, answerWindowMs: 16_000, unicastIsPrompt: false };
    expect(step(devices, { sent: 110, costs })).toEqual({ do: 'ask-all' });
    const many = Array.from({ length: 10 }, () => device(lacks(1)));
    expect(step(many, { sent: 120 })).toEqual({ do: 'ask-all' });
  });

  it('while answers come in, waits or sends what is needed in any case', () => {
    expect(step([device(undefined)], { isRoundOpen: true })).toEqual({ do: 'wait' });
    const next = upTo(step([device(undefined), device(lacks(40))], { isRoundOpen: true }));
    expect(next).toBeGreaterThan(135);
    expect(next).toBeLessThan(144);
  });

  it('sends on while a device that told its losses cannot be done, and until its silence proves it', () => {
    const reception = {
      at: 100,
      missing: { atLeast: 10, likely: 10, atMost: 10 },
      heardAtLeast: 90,
      lossRate: 0.1,
      losses: { plain: 10, rateAtMost: 0.1, lastNumber: 100, tellingRun: 15 },
    };
    const first = upTo(step([device({ kind: 'incomplete', reception, memory: 'enough' })]));
    expect(first).toBeGreaterThan(110 + 15);
    expect(first).toBeLessThan(114 + 15);
    const stopped = { ...reception, at: 120, losses: { ...reception.losses, lastNumber: 113 } };
    const finding: Finding = {
      kind: 'undecided',
      reception: stopped,
      memory: 'enough',
      provableFrom: 128,
      isSettled: false,
    };
    expect(step([device(finding)], { sent: 120, askedAt: 120 })).toEqual({ do: 'send', upTo: 128 });
  });

  it('repeats a block of one fragment, whose parity is all zeros', () => {
    const one = { nbFrag: 1, sent: 1, askedAt: 1 };
    expect(step([device(lacks(1, 1, 0.2))], one)).toEqual({ do: 'repeat', times: 1 });
    expect(step([device(lacks(1, 1, 0.2))], { ...one, repeats: 1 })).toEqual({ do: 'ask-each', devices: ['a'] });
  });

  it('waits for a device as long as its losses explain its silence, and longer when it is heard otherwise', () => {
    expect(silentAfter(0, 0)).toBe(3);
    expect(silentAfter(0.1, 0.1)).toBeGreaterThan(4);
    expect(silentAfter(0.5, 0.1)).toBeGreaterThan(silentAfter(0.1, 0.1));
    const missed = silentAfter(0.1, 0.1);
    const quiet = { missedAnswers: missed };
    expect(step([device(lacks(5), quiet)])).toEqual({
      do: 'end',
      why: 'all-known',
      givenUp: [{ device: 'a', why: 'silent' }],
    });
    expect(step([device(lacks(5), { missedAnswers: missed - 1 })]).do).toBe('send');
    expect(step([device(lacks(5), { ...quiet, heardSince: true })]).do).toBe('send');
  });

  it('ends at the limit, and gives up beforehand whom the limit keeps from finishing', () => {
    expect(step([device(lacks(50))], { lastNumber: 120 })).toEqual({
      do: 'end',
      why: 'limit',
      givenUp: [{ device: 'a', why: 'beyond-limit' }],
    });
    expect(step([device(lacks(50)), device(lacks(4))], { lastNumber: 120 }).do).toBe('send');
    const atEnd = { sent: 120, lastNumber: 120, askedAt: 120 };
    expect(step([device(lacks(4, 120))], atEnd)).toMatchObject({ do: 'end', why: 'limit' });
  });

  it('asks during the plain fragments where a watch is kept', () => {
    const watched = { nbFrag: 1000, sent: 0, askedAt: undefined, watchAt: 600 };
    expect(step([device(undefined)], watched)).toEqual({ do: 'send', upTo: 600 });
    expect(step([device(undefined)], { ...watched, sent: 600 })).toEqual({ do: 'ask-all' });
    expect(step([device(undefined)], { ...watched, sent: 600, askedAt: 600 })).toEqual({ do: 'send', upTo: 1000 });
    expect(step([device(undefined)], { ...watched, sent: 1000, askedAt: 600 })).toEqual({ do: 'ask-all' });
  });
});

describe('the number to send up to', () => {
  const needs = fc.record({
    missing: fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 20 }),
    loss: fc.double({ min: 0, max: 0.6, noNaN: true }),
  });

  it('covers what is missing, and exceeds it by what the losses take and a little', () => {
    fc.assert(
      fc.property(needs, ({ missing, loss }) => {
        const next = upTo(step(missing.map((one) => device(lacks(one, 100, loss)))));
        const most = Math.max(...missing);
        expect(next).toBeGreaterThanOrEqual(100 + most);
        const mean = (most + 2) / (1 - loss);
        expect(next).toBeLessThanOrEqual(100 + mean + 4 * Math.sqrt(mean * loss) + 8 / (1 - loss));
      }),
    );
  });

  it('grows with every need, every loss and every device', () => {
    fc.assert(
      fc.property(needs, fc.nat(19), ({ missing, loss }, which) => {
        const all = (list: readonly number[], rate: number): number =>
          upTo(step(list.map((one) => device(lacks(one, 100, rate)))));
        const base = all(missing, loss);
        expect(all([...missing, 40], loss)).toBeGreaterThanOrEqual(base);
        const more = missing.map((one, i) => (i === which % missing.length ? one + 1 : one));
        expect(all(more, loss)).toBeGreaterThanOrEqual(base);
        expect(all(missing, Math.min(0.65, loss + 0.05))).toBeGreaterThanOrEqual(base);
      }),
    );
  });
});
