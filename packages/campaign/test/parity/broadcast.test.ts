import { ParityRowCache } from '@airlift/applayer';
import { Rng } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { broadcast, leastMean } from '../support/parity-simulator.ts';
import { STACKS, type StackKind } from '../support/stacks.ts';

const stack = (name: string): StackKind => {
  const kind = STACKS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(name);
  return kind;
};

describe('the least mean', () => {
  // From the model of an ideal code: the mean of the largest of D negative binomials.
  it.each([
    [500, 0.2, 100, 657.7],
    [1058, 0.1, 1, 1175.6],
    [1058, 0.1, 100, 1205.3],
    [1058, 0.3, 1000, 1596.9],
  ])('N = %i, p = %f, D = %i is %f', (nbFrag, loss, devices, mean) => {
    expect(leastMean(nbFrag, loss, devices)).toBeCloseTo(mean, 1);
  });
});

/** Mean of all frames over the least mean. */
function ratio(name: string, nbFrag: number, loss: number, devices: number, runs: number): number {
  const kind = stack(name);
  const rows = new ParityRowCache(nbFrag, 'v1');
  let frames = 0;
  for (let run = 0; run < runs; run++) {
    const rng = new Rng(`broadcast/${name}/${loss}/${devices}/${run}`);
    const result = broadcast({ kind, rows, devices, loss: () => loss, answerLoss: 0.1, rng, baseline: true });
    expect(result.proven).toBe(devices);
    expect(result.complete).toBe(devices);
    expect(result.falseSuccess).toBe(0);
    frames += result.frames;
  }
  return frames / runs / leastMean(nbFrag, loss, devices);
}

describe('frames until all are known to be complete, one answer in ten lost', () => {
  it.each([
    [0.05, 1, 20],
    [0.05, 10, 8],
    [0.1, 1, 20],
    [0.1, 10, 8],
    [0.1, 100, 2],
    [0.2, 10, 6],
    [0.3, 1, 20],
    [0.3, 10, 6],
  ])('by the book, %f lost, %i devices: at most 1.03 of the least', (loss, devices, runs) => {
    expect(ratio('by the book', 1058, loss, devices, runs)).toBeLessThan(1.03);
  });

  it.each([0.4, 0.5])('by the book, %f lost: at most 1.05', (loss) => {
    expect(ratio('by the book', 1058, loss, 10, 4)).toBeLessThan(1.05);
  });

  it.each([
    [0.05, 1, 20],
    [0.1, 10, 8],
    [0.3, 10, 6],
    [0.5, 10, 4],
  ])('LoRaMac-node, %f lost, %i devices: at most 1.05', (loss, devices, runs) => {
    expect(ratio('LoRaMac-node', 1058, loss, devices, runs)).toBeLessThan(1.05);
  });

  it('without losses no parity at all, and few questions', () => {
    for (const name of ['by the book', 'Basics Modem 1', 'Zephyr', 'MultiTech Dot']) {
      const rows = new ParityRowCache(200, 'v1');
      const rng = new Rng(`lossless/${name}`);
      const result = broadcast({ kind: stack(name), rows, devices: 50, loss: () => 0, answerLoss: 0.1, rng });
      expect(result).toMatchObject({ parity: 0, proven: 50, firstQuestion: 200 });
      expect(result.questionsToAll).toBeLessThanOrEqual(3);
    }
  });

  it.each(
    STACKS.filter(({ name }) => !/swapped|small memory|MultiTech/.test(name)).map((kind) => [kind.name, kind] as const),
  )('%s: ends, says nothing false, and all that can be proved is', (name, kind) => {
    for (const nbFrag of [1, 2, 3, 21, 130]) {
      for (const loss of [0, 0.1, 0.3]) {
        const rows = new ParityRowCache(nbFrag, 'v1');
        const rng = new Rng(`all/${name}/${nbFrag}/${loss}`);
        const result = broadcast({ kind, rows, devices: 12, loss: () => loss, answerLoss: 0.1, rng, baseline: true });
        expect(result.falseSuccess).toBe(0);
        // Zephyr gives up for good beyond its tolerance, and tells too little of tiny blocks.
        if (name !== 'Zephyr') expect([nbFrag, loss, result.complete]).toEqual([nbFrag, loss, 12]);
      }
    }
  });

  it('devices that say nothing hold up nobody for long', () => {
    const rows = new ParityRowCache(1058, 'v1');
    const kind = stack('by the book');
    const rng = new Rng('mute');
    const result = broadcast({ kind, rows, devices: 100, mute: 3, loss: () => 0.1, answerLoss: 0.1, rng });
    expect(result.proven).toBe(97);
    expect(result.givenUp).toEqual(['silent', 'silent', 'silent']);
    expect(result.frames).toBeLessThan(1.04 * leastMean(1058, 0.1, 97));
  });

  it('devices that say nothing of use are served as far as their losses can be guessed, and given up in the end', () => {
    const rows = new ParityRowCache(300, 'v1');
    const kind = stack('octets swapped, by the book');
    const rng = new Rng('useless');
    const result = broadcast({ kind, rows, devices: 10, loss: () => 0.1, answerLoss: 0.1, rng, priorLoss: 0.1 });
    expect(result.falseSuccess).toBe(0);
    expect(result.complete).toBeGreaterThan(4);
    expect(new Set(result.givenUp)).toEqual(new Set(['no-evidence']));
    expect(result.frames).toBeLessThan(1.2 * 335);
  });

  it('a device in a far worse place than the others is served too', () => {
    const rows = new ParityRowCache(300, 'v1');
    const kind = stack('by the book');
    const rng = new Rng('worse');
    const result = broadcast({ kind, rows, devices: 20, loss: (i) => (i === 0 ? 0.6 : 0.05), answerLoss: 0.1, rng });
    expect(result.proven).toBe(20);
    expect(result.frames).toBeLessThan(1.1 * leastMean(300, 0.6, 1) + 40);
  });

  it('ends with the session', () => {
    const rows = new ParityRowCache(300, 'v1');
    const rng = new Rng('limit');
    const kind = stack('by the book');
    const result = broadcast({ kind, rows, devices: 5, loss: () => 0.3, answerLoss: 0.1, rng, lastNumber: 330 });
    expect(result.parity).toBeLessThanOrEqual(30);
    expect(result.givenUp.length).toBe(5 - result.proven);
  });
});
