import { describe, expect, it } from 'vitest';
import { type Candidate, givesWay, type Standing } from '../src/giving-way.ts';

const connection = (address: string, standing: Standing = 'stranger'): Candidate => ({ address, standing });

function victimOf(candidates: readonly Candidate[], onlyOf?: string): Candidate | undefined {
  const counts = new Map<string, number>();
  for (const { address } of candidates) counts.set(address, (counts.get(address) ?? 0) + 1);
  return givesWay(candidates, counts, onlyOf);
}

describe('who gives way to a newcomer', () => {
  it('is of the address with the most connections, and its oldest', () => {
    const candidates = [connection('a'), connection('b'), connection('b'), connection('c')];
    expect(victimOf(candidates)).toBe(candidates[1]);
  });

  it('is of the newcomer’s own address when that has its share', () => {
    const candidates = [connection('b'), connection('b'), connection('a')];
    expect(victimOf(candidates, 'a')).toBe(candidates[2]);
  });

  it('is a stranger before anybody who is logged in, and nobody who is served', () => {
    const working = connection('b', 'working');
    const idle = connection('b', 'idle');
    const stranger = connection('a');
    expect(victimOf([working, idle, working, stranger])).toBe(stranger);
    expect(victimOf([working, idle, working])).toBe(idle);
    expect(victimOf([working])).toBeUndefined();
    expect(victimOf([working, stranger], 'b')).toBeUndefined();
  });
});
